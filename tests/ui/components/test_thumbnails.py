"""Pooling a head's pattern into a picture."""

import numpy as np
import pytest

from ui.components.head_grid import signed_thumbnails, thumbnails
from ui.components.payload import PayloadError


def patterns(heads: int, queries: int, keys: int) -> np.ndarray:
    """Rows that sum to 1, different in every head."""
    scores = np.sin(np.arange(heads * queries * keys, dtype=np.float64).reshape(heads, queries, keys) * 1.7) * 4
    weights = np.exp(scores)
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def test_a_short_text_is_kept_cell_for_cell() -> None:
    weights = patterns(3, 7, 12)
    assert np.array_equal(thumbnails(weights), np.rint(weights * 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("queries", "keys", "most"), [(65, 65, 64), (100, 130, 64), (7, 200, 64), (128, 3, 64), (9, 9, 4)]
)
def test_each_cell_is_the_largest_of_its_block(queries: int, keys: int, most: int) -> None:
    weights = patterns(2, queries, keys)
    pictures = thumbnails(weights, most)
    rows, columns = min(queries, most), min(keys, most)
    assert pictures.shape == (2, rows, columns)
    for row in range(rows):
        for column in range(columns):
            top, bottom = row * queries // rows, (row + 1) * queries // rows
            left, right = column * keys // columns, (column + 1) * keys // columns
            largest = weights[:, top:bottom, left:right].max(axis=(1, 2))
            assert np.array_equal(pictures[:, row, column], np.rint(largest * 255).astype(np.uint8))


def test_a_single_strong_link_survives_pooling() -> None:
    weights = np.zeros((1, 1000, 777), dtype=np.float32)
    weights[0, 613, 500] = 1
    pictures = thumbnails(weights)
    assert (pictures == 255).sum() == 1


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (2, 0, 4), (2, 2, 2, 2)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PayloadError, match="query, key"):
        thumbnails(np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.5])
def test_what_is_no_share_is_refused(value: float) -> None:
    weights = np.full((1, 2, 2), 0.5, dtype=np.float32)
    weights[0, 1, 0] = value
    with pytest.raises(PayloadError, match="shares from 0 to 1"):
        thumbnails(weights)


def test_changes_are_drawn_around_zero_and_what_is_missing_stays_blank() -> None:
    changes = np.array([[[0.5, -0.5, 0.0], [0.25, np.nan, -0.1]]], dtype=np.float32)
    pictures = signed_thumbnails(changes, 0.5)
    assert pictures.tolist() == [[[255, 1, 128], [192, 0, 103]]]
    assert signed_thumbnails(changes, 0.1).tolist() == [[[255, 1, 128], [255, 0, 1]]]


@pytest.mark.parametrize("most", [3, 5])
def test_a_block_of_changes_shows_the_one_furthest_from_zero(most: int) -> None:
    changes = np.random.default_rng(0).normal(size=(2, 8, 11)).astype(np.float32)
    changes[:, 2] = np.nan
    top = float(np.nanmax(np.abs(changes)))
    pictures = signed_thumbnails(changes, top, most)
    for row in range(most):
        for column in range(most):
            block = changes[:, row * 8 // most : (row + 1) * 8 // most, column * 11 // most : (column + 1) * 11 // most]
            for head, cells in enumerate(block):
                known = cells[np.isfinite(cells)]
                value = known[np.abs(known).argmax()] if known.size else None
                assert pictures[head, row, column] == (0 if value is None else 128 + round(127 * float(value) / top))


@pytest.mark.parametrize(("shape", "top"), [((2, 2), 1.0), ((1, 0, 2), 1.0), ((1, 2, 2), 0.0)])
def test_changes_that_cannot_be_drawn_are_refused(shape: tuple[int, ...], top: float) -> None:
    with pytest.raises(PayloadError, match="query, key"):
        signed_thumbnails(np.zeros(shape, dtype=np.float32), top)
