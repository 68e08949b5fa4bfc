"""Hiding, renormalising and merging against their definitions, written out cell by cell."""

import numpy as np
import pytest
import torch

from analysis.merging import Reshaping, axis, merged, renormalised, without
from analysis.words import Word


def patterns(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows that sum to 1."""
    drawn = np.random.default_rng(seed).exponential(size=shape)
    return (drawn / drawn.sum(axis=-1, keepdims=True)).astype(np.float32)


def cut(*sizes: int) -> tuple[Word, ...]:
    """Words of these many pieces."""
    ends = np.cumsum(sizes)
    return tuple(
        Word(f"w{i}", int(end - size), int(end)) for i, (end, size) in enumerate(zip(ends, sizes, strict=True))
    )


QUERIES, KEYS = cut(2, 1, 3), cut(1, 4, 2)


def test_merging_sums_over_the_pieces_of_a_key_and_averages_over_those_of_a_query() -> None:
    weights = patterns(2, 6, 7)
    words = merged(weights, QUERIES, KEYS)
    assert words.shape == (2, 3, 3)
    for head in range(2):
        for i, query in enumerate(QUERIES):
            for j, key in enumerate(KEYS):
                rows = [sum(weights[head, q, key.first : key.after]) for q in range(query.first, query.after)]
                assert words[head, i, j] == pytest.approx(sum(rows) / len(rows), abs=1e-6)


def test_rows_that_sum_to_one_still_do() -> None:
    np.testing.assert_allclose(merged(patterns(6, 7), QUERIES, KEYS).sum(axis=-1), 1, atol=1e-6)


def test_renormalising_is_the_softmax_over_the_keys_that_are_left() -> None:
    scores = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    kept = np.array([1, 2, 4, 7])
    weights = scores.softmax(-1).numpy()
    again = scores[:, torch.from_numpy(kept)].softmax(-1).numpy()
    np.testing.assert_allclose(renormalised(without(weights, np.arange(5), kept)), again, atol=1e-6)


def test_a_row_with_nothing_left_stays_empty() -> None:
    weights = np.array([[0, 0], [0.25, 0.5]], dtype=np.float32)
    np.testing.assert_allclose(renormalised(weights), [[0, 0], [1 / 3, 2 / 3]], atol=1e-7)


def test_hidden_pieces_leave_the_others_untouched() -> None:
    weights = patterns(6, 6)
    sides = axis(cut(1, 2, 2, 1), [True, False, False, False, False, True])
    hidden = Reshaping(sides, axis(cut(1, 1, 1, 1, 1, 1), [True, False, False, False, False, True]))
    assert sides.labels == ("w1", "w2")
    expected = (weights[1:5:2, 1:5] + weights[2:5:2, 1:5]) / 2
    np.testing.assert_allclose(hidden(weights), expected, atol=1e-7)
    np.testing.assert_allclose(hidden.left(weights), weights[1:5, 1:5].sum(-1), atol=1e-6)


def test_rows_are_renormalised_before_they_are_averaged() -> None:
    weights = np.array([[0.9, 0.1, 0.0], [0.0, 0.3, 0.7]], dtype=np.float32)
    shape = Reshaping(axis(cut(2), [False] * 2), axis(cut(1, 1, 1), [True, False, False]), renormalise=True)
    np.testing.assert_allclose(shape(weights), [[(1 + 0.3) / 2, 0.7 / 2]], atol=1e-6)


def test_with_nothing_hidden_and_every_piece_a_word_weights_are_the_very_same() -> None:
    weights = patterns(3, 4, 5)
    shape = Reshaping(axis(cut(1, 1, 1, 1), [False] * 4), axis(cut(1, 1, 1, 1, 1), [False] * 5))
    assert np.array_equal(shape(weights), weights)


def test_pieces_and_words_find_each_other() -> None:
    side = axis(cut(1, 2, 3), [True, False, False, False, True, False])
    assert [side.word(piece) for piece in range(6)] == [None, 0, 0, 1, None, 1]
    assert [side.piece(word) for word in range(2)] == [1, 3]
    assert side.word(99) is None


def test_which_pairs_are_shown_follows_the_pieces() -> None:
    sentence = np.array([0, 0, 0, 1, 1])
    side = axis(cut(1, 2, 1, 1), [True, False, False, False, False])
    pairs = Reshaping(side, side).pairs(sentence[:, None] == sentence)
    assert pairs.tolist() == [[True, False, False], [False, True, True], [False, True, True]]


@pytest.mark.parametrize("words", [cut(2, 1), cut(2, 3, 2), (Word("a", 0, 3), Word("b", 4, 6))])
def test_words_that_do_not_cover_the_pieces_are_refused(words: tuple[Word, ...]) -> None:
    with pytest.raises(ValueError, match="do not cover 6 queries"):
        merged(patterns(6, 7), words, KEYS)
