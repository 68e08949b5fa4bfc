"""Another continuation of a decode: unchanged steps are kept, and from the first changed token on it is decoded anew."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from model.decoding.loop import decode_loop
from model.decoding.start import Limits, limits_of
from model.decoding.step import Step
from model.decoding.strategies import Forced, Strategy
from model.errors import InputError
from model.pretrained import Pretrained
from model.tokenizers.tokens import check_ids


def rewrite(
    lm: Pretrained,
    steps: Sequence[Step],
    strategy: Strategy,
    *,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
) -> Iterator[Step]:
    """The steps that decoding the same text with another strategy gives, under the same edits and generation rules.

    `steps` are all steps of an earlier decode, or its first ones. Each token is chosen again from its step's own logits,
    without the model; steps that the same strategy chose are taken as they are. At the first token that differs, decoding
    continues from that step's KV cache, with the rest of the old text as a draft. Recorded rows are shared, not copied.
    Raises InputError for no steps.
    """
    if not steps:
        raise InputError("there is no step to go on from")
    limits = limits_of(lm, max_new_tokens, stop)
    kept = _until_changed(lm, steps, strategy, limits)
    last = kept[-1]
    recording = last.recording.until(last.index)
    for step in kept:
        yield replace(step, recording=recording)
    if last.ended:
        return
    yield from decode_loop(
        lm,
        last.start,
        last.state,
        recording=recording,
        strategy=strategy,
        limits=limits,
        draft=[step.token.id for step in steps[len(kept) :]],
        generated=[step.token for step in kept],
    )


def _until_changed(lm: Pretrained, steps: Sequence[Step], strategy: Strategy, limits: Limits) -> list[Step]:
    """The steps with their tokens chosen again, up to the first that has another token or ends the text."""
    kept = list[Step]()
    for old in steps:
        at = old.start.generated_before + old.index
        same = _acting(old.strategy, at) == _acting(strategy, at)
        chosen = old.token.id if same else _chosen(lm, old, strategy)
        ended = limits.ended(chosen, old.read_count, old.index)
        kept.append(replace(old, token=lm.token(chosen), ended=ended, strategy=strategy))
        if ended or chosen != old.token.id:
            break
    return kept


def _chosen(lm: Pretrained, step: Step, strategy: Strategy) -> int:
    ids = [token.id for token in step.decoder_tokens[: step.read_count]]
    with torch.inference_mode():
        allowed = step.start.allowed(step.logits, ids, step.index, strategy)
        chosen = strategy.choose(allowed, ids, step.start.generated_before + step.index)
    check_ids([chosen], lm.config.vocab_size, "")
    return chosen


def _acting(strategy: Strategy, at: int) -> Strategy | int:
    """What decides at a step: the id forced there, or the strategy behind `Forced`."""
    if not isinstance(strategy, Forced):
        return strategy
    forced = next((token for index, token in strategy.choices if index == at), None)
    return _acting(strategy.otherwise, at) if forced is None else forced
