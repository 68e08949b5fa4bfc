"""Muon for the matrices inside blocks and AdamW for everything else, as one optimizer.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) takes the momentum of a matrix and sets all its
singular values to about one. Its steps are scaled to the size of AdamW's (Liu et al. 2025, arXiv:2502.16982, eq. 4), so
that both use the same learning rate.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
MOMENTUM = 0.95
RMS = 0.2  # root mean square of an AdamW step, in units of the learning rate
FACTOR = 2.0  # matrices tolerate a higher rate than AdamW's


def orthogonal(x: Tensor) -> Tensor:
    """Matrices (..., rows, columns) with the same singular vectors and singular values of about one (Newton-Schulz)."""
    a, b, c = COEFFICIENTS
    wide = x if x.shape[-2] <= x.shape[-1] else x.mT
    wide = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        square = wide @ wide.mT
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if x.shape[-2] <= x.shape[-1] else wide.mT


class Muon(torch.optim.Optimizer):
    """Muon for `matrices`; AdamW for `others`, and for `table` at `table_factor` times the learning rate.

    Weight decay is decoupled and applies only to the matrices.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        table: Iterable[nn.Parameter] = (),
        table_factor: float = 1.0,
        betas: tuple[float, float],
        weight_decay: float,
    ) -> None:
        groups = [
            {"params": list(matrices), "orthogonal": True, "factor": FACTOR},
            {"params": list(others), "orthogonal": False, "factor": 1.0},
            {"params": list(table), "orthogonal": False, "factor": table_factor},
        ]
        super().__init__(groups, {"lr": 0.0, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            params = [p for p in cast(list[nn.Parameter], group["params"]) if p.grad is not None]
            if group["orthogonal"]:
                self._matrices(params, group["lr"], group["weight_decay"])
            else:
                self._others(params, group["lr"], group["betas"])

    def _matrices(self, params: list[nn.Parameter], rate: float, decay: float) -> None:
        by_shape: dict[torch.Size, list[nn.Parameter]] = {}
        for p in params:
            by_shape.setdefault(p.shape, []).append(p)
        for shape, same in by_shape.items():
            momenta = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in same]
            grads = [cast(Tensor, p.grad) for p in same]
            torch._foreach_lerp_(momenta, grads, 1 - MOMENTUM)
            ahead = torch._foreach_lerp(grads, momenta, MOMENTUM)  # Nesterov momentum
            steps = orthogonal(torch.stack(ahead)).unbind()
            torch._foreach_mul_(same, 1 - rate * decay)
            torch._foreach_add_(same, list(steps), alpha=-rate * RMS * max(shape) ** 0.5)

    def _others(self, params: list[nn.Parameter], rate: float, betas: tuple[float, float]) -> None:
        for p in params:
            state, grad = self.state[p], cast(Tensor, p.grad)
            state["step"] = state.get("step", 0) + 1
            mean = state.setdefault("mean", torch.zeros_like(p)).lerp_(grad, 1 - betas[0])
            square = state.setdefault("square", torch.zeros_like(p)).lerp_(grad * grad, 1 - betas[1])
            fair = (1 - betas[1] ** state["step"]) ** 0.5 / (1 - betas[0] ** state["step"])
            p.addcdiv_(mean, square.sqrt().add_(1e-8 * fair), value=-rate * fair)


def muon(net: nn.Module, *, betas: tuple[float, float], weight_decay: float, embedding_rate: float = 1.0) -> Muon:
    """Muon for a transformer; AdamW for its embeddings, heads, norms and biases, as in Jordan et al. 2024."""
    inside = {name for name, p in net.named_parameters() if p.dim() == 2 and ".blocks." in name}
    named = dict(net.named_parameters())
    matrices = [p for name, p in named.items() if name in inside]
    table = [p for name, p in named.items() if name == "tokens.weight"]
    others = [p for name, p in named.items() if name not in inside and name != "tokens.weight"]
    return Muon(matrices, others, table=table, table_factor=embedding_rate, betas=betas, weight_decay=weight_decay)
