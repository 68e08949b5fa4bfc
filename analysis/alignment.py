"""Which tokens of two texts correspond: a common list of slots, each with tokens of the first text, the second, or both.

There are three ways. Tokens are aligned one by one where both texts have the same tokenizer. Two tokenizations of the same
text are aligned by characters: a slot is the shortest span where both have a token boundary at each end. All else is aligned by
words. Tokens and words are aligned at the lowest cost (Needleman and Wunsch 1970). A pair of different entries costs less than
two entries without a partner, and more than one, so an inserted word shifts the words after it and does not re-pair them all.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.words import Word, alone, words
from model.tokenizers.tokens import Token

How = Literal["pieces", "characters", "words"]
Costs = NDArray[np.int64]
LEFT_OUT = 3  # the cost of an entry without a partner
EQUAL, CASE_ONLY, BOTH_SPECIAL, UNLIKE = 0, 1, 2, 5
NEVER = 3 * LEFT_OUT  # a special token and an ordinary one: leaving both out is cheaper


@dataclass(frozen=True)
class Entry:
    """One thing to align: some tokens of one text, the string to compare, and whether it is a special token."""

    pieces: Word
    text: str
    special: bool


@dataclass(frozen=True)
class Slot:
    """One slot of the common list. A side without tokens there is None."""

    first: Word | None
    second: Word | None
    same: bool  # both sides hold the same text

    @property
    def shared(self) -> bool:
        return self.first is not None and self.second is not None

    @property
    def label(self) -> str:
        """ "same text", "first→second", "−only in the first" or "+only in the second"."""
        if self.first is None or self.second is None:
            return f"−{self.first.label}" if self.first is not None else f"+{self.second.label if self.second else ''}"
        return self.first.label if self.same else f"{self.first.label}→{self.second.label}"


@dataclass(frozen=True)
class Alignment:
    """The common list of two texts; each text's tokens appear once, in order."""

    slots: tuple[Slot, ...]
    how: How

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(slot.label for slot in self.slots)

    @property
    def shared(self) -> NDArray[np.bool_]:
        """(slots,): whether both texts have tokens in the slot."""
        return np.array([slot.shared for slot in self.slots], dtype=bool)

    def row_labels(self, first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
        """Labels for a decoder's rows: what each side writes after a slot, as in a slot's label, and the slot itself in brackets.

        `first` and `second` are the labels of what each token's row writes.
        """
        after = [_written_after(self.groups(0), first), _written_after(self.groups(1), second)]
        found = []
        for slot in self.slots:
            one, other = (None if group is None else after[side][group.first]
                          for side, group in enumerate((slot.first, slot.second)))  # fmt: skip
            if one is None or other is None:
                said = f"−{one}" if one is not None else f"+{other}"
            else:
                said = one if one == other else f"{one}→{other}"
            found.append(f"{said} ({slot.label})")
        return tuple(found)

    def groups(self, side: Literal[0, 1]) -> tuple[Word, ...]:
        """The tokens of one text, grouped by slot; the groups cover every token once."""
        found = [slot.second if side else slot.first for slot in self.slots]
        return tuple(group for group in found if group is not None)

    def places(self, side: Literal[0, 1]) -> NDArray[np.intp]:
        """The slot of each group of one text."""
        found = [slot.second if side else slot.first for slot in self.slots]
        return np.array([i for i, group in enumerate(found) if group is not None], dtype=np.intp)


def _written_after(groups: Sequence[Word], written: Sequence[str]) -> dict[int, str]:
    """For each group of tokens, by its first: the group after it, and after the last the token that is written there."""
    following = [*(group.label for group in groups[1:]), *written[-1:]]
    return {group.first: label for group, label in zip(groups, following, strict=False)}


def align(
    first: Sequence[Token],
    second: Sequence[Token],
    *,
    same_tokenizer: bool,
    same_text: bool = False,
    word_pieces: tuple[bool, bool] = (False, False),
) -> Alignment:
    """Aligns tokens one by one (same tokenizer), by characters (same text, two tokenizers), or else by words.

    `word_pieces` says for each text whether its tokens are WordPiece, which do not contain spaces.
    """
    if same_tokenizer:
        return by_pieces(first, second)
    if same_text and _runs(first) is not None and _runs(second) is not None:
        found = by_characters(first, second)
        if found is not None:
            return found
    return by_words(first, second, word_pieces)


def by_pieces(first: Sequence[Token], second: Sequence[Token]) -> Alignment:
    """Single tokens, aligned at the lowest cost."""
    sides = [
        [Entry(word, token.text or token.label, token.special) for word, token in zip(alone(side), side, strict=True)]
        for side in (first, second)
    ]
    return Alignment(tuple(at_least_cost(*sides)), "pieces")


def by_words(
    first: Sequence[Token], second: Sequence[Token], word_pieces: tuple[bool, bool] = (False, False)
) -> Alignment:
    """Whole words, however each text splits them into tokens."""
    sides = [
        [Entry(word, word.label, side[word.first].special) for word in words(side, word_pieces=cut)]
        for side, cut in zip((first, second), word_pieces, strict=True)
    ]
    return Alignment(tuple(at_least_cost(*sides)), "words")


def by_characters(first: Sequence[Token], second: Sequence[Token]) -> Alignment | None:
    """Two tokenizations of the same text, by the characters of each token; None where tokens have no spans.

    Special tokens that a tokenizer added have no characters: those before, between and after the sentences are aligned with
    each other.
    """
    one, other = _runs(first), _runs(second)
    if one is None or other is None or len(one) != len(other):
        return None
    slots: list[Slot] = []
    for i, (here, there) in enumerate(zip(one, other, strict=True)):
        if i % 2 == 0:
            added = [
                [Entry(Word(side[at].label, at, at + 1), side[at].label, True) for at in run]
                for side, run in ((first, here), (second, there))
            ]
            slots += at_least_cost(*added)
        else:
            slots += _same_characters(first, here, second, there)
    return Alignment(tuple(slots), "characters")


def _runs(tokens: Sequence[Token]) -> list[range] | None:
    """Ranges in turn: added special tokens (maybe none), a sentence, added special tokens, ...; None where an ordinary token
    has no span."""
    if any(token.span is None and not token.special for token in tokens):
        return None
    found: list[range] = []
    at = 0
    for typed, group in groupby(tokens, key=lambda token: token.span is not None):
        size = len(list(group))
        if typed and not found:
            found.append(range(0))
        found.append(range(at, at + size))
        at += size
    return found if len(found) % 2 else [*found, range(0)]


def _same_characters(first: Sequence[Token], here: range, second: Sequence[Token], there: range) -> list[Slot]:
    """Slots that end where both texts end a token. Only ends are compared: tokenizers differ in which token has the space."""
    slots = []
    i, j = here.start, there.start
    while i < here.stop and j < there.stop:
        a, b = i + 1, j + 1
        while (ends := (_end(first, a - 1), _end(second, b - 1)))[0] != ends[1]:
            if ends[0] < ends[1] and a < here.stop:
                a += 1
            elif b < there.stop:
                b += 1
            elif a < here.stop:
                a += 1
            else:
                break
        while a < here.stop and _end(first, a) <= max(ends):  # more bytes of the same character
            a += 1
        while b < there.stop and _end(second, b) <= max(ends):
            b += 1
        slots.append(Slot(_joined(first, i, a), _joined(second, j, b), same=True))
        i, j = a, b
    rest = [Slot(_joined(first, at, at + 1), None, same=False) for at in range(i, here.stop)]
    return slots + rest + [Slot(None, _joined(second, at, at + 1), same=False) for at in range(j, there.stop)]


def _end(tokens: Sequence[Token], at: int) -> int:
    span = tokens[at].span
    assert span is not None
    return span[1]


def _joined(tokens: Sequence[Token], first: int, after: int) -> Word:
    return Word("".join(token.label for token in tokens[first:after]), first, after)


def at_least_cost(first: Sequence[Entry], second: Sequence[Entry]) -> list[Slot]:
    """The pairing of entries, in order, with the lowest total cost."""
    costs = _costs(first, second)
    total = _totals(costs)
    slots = []
    i, j = costs.shape
    while i or j:
        if i and j and total[i, j] == total[i - 1, j - 1] + costs[i - 1, j - 1]:
            i, j = i - 1, j - 1
            slots.append(Slot(first[i].pieces, second[j].pieces, same=first[i].text == second[j].text))
        elif j and total[i, j] == total[i, j - 1] + LEFT_OUT:
            j -= 1
            slots.append(Slot(None, second[j].pieces, same=False))
        else:
            i -= 1
            slots.append(Slot(first[i].pieces, None, same=False))
    return slots[::-1]


def _totals(costs: Costs) -> Costs:
    """(n + 1, m + 1): the lowest cost of aligning the first i entries with the first j, computed row by row.

    Within a row, leaving out entries of the second text is a running minimum.
    """
    along = LEFT_OUT * np.arange(costs.shape[1] + 1)
    total = np.empty((costs.shape[0] + 1, costs.shape[1] + 1), dtype=np.int64)
    total[0] = along
    for i, row in enumerate(costs, start=1):
        best = total[i - 1] + LEFT_OUT
        best[1:] = np.minimum(best[1:], total[i - 1, :-1] + row)
        total[i] = np.minimum.accumulate(best - along) + along
    return total


def _costs(first: Sequence[Entry], second: Sequence[Entry]) -> Costs:
    """(n, m): the cost of pairing each entry of the first text with each of the second."""
    entries = [*first, *second]

    def alike(names: list[str]) -> NDArray[np.bool_]:
        codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
        numbers = np.array([codes[name] for name in names], dtype=np.int64)
        return np.equal.outer(numbers[: len(first)], numbers[len(first) :])

    special = np.array([entry.special for entry in entries], dtype=bool)
    here, there = special[: len(first), None], special[None, len(first) :]
    costs = np.where(alike([_folded(entry.text) for entry in entries]), CASE_ONLY, UNLIKE)
    costs = np.where(here & there, BOTH_SPECIAL, costs)
    costs = np.where(alike([entry.text for entry in entries]), EQUAL, costs)
    found: Costs = np.where(here != there, NEVER, costs).astype(np.int64)
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
