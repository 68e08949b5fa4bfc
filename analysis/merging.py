"""Attention over fewer rows and columns, with the algebra that keeps its meaning.

Two steps, always in this order:

1. `without`: the hidden pieces' rows and columns go. The weights left are the model's own, so a row sums to what it gave to
   the pieces left; `renormalised` divides it by that sum, as if the softmax had run over the keys left alone (dropping
   keys before a softmax and dividing after it are the same).
2. `merged`: pieces become words. Attention to a word is the sum over its pieces, attention from a word the mean over
   its pieces (Clark et al. 2019, section 4.1), so that rows which sum to 1 still do.

The order matters: a mean of renormalised rows gives each piece the same say, renormalising a mean would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.words import Word

Weights = NDArray[np.float32]
Kept = NDArray[np.intp]


def without(weights: Weights, queries: Kept, keys: Kept) -> Weights:
    """Weights (..., query, key) at the places that are kept; both lists are in order."""
    return weights[..., queries[:, None], keys]


def renormalised(weights: Weights) -> Weights:
    """Rows divided by their sums. A row that has nothing left stays empty, rather than 0/0."""
    total = weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0, casting="same_kind")


def merged(weights: Weights, queries: Sequence[Word], keys: Sequence[Word]) -> Weights:
    """(..., words of queries, words of keys) from weights over the pieces that the words cover, in order."""
    check_cover(queries, weights.shape[-2], "queries")
    check_cover(keys, weights.shape[-1], "keys")
    to_words = np.add.reduceat(weights, [word.first for word in keys], axis=-1)
    summed = np.add.reduceat(to_words, [word.first for word in queries], axis=-2)
    return (summed / np.array([[word.size] for word in queries], dtype=np.float32)).astype(np.float32)


def check_cover(words: Sequence[Word], size: int, what: str) -> None:
    """Raises ValueError unless the words cover pieces 0 to size - 1 in order, each once."""
    after = [0, *(word.after for word in words)]
    if any(word.first != last or word.size < 1 for word, last in zip(words, after, strict=False)) or after[-1] != size:
        raise ValueError(f"the words do not cover {size} {what} in order, each once")


@dataclass(frozen=True, eq=False)
class Axis:
    """One side of a map after hiding and merging: which pieces are kept, and the words that the kept ones make up."""

    kept: Kept
    words: tuple[Word, ...]  # over the kept pieces, counted from 0
    size: int  # pieces there were

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(word.label for word in self.words)

    def piece(self, word: int) -> int:
        """The first piece of a word, as the text counts them."""
        return int(self.kept[self.words[word].first])

    def word(self, piece: int) -> int | None:
        """The word that a piece of the text is in, None where it is hidden."""
        place = int(np.searchsorted(self.kept, piece))
        if place >= len(self.kept) or self.kept[place] != piece:
            return None
        return next(i for i, word in enumerate(self.words) if place < word.after)


def axis(words: Sequence[Word], hidden: Sequence[bool]) -> Axis:
    """The words that have a piece left once those `hidden` (one for each piece) are gone, counted over the pieces left."""
    check_cover(words, len(hidden), "pieces")
    left = [i for i, gone in enumerate(hidden) if not gone]
    found, after = [], 0
    for word in words:
        size = sum(not hidden[i] for i in range(word.first, word.after))
        if size:
            found.append(Word(word.label, after, after + size))
            after += size
    return Axis(np.array(left, dtype=np.intp), tuple(found), len(hidden))


@dataclass(frozen=True, eq=False)
class Reshaping:
    """Hiding, renormalising and merging as one function of weights."""

    queries: Axis
    keys: Axis
    renormalise: bool = False

    def __call__(self, weights: Weights) -> Weights:
        """(..., words of queries, words of keys) from weights (..., query, key) over all pieces."""
        left = self.pieces(weights)
        pieces = all(word.size == 1 for side in (self.queries, self.keys) for word in side.words)
        return left if pieces else merged(left, self.queries.words, self.keys.words)

    def pieces(self, weights: Weights) -> Weights:
        """(..., kept queries, kept keys): hidden and shared anew, before words are merged."""
        left = without(weights, self.queries.kept, self.keys.kept)
        return renormalised(left) if self.renormalise else left

    def pairs(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(words of queries, words of keys): which pairs are shown, from the pieces the words begin with."""
        first = [np.array([side.piece(i) for i in range(len(side.words))]) for side in (self.queries, self.keys)]
        chosen: NDArray[np.bool_] = kept[first[0][:, None], first[1]]
        return chosen

    def left(self, weights: Weights) -> Weights:
        """(..., query): the share of each kept row that went to keys still shown."""
        return without(weights, self.queries.kept, self.keys.kept).sum(axis=-1, dtype=np.float64).astype(np.float32)
