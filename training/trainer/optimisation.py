"""The schedule of the learning rate, and the optimizer of a recipe."""

from dataclasses import dataclass

import torch
from torch import nn

from training.recipe import Recipe
from training.trainer.checkpoints import Progress
from training.trainer.muon import muon


@dataclass(frozen=True)
class Schedule:
    """The learning rate during a run with a budget of time or of steps."""

    recipe: Recipe
    budget_seconds: float | None
    total_steps: int

    def share(self, progress: Progress) -> float:
        """The part of the budget that is used up, from 0 to 1."""
        spent = progress.step / self.total_steps
        return min(1.0, spent if self.budget_seconds is None else progress.seconds / self.budget_seconds)

    def rate(self, progress: Progress) -> float:
        """Linear warm-up over the recipe's steps, times a linear fall to zero over the whole run."""
        warm = min(1.0, (progress.step + 1) / self.recipe.warmup_steps)
        return self.recipe.peak_rate * warm * (1 - self.share(progress))


def parameter_groups(net: nn.Module, recipe: Recipe) -> list[dict[str, object]]:
    """Three groups (the token table, the query matrices, the rest), each with a factor on the learning rate.

    If q.k is not scaled (T5), the query matrices contain the scale, so their steps must be as much smaller. At the full rate
    the attention changes abruptly, and a T5 learns late where to attend.
    """
    c = recipe.config
    unscaled = 1.0 if c.attention_scale is None else 1 / (c.attention_scale * c.d_head**0.5)
    named = list(net.named_parameters())
    table = [p for name, p in named if name == "tokens.weight"]
    queries = [p for name, p in named if name.endswith("_attn.q.weight")]
    rest = [p for name, p in named if name != "tokens.weight" and not name.endswith("_attn.q.weight")]
    return [
        {"params": rest, "factor": 1.0},
        {"params": queries, "factor": unscaled},
        {"params": table, "factor": recipe.embedding_rate},
    ]


def optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer. Each parameter group has a `factor` on the learning rate."""
    if recipe.optimizer == "muon":
        return muon(net, betas=recipe.betas, weight_decay=recipe.weight_decay, embedding_rate=recipe.embedding_rate)
    groups = parameter_groups(net, recipe)
    return torch.optim.AdamW(groups, lr=0.0, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True)
