"""The loop of a decode: reads the new tokens, chooses the next one, yields a step."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from model.decoding.draft import Draft, Reader, Row
from model.decoding.start import DecodeStart, DecodeState, Limits, decode_start, limits_of
from model.decoding.step import Step
from model.decoding.strategies import Strategy
from model.network import empty_past
from model.pretrained import Ids, Pretrained
from model.recording import Recording
from model.tap import Edit, Tap
from model.tokenizers.tokens import Token, check_ids


def decode(
    lm: Pretrained,
    x: str | Ids,
    *,
    target: str | Ids | None,
    strategy: Strategy,
    edits: tuple[Edit, ...],
    max_new_tokens: int,
    stop: Sequence[int] | None,
    draft: Sequence[int],
    rules_off: Sequence[str],
) -> Iterator[Step]:
    """The steps of `LanguageModel.decode`. The arguments are checked at once, not at the first step."""
    start = decode_start(lm, x, target, edits, rules_off)
    return decode_loop(
        lm,
        start,
        DecodeState(empty_past(lm.net), None),
        recording=Recording(),
        strategy=strategy,
        limits=limits_of(lm, max_new_tokens, stop),
        draft=draft,
    )


def decode_loop(
    lm: Pretrained,
    start: DecodeStart,
    state: DecodeState,
    *,
    recording: Recording,
    strategy: Strategy,
    limits: Limits,
    draft: Sequence[int] = (),
    generated: Sequence[Token] = (),
) -> Iterator[Step]:
    """One step for each token after those `generated` so far, until one ends the text.

    `state` is that of the last step made; `recording` holds the rows of all steps made.
    """
    known = [id for id in draft if 0 <= id < lm.config.vocab_size] if empty_past(lm.net).rewinds else []
    reader = Reader(lm, recording, start.edits, limits.end_ids, Draft(known))
    chooser = _Chooser(lm, start, strategy, limits, recording, [*start.decoder_tokens, *generated])
    cache, memory = state.cache, state.memory
    fresh = chooser.ids[cache.length :]
    for index in range(len(generated), limits.max_new_tokens):
        recording.step = index
        with torch.inference_mode():  # inside the step: a generator must not hold a mode across its yields
            if start.source is not None and memory is None:
                source = torch.tensor([[token.id for token in start.source]], device=lm.device)
                memory = lm.net.encode(source, tap=Tap(recording, start.edits))
            row = reader.read(fresh, cache, memory, limits.max_new_tokens - index - 1)
            step = chooser.step(index, row, memory)
        yield step
        if step.ended:
            return
        chooser.read(step.token)
        cache, fresh = row.cache, [step.token.id]


class _Chooser:
    """Chooses the tokens of one decode, and keeps all its tokens in one growing list that the steps share."""

    def __init__(
        self,
        lm: Pretrained,
        start: DecodeStart,
        strategy: Strategy,
        limits: Limits,
        recording: Recording,
        tokens: list[Token],
    ) -> None:
        self.lm, self.start, self.strategy = lm, start, strategy
        self.limits, self.recording, self.tokens = limits, recording, tokens
        self.ids = [token.id for token in tokens]

    def read(self, token: Token) -> None:
        """Adds a token that the decoder reads next."""
        self.tokens.append(token)
        self.ids.append(token.id)

    def step(self, index: int, row: Row, memory: Tensor | None) -> Step:
        """The step that chooses a token after the last one read, whose row this is."""
        allowed = self.start.allowed(row.logits, self.ids, index, self.strategy)
        chosen = self.strategy.choose(allowed, self.ids, self.start.generated_before + index)
        check_ids([chosen], self.lm.config.vocab_size, "")
        return Step(
            index=index,
            token=self.lm.token(chosen),
            ended=self.limits.ended(chosen, len(self.ids), index),
            read_count=len(self.ids),
            decoder_tokens=self.tokens,
            final=row.final,
            strategy=self.strategy,
            lm=self.lm,
            start=self.start,
            state=DecodeState(row.cache, memory),
            recording=self.recording,
        )
