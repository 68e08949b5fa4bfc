"""The loop of a decode: reads what is new, chooses a token, yields a step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from model.decoding.draft import Draft, Reader
from model.decoding.step import Ended, Reached, Step
from model.decoding.strategies import Strategy, constrained
from model.errors import InputError
from model.network import beginning
from model.recording import Recording
from model.tap import Edit, Tap
from model.tokenizers.tokens import Token

if TYPE_CHECKING:
    from model.language_model import LanguageModel
    from model.pretrained import Ids


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a decode starts from."""

    source: tuple[Token, ...] | None  # what the encoder reads; None for a model without one
    written: tuple[Token, ...]  # what the decoder reads first
    done: int  # how many of these were written by an earlier decode: its steps are counted on from here


def decode(
    lm: "LanguageModel",
    x: "str | Ids",
    target: "str | Ids | None",
    strategy: Strategy,
    edits: tuple[Edit, ...],
    max_new_tokens: int,
    stop: Sequence[int] | None,
    draft: Sequence[int] = (),
) -> Iterator[Step]:
    """Checks everything at once, then answers the loop."""
    start = begin(lm, x, target, max_new_tokens)
    ends = lm.special.end if stop is None else tuple(stop)
    reached = Reached(beginning(lm.net), None, start.done, edits)
    return go_on(lm, start.source, start.written, reached, Recording(), strategy, range(max_new_tokens), ends, draft)


def begin(lm: "LanguageModel", x: "str | Ids", target: "str | Ids | None", max_new_tokens: int) -> Beginning:
    """What a decode of `x` after `target` starts from; InputError where it cannot start."""
    if lm.kind == "encoder":
        raise InputError("an encoder-only model fills masks; it does not write token by token")
    if max_new_tokens < 1:
        raise InputError("max_new_tokens must be at least 1")
    if lm.kind == "encoder-decoder":
        written = lm.written(target).tokens
        return Beginning(lm.reading(x).tokens, written, len(written) - 1)
    nothing = target is None or (not target.strip() if isinstance(target, str) else len(target) == 0)
    more = [] if target is None or nothing else lm.reading(target, special=False).ids
    return Beginning(None, lm.reading(lm.reading(x).ids + more).tokens, len(more))


def go_on(
    lm: "LanguageModel",
    source: tuple[Token, ...] | None,
    written: tuple[Token, ...],
    reached: Reached,
    recording: Recording,
    strategy: Strategy,
    indices: range,
    ends: tuple[int, ...],
    draft: Sequence[int] = (),
) -> Iterator[Step]:
    """The loop: from what has been reached, one step for each of `indices`, until one ends the text."""
    cache, memory, done, edits = reached.cache, reached.memory, reached.done, reached.edits
    reader = Reader(lm, recording, edits, ends, Draft(draft if beginning(lm.net).rewinds else ()))
    text = list(written)  # grows; each step knows how much of it had been read
    ids = [token.id for token in text]
    fresh = ids[cache.length :]
    for index in indices:
        recording.step = index
        with torch.inference_mode():  # inside the step: a generator must not hold a mode across its yields
            if source is not None and memory is None:
                memory = lm.net.encode(_row(lm, [token.id for token in source]), tap=Tap(recording, edits))
            final, logits, cache = reader.read(fresh, cache, memory, indices.stop - index - 1)
            chosen = strategy.choose(constrained(logits, lm.constraints, ids, index), ids, done + index)
        ended = ended_by(lm, chosen, ends, len(ids), index, indices.stop)
        token = lm.token(chosen)
        came = Reached(cache, memory, done, edits)
        yield Step(index, token, ended, lm, final, source, text, len(ids), recording, came, strategy)
        if ended:
            return
        text.append(token)
        ids.append(chosen)
        fresh = [chosen]


def _row(lm: "LanguageModel", ids: list[int]) -> Tensor:
    return torch.tensor([ids], dtype=torch.long, device=lm.device)


def ended_by(
    lm: "LanguageModel", chosen: int, ends: tuple[int, ...], read: int, index: int, max_new_tokens: int
) -> Ended | None:
    """Why step `index`, which chose an id after `read` tokens, is the last; None where it is not."""
    if chosen in ends:
        return "end"
    if lm.config.max_positions is not None and read >= lm.config.max_positions:
        return "positions"
    return "limit" if index + 1 >= max_new_tokens else None
