"""What each stage of sampling does to one step's softmax, worked out from its logits alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.decoding.strategies import Sample, entropy

StageName = Literal["constraints", "repetition penalty", "temperature", "top-k", "top-p", "min-p"]
Narrow = Callable[[Sample, Tensor, Sequence[int]], Tensor]

ORDER: tuple[tuple[StageName, Narrow], ...] = (
    ("repetition penalty", Sample.penalised),
    ("temperature", Sample.tempered),
    ("top-k", Sample.top_k_only),
    ("top-p", Sample.top_p_only),
    ("min-p", Sample.min_p_only),
)
"""The order of `transformers`, each stage reading what the one before it left."""


@dataclass(frozen=True)
class Stage:
    """The distribution after one stage."""

    name: StageName
    shares: Tensor  # (vocab,), what a token would be drawn from if this were the last stage
    left: int  # tokens with a share above 0
    entropy: float  # bits
    cut: float  # the share, before this stage, of the tokens it ruled out


def stages(logits: Tensor, allowed: Tensor, read: Sequence[int], sample: Sample) -> list[Stage]:
    """The stages that change something at one step, in the order in which they act.

    `logits` (vocab,) are the model's own, `allowed` (vocab,) the same after what generation_config.json forbids or
    forces; `read` are the ids read so far, which the repetition penalty (Keskar et al. 2019) looks at. The last
    stage's shares are those that `Sample` draws from. A stage that leaves every logit as it was is left out.
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
    for name, narrow in ORDER:
        done.append((name, narrow(sample, done[-1][1], read)))
    return done


def _stage(name: StageName, before: Tensor, after: Tensor) -> Stage:
    shares, had = after.softmax(dim=-1), before.softmax(dim=-1)
    out = (shares == 0) & (had > 0)
    return Stage(name, shares, int((shares > 0).sum()), entropy(after), float(had[out].double().sum()))


def ruled_out_by(found: Sequence[Stage], token: int) -> StageName | None:
    """The stage that took a token's last share away; None where it can still be drawn."""
    return next((stage.name for stage in found if float(stage.shares[token]) == 0), None)
