"""How matrices lie in memory.

A decoding step multiplies one row by every matrix of the model; the time it takes is the time to read the matrices."""

from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LONGEST_ROW = 3072


def lay_out(net: nn.Module) -> None:
    """Stores matrices with short rows column by column. For a net whose parameters hold no values yet; shapes stay the same.

    The product of one row with a matrix is a dot product with each of its rows, or a sum over its columns, depending on how it
    is stored. With rows of up to 3,072 numbers the sum takes 0.5 to 0.9 of the time, least for output heads; with longer rows
    there is no measurable difference (float32, one thread of an EPYC), nor for many rows at once. GPT-2's own files have this
    layout. The query, key and value matrices of self-attention also lie side by side, because they multiply the same row:
    three of 768 by 768 take 0.75 of the time as one. Only for float32 on CPUs; other devices were not measured.
    """
    joined = set[nn.Module]()
    for name, module in net.named_modules():  # a module comes before its submodules
        if name.endswith("self_attn"):
            together = [module.get_submodule(part) for part in ("q", "k", "v")]
            lie_together(together)
            joined.update(together)
        elif isinstance(module, nn.Linear) and module not in joined:
            lie_together([module])


def lie_together(maps: Sequence[nn.Module]) -> None:
    """Stores linear maps of the same input in one memory, their columns side by side, if all have short rows."""
    linear = [one for one in maps if isinstance(one, nn.Linear) and _short_rows(one.weight)]
    if not linear or len(linear) < len(maps):
        return
    ends = list(accumulate(one.out_features for one in linear))
    matrix = linear[0].weight.new_empty(linear[0].in_features, ends[-1]).t()
    for one, end in zip(linear, ends, strict=True):
        one.weight.data = matrix[end - one.out_features : end]  # in place: a tied table stays tied
    if len(linear) == 1 or any(one.bias is None for one in linear):
        return
    bias = linear[0].bias.new_empty(ends[-1])
    for one, end in zip(linear, ends, strict=True):
        one.bias.data = bias[end - one.out_features : end]


def project(x: Tensor, *maps: nn.Linear) -> Sequence[Tensor]:
    """x (..., time, in) by each of the maps: a tensor (..., time, out) for each.

    The same as `[one(x) for one in maps]`. Where x is one row and the maps lie side by side, one product computes all.
    """
    if len(maps) == 1 or x.shape[-2] > 1 or torch.is_grad_enabled():
        return [one(x) for one in maps]
    widths = [one.out_features for one in maps]
    if not _adjacent([one.weight for one in maps], (1, sum(widths))):
        return [one(x) for one in maps]
    first = maps[0]
    whole, bias = first.weight.as_strided((sum(widths), first.in_features), (1, sum(widths))), None
    if first.bias is not None:
        if not _adjacent([one.bias for one in maps], (1,)):
            return [one(x) for one in maps]
        bias = first.bias.as_strided((sum(widths),), (1,))
    return F.linear(x, whole, bias).split(widths, dim=-1)


def _adjacent(parts: Sequence[Tensor], stride: tuple[int, ...]) -> bool:
    """Whether all tensors have this stride and follow one another in one memory."""
    end = parts[0].data_ptr()
    for part in parts:
        if part.data_ptr() != end or part.stride() != stride:
            return False
        end += part.shape[0] * part.element_size()
    return parts[-1].untyped_storage().data_ptr() == parts[0].untyped_storage().data_ptr()


def _short_rows(matrix: Tensor) -> bool:
    return matrix.device.type == "cpu" and matrix.dtype == torch.float32 and matrix.shape[1] <= LONGEST_ROW
