"""Similarity of vectors: cosines, nearest neighbours, and principal components."""

from dataclasses import dataclass

import torch
from torch import Tensor


def cosines(vectors: Tensor) -> Tensor:
    """(n, n) cosine similarity of (n, d) vectors; 0 for a vector of length zero, also with itself."""
    lengths = vectors.norm(dim=-1, keepdim=True)
    units = torch.where(lengths > 0, vectors / lengths.clamp(min=torch.finfo(vectors.dtype).tiny), vectors)
    return (units @ units.T).clamp(-1.0, 1.0)


def nearest(vector: Tensor, table: Tensor, n: int, leave_out: frozenset[int] = frozenset()) -> list[tuple[int, float]]:
    """The n rows of `table` (vocab, d) with the highest cosine to `vector` (d,), best first, as (row, cosine)."""
    table = table.float()
    lengths = table.norm(dim=-1) * vector.float().norm()
    cosine = (table @ vector.float()) / lengths.clamp(min=torch.finfo(torch.float32).tiny)
    for row in leave_out:
        cosine[row] = float("-inf")
    values, rows = cosine.topk(min(n, len(table) - len(leave_out)))
    return [(int(row), float(value)) for row, value in zip(rows, values, strict=True)]


@dataclass(frozen=True)
class Projection:
    """(n, 2) coordinates along the first two principal components, and the share of variance each explains."""

    points: Tensor
    explained: tuple[float, float]


def projection(vectors: Tensor) -> Projection:
    """Principal components of (n, d) vectors (Pearson 1901). The sign of each axis is fixed: its largest entry is positive."""
    centred = (vectors - vectors.mean(dim=0)).double()
    _, spread, axes = torch.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    if len(axes) < 2:
        axes = torch.nn.functional.pad(axes, (0, 0, 0, 2 - len(axes)))
    signs = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)).sign()
    points = centred @ (axes * torch.where(signs == 0, torch.ones_like(signs), signs)).T
    total = float(spread.square().sum())
    shares = [float(s.square()) / total if total > 0 else 0.0 for s in spread[:2]] + [0.0, 0.0]
    return Projection(points.float(), (shares[0], shares[1]))
