"""The filters of sampling one after another: what each does to the softmax of one step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.decoding.strategies import Sample, entropy

StageName = Literal["constraints", "repetition penalty", "temperature", "top-k", "top-p", "min-p"]
Filter = Callable[[Sample, Tensor, Sequence[int]], Tensor]

ORDER: tuple[tuple[StageName, Filter], ...] = (
    ("repetition penalty", Sample.penalised),
    ("temperature", Sample.tempered),
    ("top-k", Sample.top_k_only),
    ("top-p", Sample.top_p_only),
    ("min-p", Sample.min_p_only),
)
"""The order of `transformers`; each stage reads the logits of the one before it."""


@dataclass(frozen=True)
class Stage:
    """The distribution after one stage."""

    name: StageName
    shares: Tensor  # (vocab,), the probabilities after this stage
    left: int  # tokens with a probability above 0
    entropy: float  # bits
    cut: float  # the probability, before this stage, of the tokens that it removes


def stages(logits: Tensor, allowed: Tensor, read: Sequence[int], sample: Sample) -> list[Stage]:
    """The stages that change the logits of one step, in the order in which they act; others are left out.

    `logits` (vocab,) are the model's own, `allowed` (vocab,) the same after the constraints of generation_config.json. `read` are
    the ids read so far, for the repetition penalty (Keskar et al. 2019). `Sample` draws from the shares of the last stage.
    """
    found = list[Stage]()
    before = logits
    for name, after in _after_each(allowed, read, sample):
        if not torch.equal(after, before):
            found.append(_stage(name, before, after))
        before = after
    return found


def _after_each(allowed: Tensor, read: Sequence[int], sample: Sample) -> list[tuple[StageName, Tensor]]:
    done: list[tuple[StageName, Tensor]] = [("constraints", allowed)]
    for name, change in ORDER:
        done.append((name, change(sample, done[-1][1], read)))
    return done


def _stage(name: StageName, before: Tensor, after: Tensor) -> Stage:
    shares, had = after.softmax(dim=-1), before.softmax(dim=-1)
    out = (shares == 0) & (had > 0)
    return Stage(name, shares, int((shares > 0).sum()), entropy(after), float(had[out].double().sum()))


def ruled_out_by(found: Sequence[Stage], token: int) -> StageName | None:
    """The stage that removed a token; None where it can still be drawn."""
    return next((stage.name for stage in found if float(stage.shares[token]) == 0), None)
