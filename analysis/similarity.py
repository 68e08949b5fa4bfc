"""Similarity of vectors: cosines, nearest neighbours, and principal components."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


def cosines(vectors: Tensor, others: Tensor | None = None) -> Tensor:
    """(n, m) cosine similarity of (n, d) vectors with (m, d) others, or with each other; 0 for a vector of length zero, also
    with itself."""
    return (_units(vectors) @ _units(vectors if others is None else others).T).clamp(-1.0, 1.0)


def _units(vectors: Tensor) -> Tensor:
    lengths = vectors.norm(dim=-1, keepdim=True)
    return torch.where(lengths > 0, vectors / lengths.clamp(min=torch.finfo(vectors.dtype).tiny), vectors)


def mean_cosines(vectors: Tensor, marks: Sequence[int]) -> Tensor:
    """(blocks, blocks): the mean cosine of each block of pairs; block i has the vectors from marks[i] to before marks[i + 1].

    The mean of all products of two blocks of unit vectors is the product of their means, so the pairs are never held.
    """
    units = _units(vectors)
    means = torch.stack([units[start:end].mean(dim=0) for start, end in pairwise(marks)])
    return means @ means.T


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
