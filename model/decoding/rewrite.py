"""Another future of a decode: what stays is kept, and the first token that changes is written on from its KV cache."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from model.decoding.loop import ended_by, go_on
from model.decoding.step import Step
from model.decoding.strategies import Forced, Strategy, constrained
from model.errors import InputError

if TYPE_CHECKING:
    from model.language_model import LanguageModel


def rewrite(
    lm: "LanguageModel",
    steps: Sequence[Step],
    strategy: Strategy,
    *,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
) -> Iterator[Step]:
    """The steps that decoding the same text with another strategy gives, edits as before.

    `steps` are those of an earlier decode from its first on. Each choice is made again from the step's own logits, without
    the model, unless the same strategy made it; as long as it comes out the same the step is the old one, and where it
    differs decoding goes on from there, with the rest of the old text as its draft. Rows that were recorded are shared, so
    going back and branching cost nothing. Raises InputError where there is no step to begin with.
    """
    if not steps:
        raise InputError("there is no step to go on from")
    if max_new_tokens < 1:
        raise InputError("max_new_tokens must be at least 1")
    ends = lm.special.end if stop is None else tuple(stop)
    kept = _until_changed(lm, steps, strategy, ends, max_new_tokens)
    last = kept[-1]
    recording = last.recording.until(last.index)
    for step in kept:
        yield replace(step, recording=recording)
    if last.ended:
        return
    written = (*last.read["decoder"], last.token)
    indices = range(last.index + 1, max_new_tokens)
    draft = [step.token.id for step in steps[len(kept) :]]
    yield from go_on(lm, last.source, written, last.reached, recording, strategy, indices, ends, draft)


def _until_changed(
    lm: "LanguageModel", steps: Sequence[Step], strategy: Strategy, ends: tuple[int, ...], most: int
) -> list[Step]:
    """The steps with their tokens chosen again, up to the first that is another token or ends the text."""
    kept = list[Step]()
    for old in steps:
        at = old.reached.done + old.index
        same = _acting(old.by, at) == _acting(strategy, at)
        chosen = old.token.id if same else _chosen(lm, old, strategy)
        ended = ended_by(lm, chosen, ends, old.read_count, old.index, most)
        kept.append(replace(old, token=lm.token(chosen), ended=ended, by=strategy))
        if ended or chosen != old.token.id:
            break
    return kept


def _chosen(lm: "LanguageModel", step: Step, strategy: Strategy) -> int:
    ids = [token.id for token in step.written[: step.read_count]]
    with torch.inference_mode():
        allowed = constrained(step.logits, lm.constraints, ids, step.index)
        return strategy.choose(allowed, ids, step.reached.done + step.index)


def _acting(strategy: Strategy, at: int) -> Strategy | int:
    """What a strategy comes to at a step: the token a person chose there, or what follows their choices."""
    if not isinstance(strategy, Forced):
        return strategy
    forced = next((token for index, token in strategy.choices if index == at), None)
    return _acting(strategy.otherwise, at) if forced is None else forced
