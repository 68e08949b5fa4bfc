"""How far apart the attention of two runs is, on the common slots of an alignment.

Tokens that share a slot are merged like the tokens of a word: summed over keys, averaged over queries, so rows keep their sums.
A key that one run does not have counts as weight 0 there. A row of the difference therefore sums to 0, and half the sum of its
absolute values is the total variation distance of two distributions over the same slots, from 0 (equal) to 1 (disjoint): the share
of the query's attention that moved. A query that one run does not have is NaN and is not counted.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.alignment import Alignment
from analysis.merging import Weights, merged

Floats = NDArray[np.floating]
MOST_COMPARED = 2**31  # numbers read when every head is compared with every other


@dataclass(frozen=True, eq=False)
class Grid:
    """Alignments of queries and of keys, and whether rows are renormalised over the keys that both runs have."""

    queries: Alignment
    keys: Alignment
    renormalise: bool = False

    def place(self, weights: Weights, side: Literal[0, 1]) -> Weights:
        """(..., query slots, key slots) from weights (..., query, key) of one run; NaN in the rows of absent queries.

        With `renormalise`, keys that one run lacks are NaN, and so is a row that sums to 0 over the other keys.
        """
        small = weights if self._by_pieces[side] else merged(weights, self.queries.groups(side), self.keys.groups(side))
        if small.shape[-2:] == (len(self.queries.slots), len(self.keys.slots)) and not self.renormalise:
            return small  # each slot has one token of this run: nothing to move
        grid = np.full((*weights.shape[:-2], len(self.queries.slots), len(self.keys.slots)), np.nan, dtype=np.float32)
        rows, columns = self.queries.places(side), self.keys.places(side)
        grid[..., rows, :] = 0
        grid[..., rows[:, None], columns] = small
        if self.renormalise:
            grid[..., ~self.keys.shared] = np.nan
            left = np.nansum(grid, axis=-1, keepdims=True, dtype=np.float64)
            grid = (grid / np.where(left > 0, left, np.nan)).astype(np.float32)
        return grid

    @cached_property
    def _by_pieces(self) -> tuple[bool, bool]:
        """For each run, whether no slot has more than one of its tokens; cached because every head of a text needs it."""
        sides = ((of.groups(0), of.groups(1)) for of in (self.queries, self.keys))
        both = [[all(word.size == 1 for word in groups) for groups in pair] for pair in sides]
        return both[0][0] and both[1][0], both[0][1] and both[1][1]

    @property
    def one_to_one(self) -> bool:
        """Whether every slot has exactly one token of each run, so that nothing is moved or merged."""
        return all(self._by_pieces) and bool(self.queries.shared.all() and self.keys.shared.all())

    def kept(self, weights: Weights, side: Literal[0, 1]) -> NDArray[np.float64]:
        """(..., query slots): the share of each row on keys that both runs have; NaN for absent queries."""
        as_it_is = Grid(self.queries, self.keys).place(weights, side)
        found: NDArray[np.float64] = as_it_is[..., self.keys.shared].sum(axis=-1, dtype=np.float64)
        return found


def difference(first: Weights, second: Weights) -> Weights:
    """The second grid minus the first; NaN where either is NaN."""
    return second - first


def total_variation(change: Weights) -> NDArray[np.float64]:
    """(..., query): half the sum of the absolute values of a row of differences; NaN where there is no row to compare."""
    rows = np.isfinite(change).any(axis=-1)
    half = np.nansum(np.abs(change), axis=-1, dtype=np.float64) / 2
    found: NDArray[np.float64] = np.where(rows, half, np.nan)
    return found


def moved(change: Weights) -> NDArray[np.float64]:
    """(heads,): the total variation distance averaged over the rows that both runs have; NaN where there is none."""
    rows = total_variation(change)
    counted = np.isfinite(rows).sum(axis=-1)
    total = np.nansum(rows, axis=-1)
    found: NDArray[np.float64] = np.where(counted > 0, total / np.maximum(counted, 1), np.nan)
    return found


def row_step(first: int, second: int, queries: int, keys: int) -> int:
    """n such that comparing `first` heads with `second` heads on every n-th query reads at most MOST_COMPARED numbers."""
    return max(1, -(-first * second * queries * keys // MOST_COMPARED))


def nearest_heads(first: Weights, second: Weights) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """For each head of `first` (heads, query, key) the head of `second` with the smallest mean total variation.

    Returns (heads,) indices and (heads,) distances, NaN where no query is shared. Head numbers of two models do not
    correspond.
    """
    rows = np.flatnonzero(np.isfinite(first).any(axis=(0, 2)) & np.isfinite(second).any(axis=(0, 2)))
    if not rows.size:
        return np.zeros(len(first), dtype=np.intp), np.full(len(first), np.nan)
    a, b = (np.nan_to_num(side[:, rows]) for side in (first, second))
    apart = np.stack([np.abs(b - head).sum(axis=(1, 2), dtype=np.float64) for head in a]) / (2 * rows.size)
    best = apart.argmin(axis=1)
    return best, apart[np.arange(len(best)), best]
