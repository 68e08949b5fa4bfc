"""How matrices lie in memory. A step of a decode multiplies one row by every matrix of the model, and how long that takes
is how quickly the matrix is read."""

from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LONGEST_ROW = 3072


def lay_out(net: nn.Module) -> None:
    """Has the matrices with short rows of a net whose parameters hold nothing yet lie column by column; values and shapes stay.

    A linear map of one row is a dot product with each row of its matrix, or a sum of its columns, as it lies. With rows of up
    to 3,072 the sum takes 0.5 to 0.9 of the time, output heads gaining most; with longer ones no more than the machine's own
    noise (float32, one thread of an EPYC). Many rows at once take as long either way. GPT-2's own files lie this way.
    The queries', keys' and values' matrices of self-attention, which read the same row, lie side by side besides: read as one,
    three of 768 by 768 take 0.75 of the time. Nothing is done elsewhere: what other devices prefer was not measured.
    """
    joined = set[nn.Module]()
    for name, module in net.named_modules():  # a module comes before its parts
        if name.endswith("self_attn"):
            together = [module.get_submodule(part) for part in ("q", "k", "v")]
            lie_together(together)
            joined.update(together)
        elif isinstance(module, nn.Linear) and module not in joined:
            lie_together([module])


def lie_together(maps: Sequence[nn.Module]) -> None:
    """Gives linear maps of the same input one memory, their columns side by side, where they have short rows."""
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


def apply_together(maps: Sequence[nn.Linear], x: Tensor) -> Sequence[Tensor]:
    """Each map's answer (..., out): by one product where x is one row and the maps lie side by side, else one by one."""
    one_row = x.shape[-2] == 1 and not torch.is_grad_enabled()
    widths = [one.out_features for one in maps]
    if not one_row or not _adjacent([one.weight for one in maps], (1, sum(widths))):
        return [one(x) for one in maps]
    first = maps[0]
    whole, bias = first.weight.as_strided((sum(widths), first.in_features), (1, sum(widths))), None
    if first.bias is not None:
        if not _adjacent([one.bias for one in maps], (1,)):
            return [one(x) for one in maps]
        bias = first.bias.as_strided((sum(widths),), (1,))
    return F.linear(x, whole, bias).split(widths, dim=-1)


def _adjacent(parts: Sequence[Tensor], stride: tuple[int, ...]) -> bool:
    """Whether tensors of a given stride follow one another in one memory."""
    end = parts[0].data_ptr()
    for part in parts:
        if part.data_ptr() != end or part.stride() != stride:
            return False
        end += part.shape[0] * part.element_size()
    return parts[-1].untyped_storage().data_ptr() == parts[0].untyped_storage().data_ptr()


def _short_rows(matrix: Tensor) -> bool:
    return matrix.device.type == "cpu" and matrix.dtype == torch.float32 and matrix.shape[1] <= LONGEST_ROW
