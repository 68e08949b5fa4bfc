"""The loop of a decode: reads the new tokens, chooses the next one, yields a step."""

from collections.abc import Iterator, Sequence

import torch

from model.decoding.draft import Draft, Reader
from model.decoding.start import DecodeStart, DecodeState, Limits, decode_start, limits_of
from model.decoding.step import Step
from model.decoding.strategies import Strategy, constrained
from model.network import empty_past
from model.pretrained import Ids, Pretrained
from model.recording import Recording
from model.tap import Edit, Tap
from model.tokenizers.tokens import Token


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
) -> Iterator[Step]:
    """The steps of `LanguageModel.decode`. The arguments are checked at once, not at the first step."""
    start = decode_start(lm, x, target, edits)
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

    `state` is that of the last step made, `recording` holds the rows of all steps made.
    """
    reader = Reader(lm, recording, start.edits, limits.end_ids, Draft(draft if empty_past(lm.net).rewinds else ()))
    tokens = [*start.decoder_tokens, *generated]  # grows; each step knows how many of these had been read
    ids = [token.id for token in tokens]
    cache, memory = state.cache, state.memory
    fresh = ids[cache.length :]
    for index in range(len(generated), limits.max_new_tokens):
        recording.step = index
        with torch.inference_mode():  # inside the step: a generator must not hold a mode across its yields
            if start.source is not None and memory is None:
                source = torch.tensor([[token.id for token in start.source]], device=lm.device)
                memory = lm.net.encode(source, tap=Tap(recording, start.edits))
            final, logits, cache = reader.read(fresh, cache, memory, limits.max_new_tokens - index - 1)
            allowed = constrained(logits, lm.constraints, ids, index)
            chosen = strategy.choose(allowed, ids, start.generated_before + index)
        token, ended = lm.token(chosen), limits.ended(chosen, len(ids), index)
        yield Step(
            index=index,
            token=token,
            ended=ended,
            read_count=len(ids),
            decoder_tokens=tokens,
            final=final,
            strategy=strategy,
            lm=lm,
            start=start,
            state=DecodeState(cache, memory),
            recording=recording,
        )
        if ended:
            return
        tokens.append(token)
        ids.append(chosen)
        fresh = [chosen]
