"""The direct path from a vector in the residual stream to the logits at the same position; later sublayers are held fixed.

Direct logit attribution (Elhage et al. 2021; nostalgebraist 2020). The path is linear when each norm on it keeps the scale it had
in this run: a layer norm then only centres and multiplies. In post-norm models the path goes through the norm of its own
sublayer and of every later one; in other models through the final norm alone. BERT's masked-word head has one more layer, whose
activation keeps its ratio of output to input. Biases of norms and layers belong to no vector and are left out, so all parts of
the stream add up to the logits minus a constant of the model.

This is an approximation of the vector's effect: later sublayers read it too, and that is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from analysis.value_weighted import block_of
from model.block import Block
from model.edits import check_layer
from model.errors import InputError
from model.norms import RMSNorm
from model.tap import Part
from model.trace import Trace
from model.transformer import Head, Stack

EDGE = 1e-6  # below this input, the ratio of an activation's output to its input is taken as 0


@dataclass(frozen=True, eq=False)
class FrozenNorm:
    """A norm with the scale it had at one position."""

    scale: Tensor  # (d_model,)
    centres: bool

    def __call__(self, x: Tensor) -> Tensor:
        """(..., d_model) to the same."""
        return (x - x.mean(dim=-1, keepdim=True) if self.centres else x) * self.scale


def frozen(norm: nn.Module, at: Tensor) -> FrozenNorm:
    """A norm as it acted on the vector `at` (d_model,)."""
    x = at.float()
    if isinstance(norm, RMSNorm):
        size = torch.rsqrt(x.square().mean() + norm.eps)
        return FrozenNorm((norm.weight.detach().float() + norm.offset) * size, centres=False)
    assert isinstance(norm, nn.LayerNorm)
    size = torch.rsqrt(x.var(unbiased=False) + norm.eps)
    return FrozenNorm(norm.weight.detach().float() * size, centres=True)


@dataclass(frozen=True, eq=False)
class DirectPath:
    """The linear map from the stream to the logits at one position."""

    norms: tuple[FrozenNorm, ...]  # in the order of the path
    dense: Tensor | None  # (d_model, d_model), the layer of a masked-word head times the ratio of its activation
    head_norm: FrozenNorm | None
    out: Tensor  # (vocab, d_model), the output table
    scale: float

    def final(self, x: Tensor) -> Tensor:
        """(..., d_model): the vector as it reaches the output matrix."""
        y = x.float()
        for norm in self.norms:
            y = norm(y)
        if self.dense is not None and self.head_norm is not None:
            y = self.head_norm(y @ self.dense.T)
        return y * self.scale

    def logits(self, x: Tensor, ids: Sequence[int] | None = None) -> Tensor:
        """(..., vocab): what a vector (..., d_model) adds to each logit, minus the mean over the vocabulary; with `ids`, of
        these tokens alone. The mean is removed because a constant added to all logits does not change the softmax."""
        y = self.final(x).to(self.out.dtype)
        table = self.out if ids is None else self.out[list(ids)]
        return F.linear(y, table).float() - (y.float() @ self.mean_row)[..., None]

    @cached_property
    def mean_row(self) -> Tensor:
        """(d_model,): the output matrix averaged over the vocabulary."""
        return self.out.mean(dim=0, dtype=torch.float32)

    def after(self, norm: FrozenNorm) -> "DirectPath":
        """The same path with one more norm before it."""
        return DirectPath((norm, *self.norms), self.dense, self.head_norm, self.out, self.scale)


def direct_path(trace: Trace, layer: int, part: Part, position: int) -> DirectPath:
    """The path from the output of a sublayer of the predicting stack, at one position.

    Raises InputError where the layer does not exist, and where the model has no output head or is no longer in memory.
    """
    check_layer(trace.config, trace.predicts, layer)
    net = trace.language_model().net
    if net.head is None:
        raise InputError("this checkpoint holds no output head, so nothing in its stream becomes tokens")
    stack = net.decoder if trace.predicts == "decoder" else net.encoder
    assert isinstance(stack, Stack)
    norms = _after_sublayers(trace, layer, part, position) if trace.config.order == "post" else []
    if stack.final_norm is not None:
        norms.append(frozen(stack.final_norm, trace.stream(trace.predicts)[-1, position]))
    dense, norm = _masked_word_layer(net.head, trace.final[position])
    return DirectPath(tuple(norms), dense, norm, net.head.out.weight.detach(), net.head.scale)


def _masked_word_layer(head: Head, final: Tensor) -> tuple[Tensor | None, FrozenNorm | None]:
    """BERT's layer before the output matrix, with its activation as a ratio for each coordinate."""
    if head.dense is None or head.norm is None:
        return None, None
    weight, bias = head.dense.weight.detach().float(), head.dense.bias.detach().float()
    inner = weight @ final.float() + bias
    outer: Tensor = head.act(inner)
    ratio = torch.where(inner.abs() > EDGE, outer / inner, torch.zeros_like(inner))
    return ratio[:, None] * weight, frozen(head.norm, outer)


def _after_sublayers(trace: Trace, layer: int, part: Part, position: int) -> list[FrozenNorm]:
    """Post-norm order: the norms of a sublayer and of every later one, each with the scale it had in this run."""
    stack, found, met = trace.predicts, [], False
    x = trace.stream(stack)[layer, position].float()
    for at in range(layer, trace.config.layers(stack)):
        for one, norm in sublayer_norms(block_of(trace, stack, at)):
            x = x + trace.added(stack, at, one)[position]
            met = met or one == part
            if met:
                found.append(frozen(norm, x))
            x = norm(x).float()
    return found


def sublayer_norms(block: Block) -> list[tuple[Part, nn.Module]]:
    """The sublayers of a layer in order, each with its norm."""
    parts: tuple[tuple[Part, nn.Module | None], ...] = (
        ("self", block.self_norm),
        ("cross", block.cross_norm),
        ("feed_forward", block.feed_forward_norm),
    )
    return [(part, norm) for part, norm in parts if norm is not None]
