"""Differences on a common grid against loops over their definition."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.alignment import Alignment, Slot, by_pieces
from analysis.difference import MOST_COMPARED, Grid, difference, moved, nearest_heads, row_step, total_variation
from analysis.words import Word
from model.tokenizers.tokens import Token


def tokens(text: str) -> list[Token]:
    return [Token(i, word, word) for i, word in enumerate(text.split())]


def pattern(heads: int, queries: int, keys: int, seed: int) -> NDArray[np.float32]:
    scores = np.random.default_rng(seed).normal(size=(heads, queries, keys)) * 2
    return (np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)).astype(np.float32)


SAME = by_pieces(tokens("a b c d"), tokens("a b c d"))
EDITED = by_pieces(tokens("a b c d"), tokens("a x b d"))  # a, +x, b, −c, d


def test_equal_texts_give_the_plain_difference() -> None:
    one, other = pattern(3, 4, 4, 0), pattern(3, 4, 4, 1)
    grid = Grid(SAME, SAME)
    change = difference(grid.place(one, 0), grid.place(other, 1))
    np.testing.assert_array_equal(change, other - one)
    by_hand = [np.mean([0.5 * np.abs(other[h, q] - one[h, q]).sum() for q in range(4)]) for h in range(3)]
    np.testing.assert_allclose(moved(change), by_hand, rtol=1e-6)


def test_a_key_that_one_side_lacks_got_nothing_there_and_rows_sum_to_zero() -> None:
    one, other = pattern(2, 4, 4, 2), pattern(2, 4, 4, 3)
    grid = Grid(EDITED, EDITED)
    change = difference(grid.place(one, 0), grid.place(other, 1))
    assert change.shape == (2, 5, 5)
    assert EDITED.labels == ("a", "+x", "b", "−c", "d")
    np.testing.assert_allclose(change[:, 0, 1], other[:, 0, 1], atol=1e-6)  # the new key: all of what it got
    np.testing.assert_allclose(change[:, 0, 3], -one[:, 0, 2], atol=1e-6)  # the key that went: all of what it had
    np.testing.assert_allclose(change[:, 2, 4], other[:, 2, 3] - one[:, 1, 3], atol=1e-6)
    np.testing.assert_allclose(change[:, [0, 2, 4]].sum(axis=-1), 0, atol=1e-6)


def test_a_query_that_one_side_lacks_is_not_compared() -> None:
    grid = Grid(EDITED, EDITED)
    change = difference(grid.place(pattern(2, 4, 4, 2), 0), grid.place(pattern(2, 4, 4, 3), 1))
    assert np.isnan(change[:, [1, 3]]).all()
    rows = total_variation(change)
    assert np.isnan(rows).tolist() == [[False, True, False, True, False]] * 2
    np.testing.assert_allclose(moved(change), rows[:, [0, 2, 4]].mean(axis=1))


def test_rows_shared_anew_are_shares_of_the_keys_that_both_have() -> None:
    one, other = pattern(1, 4, 4, 4), pattern(1, 4, 4, 5)
    grid = Grid(EDITED, EDITED, renormalise=True)
    first, second = grid.place(one, 0), grid.place(other, 1)
    np.testing.assert_allclose(first[0, 0, [0, 2, 4]], one[0, 0, [0, 1, 3]] / one[0, 0, [0, 1, 3]].sum(), rtol=1e-5)
    np.testing.assert_allclose(
        second[0, 4, [0, 2, 4]], other[0, 3, [0, 2, 3]] / other[0, 3, [0, 2, 3]].sum(), rtol=1e-5
    )
    assert np.isnan(first[0, :, [1, 3]]).all()
    np.testing.assert_allclose(grid.kept(one, 0)[0, 0], one[0, 0, [0, 1, 3]].sum(), rtol=1e-6)


def test_a_row_with_nothing_left_is_not_compared() -> None:
    one = np.zeros((1, 4, 4), dtype=np.float32)
    one[:, :, 2] = 1  # everything on the key that goes
    grid = Grid(EDITED, EDITED, renormalise=True)
    change = difference(grid.place(one, 0), grid.place(pattern(1, 4, 4, 0), 1))
    assert np.isnan(moved(change)).all()
    as_it_is = Grid(EDITED, EDITED)
    assert moved(difference(as_it_is.place(one, 0), as_it_is.place(pattern(1, 4, 4, 0), 1)))[0] == pytest.approx(1)


def test_pieces_in_one_slot_are_summed_as_keys_and_averaged_as_queries() -> None:
    slots = (Slot(Word("ab", 0, 2), Word("ab", 0, 1), True), Slot(Word("c", 2, 3), Word("c", 1, 2), True))
    cut = Alignment(slots, "characters")
    weights = pattern(2, 3, 3, 6)
    placed = Grid(cut, cut).place(weights, 0)
    expected = np.array(
        [
            [
                [(w[0, 0] + w[0, 1] + w[1, 0] + w[1, 1]) / 2, (w[0, 2] + w[1, 2]) / 2],
                [w[2, 0] + w[2, 1], w[2, 2]],
            ]
            for w in weights
        ]
    )
    np.testing.assert_allclose(placed, expected, rtol=1e-5)
    np.testing.assert_allclose(placed.sum(axis=-1), 1, rtol=1e-5)


def test_distance_is_one_where_nothing_is_in_common() -> None:
    one, other = np.zeros((2, 1, 4, 4), dtype=np.float32)
    one[..., 0], other[..., 3] = 1, 1
    assert moved(other - one)[0] == pytest.approx(1)
    assert moved(one - one)[0] == 0


def test_the_nearest_head_is_the_one_that_looks_alike_wherever_it_stands() -> None:
    first = pattern(5, 6, 6, 7)
    order = np.array([3, 0, 4, 1, 2])
    second = np.concatenate([pattern(2, 6, 6, 8), first[order]])
    best, apart = nearest_heads(first, second)
    assert best.tolist() == [2 + int(np.flatnonzero(order == h)[0]) for h in range(5)]
    np.testing.assert_allclose(apart, 0, atol=1e-7)
    by_hand = [moved(second[i : i + 1] - first[:1])[0] for i in range(7)]
    assert int(np.argmin(by_hand)) == best[0]


def test_long_texts_are_matched_on_as_few_rows_as_the_limit_asks() -> None:
    assert row_step(144, 144, 64, 64) == 1
    for size in (512, 2048):
        step = row_step(144, 144, size, size)
        assert 144 * 144 * (size // step) * size <= MOST_COMPARED < 144 * 144 * -(-size // (step - 1)) * size


def test_texts_with_nothing_in_common_have_no_distance() -> None:
    apart = by_pieces([replace(t, special=True) for t in tokens("a")], tokens("b"))
    grid = Grid(apart, apart)
    change = difference(grid.place(pattern(2, 1, 1, 0), 0), grid.place(pattern(2, 1, 1, 1), 1))
    assert np.isnan(moved(change)).all()
    assert np.isnan(nearest_heads(grid.place(pattern(2, 1, 1, 0), 0), grid.place(pattern(2, 1, 1, 1), 1))[1]).all()
