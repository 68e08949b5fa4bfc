"""Attention with tokens hidden and word pieces merged.

Two steps, always in this order:

1. `without` removes the rows and columns of hidden tokens. The remaining weights are the model's own, so a row may sum to less
   than 1. `renormalised` divides each row by its sum. This equals a softmax over the remaining keys alone.
2. `merged` turns tokens into words. Attention to a word is the sum over its tokens, attention from a word is the mean over its
   tokens (Clark et al. 2019, section 4.1), so a row that sums to 1 still does.

The order matters: in a mean of renormalised rows each token counts the same; in a renormalised mean it would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.words import Word

Weights = NDArray[np.float32]
Kept = NDArray[np.intp]


def without(weights: Weights, queries: Kept, keys: Kept) -> Weights:
    """Weights (..., query, key) of the kept queries and keys; both lists are in order."""
    return weights[..., queries[:, None], keys]


def renormalised(weights: Weights) -> Weights:
    """Rows divided by their sums. A row that sums to 0 stays 0."""
    total = weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0, casting="same_kind")


def merged(weights: Weights, queries: Sequence[Word], keys: Sequence[Word]) -> Weights:
    """(..., query words, key words) from weights (..., query, key); the words cover the tokens in order."""
    check_cover(queries, weights.shape[-2], "queries")
    check_cover(keys, weights.shape[-1], "keys")
    to_words = np.add.reduceat(weights, [word.first for word in keys], axis=-1)
    summed = np.add.reduceat(to_words, [word.first for word in queries], axis=-2)
    return (summed / np.array([[word.size] for word in queries], dtype=np.float32)).astype(np.float32)


def check_cover(words: Sequence[Word], size: int, what: str) -> None:
    """Raises ValueError unless the words cover tokens 0 to size - 1 in order, each once."""
    after = [0, *(word.after for word in words)]
    if any(word.first != last or word.size < 1 for word, last in zip(words, after, strict=False)) or after[-1] != size:
        raise ValueError(f"the words do not cover {size} {what} in order, each once")


@dataclass(frozen=True, eq=False)
class Axis:
    """One side of a map after hiding and merging: the tokens that are kept, and the words they form."""

    kept: Kept
    words: tuple[Word, ...]  # over the kept tokens, counted from 0
    size: int  # the number of tokens before hiding

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(word.label for word in self.words)

    def written(self, written: Sequence[str]) -> tuple[str, ...]:
        """For each word of a decoder's rows, what is written after it: the next word, or where that one is hidden, its first token.

        `written` are the labels of what each token's row writes.
        """
        ends = [int(self.kept[word.after - 1]) for word in self.words]
        following = [self.piece(i) for i in range(1, len(self.words))]
        next_words = [
            word.label if end + 1 == first else written[end]
            for word, end, first in zip(self.words[1:], ends, following, strict=False)
        ]
        return (*next_words, written[ends[-1]])

    def row_labels(self, written: Sequence[str]) -> tuple[str, ...]:
        """Labels for a decoder's rows: what is written after each word, and the word itself in brackets."""
        return tuple(f"{after} ({label})" for after, label in zip(self.written(written), self.labels, strict=True))

    def piece(self, word: int) -> int:
        """The first token of a word, as a position in the text."""
        return int(self.kept[self.words[word].first])

    def word(self, piece: int) -> int | None:
        """The word with the token at this position of the text; None where the token is hidden."""
        place = int(np.searchsorted(self.kept, piece))
        if place >= len(self.kept) or self.kept[place] != piece:
            return None
        return next(i for i, word in enumerate(self.words) if place < word.after)


def axis(words: Sequence[Word], hidden: Sequence[bool]) -> Axis:
    """The words that remain without the `hidden` tokens (one flag for each token), counted over the remaining tokens."""
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
    """Hide, renormalise and merge, as one function of weights."""

    queries: Axis
    keys: Axis
    renormalise: bool = False

    def __call__(self, weights: Weights) -> Weights:
        """(..., query words, key words) from weights (..., query, key) over all tokens."""
        left = self.pieces(weights)
        pieces = all(word.size == 1 for side in (self.queries, self.keys) for word in side.words)
        return left if pieces else merged(left, self.queries.words, self.keys.words)

    def pieces(self, weights: Weights) -> Weights:
        """(..., kept queries, kept keys): after hiding and renormalising, before merging."""
        left = without(weights, self.queries.kept, self.keys.kept)
        return renormalised(left) if self.renormalise else left

    def pairs(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(query words, key words): whether a pair of words is shown, which is decided by their first tokens."""
        first = [np.array([side.piece(i) for i in range(len(side.words))]) for side in (self.queries, self.keys)]
        chosen: NDArray[np.bool_] = kept[first[0][:, None], first[1]]
        return chosen

    def left(self, weights: Weights) -> Weights:
        """(..., query): the sum of each kept row over the kept keys."""
        return without(weights, self.queries.kept, self.keys.kept).sum(axis=-1, dtype=np.float64).astype(np.float32)
