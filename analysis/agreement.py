"""Rank correlation: whether two measures order the heads alike."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


NOISE = 1e-5
"""Of the largest value: passes of another batch size differ by less, and a rank must not hang on that."""


def ranks(values: Floats) -> NDArray[np.float64]:
    """(n,) ranks from 1; values that are equal, to a share of `NOISE` of the largest, get the mean of their ranks."""
    exact = np.asarray(values, dtype=np.float64)
    step = NOISE * float(np.abs(exact).max(initial=0.0))
    _, place, counts = np.unique(np.round(exact / step) if step else exact, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: NDArray[np.float64] = (last - (counts - 1) / 2)[place]
    return shared


def spearman(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation (1904), from -1 to 1; NaN where all values of one side are equal."""
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"values of shape {one.shape} and {other.shape} are not two numbers for each of n things")
    a, b = ranks(one), ranks(other)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float("nan")


def rank_agreement(columns: Floats) -> NDArray[np.float64]:
    """(m, m) Spearman correlations between the m rows of (m, n)."""
    found: NDArray[np.float64] = np.array([[spearman(one, other) for other in columns] for one in columns])
    return found
