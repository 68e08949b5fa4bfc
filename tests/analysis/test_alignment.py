"""Alignments of pieces, characters and words, against a brute-force search and by what must hold for any of them."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from analysis.alignment import (
    LEFT_OUT,
    UNLIKE,
    Alignment,
    Entry,
    Slot,
    align,
    at_least_cost,
    by_characters,
    by_pieces,
    by_words,
)
from analysis.words import Word
from model.tokenizers.tokens import Token

SPECIAL = ("<s>", "</s>", "[CLS]", "[SEP]")


def tokens(*labels: str) -> list[Token]:
    return [Token(i, label.replace("·", " "), label, label in SPECIAL) for i, label in enumerate(labels)]


def cut(text: str, *pieces: str, before: str = "", after: str = "") -> list[Token]:
    """Pieces of a text with the characters they came from, between added special tokens."""
    found, at = [], 0
    for piece in pieces:
        start = text.index(piece, at)
        at = start + len(piece)
        found.append(Token(0, piece, piece, False, (start, at)))
    return [*tokens(*([before] if before else [])), *found, *tokens(*([after] if after else []))]


def shown(alignment: Alignment) -> list[str]:
    return list(alignment.labels)


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        ("the cat sat", "the cat sat", ["the", "cat", "sat"]),
        ("the cat sat", "the dog sat", ["the", "cat→dog", "sat"]),
        ("the cat sat", "the small cat sat", ["the", "+small", "cat", "sat"]),
        ("the small cat sat", "the cat sat", ["the", "−small", "cat", "sat"]),
        ("<s> a b </s>", "<s> a </s>", ["<s>", "a", "−b", "</s>"]),
        ("a </s>", "a b", ["a", "−</s>", "+b"]),
        ("The end", "the end", ["The→the", "end"]),
        ("", "a b", ["+a", "+b"]),
        ("a b c d", "a x b d", ["a", "+x", "b", "−c", "d"]),
        ("a a b a a", "a a a a", ["a", "a", "−b", "a", "a"]),
    ],
)
def test_pieces_are_paired_as_a_person_would(one: str, other: str, labels: list[str]) -> None:
    assert shown(by_pieces(tokens(*one.split()), tokens(*other.split()))) == labels


def entries(text: str) -> list[Entry]:
    return [Entry(Word(c, i, i + 1), c, False) for i, c in enumerate(text)]


def spent(slots: list[Slot]) -> int:
    return sum(0 if slot.same else UNLIKE if slot.shared else LEFT_OUT for slot in slots)


def least(one: str, other: str) -> int:
    """The least cost, by trying everything."""

    @cache
    def from_here(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return LEFT_OUT * (len(one) - i + len(other) - j)
        paired = from_here(i + 1, j + 1) + (0 if one[i] == other[j] else UNLIKE)
        return min(paired, from_here(i + 1, j) + LEFT_OUT, from_here(i, j + 1) + LEFT_OUT)

    return from_here(0, 0)


@pytest.mark.parametrize("seed", range(12))
def test_no_alignment_costs_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = ("".join(random.choice(list("abc"), size)) for size in random.integers(0, 9, 2))
    slots = at_least_cost(entries(one), entries(other))
    assert spent(slots) == least(one, other)
    whole = Alignment(tuple(slots), "pieces")
    assert "".join(word.label for word in whole.groups(0)) == one
    assert "".join(word.label for word in whole.groups(1)) == other


def covers(alignment: Alignment, first: int, second: int) -> bool:
    """Every piece of both sides once and in order."""
    sides = [alignment.groups(0), alignment.groups(1)]
    ends = [[0, *(word.after for word in side)] for side in sides]
    starts = [[*(word.first for word in side), size] for side, size in zip(sides, (first, second), strict=True)]
    return ends == starts and all((np.diff(alignment.places(side)) > 0).all() for side in (0, 1))


def test_two_tokenizers_meet_where_both_end_a_piece() -> None:
    text = "unbelievable cats"
    one = cut(text, "un", "believ", "able", " cats", before="<s>")
    other = cut(text, "unbel", "iev", "able", "cat", "s", before="[CLS]", after="[SEP]")
    found = align(one, other, same_tokenizer=False, same_text=True)
    assert found.how == "characters"
    assert [(slot.first, slot.second) for slot in found.slots] == [
        (Word("<s>", 0, 1), Word("[CLS]", 0, 1)),
        (Word("unbeliev", 1, 3), Word("unbeliev", 1, 3)),
        (Word("able", 3, 4), Word("able", 3, 4)),
        (Word(" cats", 4, 5), Word("cats", 4, 6)),
        (None, Word("[SEP]", 6, 7)),
    ]
    assert covers(found, 5, 7)


def test_bytes_of_one_character_stay_together() -> None:
    one = [Token(0, "\ufffd", f"‹{i}›", False, (0, 1)) for i in range(3)] + [Token(0, "a", "a", False, (1, 2))]
    other = [Token(0, "가", "가", False, (0, 1)), Token(0, "a", "a", False, (1, 2))]
    found = by_characters(one, other)
    assert found is not None
    assert [(slot.first and slot.first.size, slot.second and slot.second.size) for slot in found.slots] == [
        (3, 1),
        (1, 1),
    ]


def test_a_text_that_one_side_ends_early_is_still_covered() -> None:
    text = "ab cd"
    one, other = cut(text, "ab", " c", "d"), cut(text, "a", "b", " c")
    found = by_characters(one, other)
    assert found is not None
    assert covers(found, 3, 3)


def test_two_sentences_are_aligned_each_with_its_own() -> None:
    def pair(*cuts: tuple[str, ...]) -> list[Token]:
        return [
            *tokens("[CLS]"), *cut("the cat", *cuts[0]), *tokens("[SEP]"), *cut("a mat", *cuts[1]), *tokens("[SEP]"),
        ]  # fmt: skip

    found = by_characters(pair(("the", "cat"), ("a", "mat")), pair(("the", " c", "at"), ("a", " mat")))
    assert found is not None
    assert [slot.second and slot.second.size for slot in found.slots] == [1, 1, 2, 1, 1, 1, 1]
    assert all(slot.shared for slot in found.slots)


def test_a_pair_and_a_single_sentence_are_aligned_by_words() -> None:
    one = [*cut("the cat", "the", " cat", before="[CLS]", after="[SEP]"), *cut("sat", "sat", after="[SEP]")]
    other = cut("the cat", "the", " cat")
    found = align(one, other, same_tokenizer=False, same_text=True)
    assert found.how == "words"
    assert shown(found) == ["−[CLS]", "the", "cat", "−[SEP]", "−sat", "−[SEP]"]


def test_written_texts_of_two_models_are_aligned_by_words() -> None:
    one, other = tokens("<s>", "the", "·ca", "t", "·sleeps"), tokens("<s>", "the", "·cat", "·sl", "ept")
    found = align(one, other, same_tokenizer=False)
    assert found.how == "words"
    assert shown(found) == ["<s>", "the", "cat", "sleeps→slept"]
    assert covers(found, 5, 5)


def test_word_pieces_join_into_words() -> None:
    one = [Token(0, "play", "play"), Token(0, "ing", "##ing"), Token(0, "cards", "cards")]
    found = by_words(one, tokens("playing", "·cards"), (True, False))
    assert [slot.first and slot.first.size for slot in found.slots] == [2, 1]


@pytest.mark.parametrize("seed", range(6))
def test_any_two_cuts_of_a_text_are_covered_in_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    text = "abcdefghijklmnop"

    def random_cut() -> list[Token]:
        ends = [0, *sorted(random.choice(np.arange(1, len(text)), 6, replace=False).tolist()), len(text)]
        return [Token(0, text[a:b], text[a:b], False, (a, b)) for a, b in pairwise(ends)]

    one, other = random_cut(), random_cut()
    found = by_characters(one, other)
    assert found is not None
    assert covers(found, len(one), len(other))
    common = {t.span[1] for t in one if t.span} & {t.span[1] for t in other if t.span}
    assert len(found.slots) == len(common)
    assert all((slot.shared and slot.first == slot.second) or slot.label for slot in found.slots)


def test_a_long_text_with_one_word_changed_is_aligned_in_a_moment() -> None:
    long = tokens(*["the", "·cat", "·sat"] * 300)
    other = [*long[:400], *tokens("·dog"), *long[401:]]
    found = by_pieces(long, other)
    assert sum(not slot.same for slot in found.slots) == 1
