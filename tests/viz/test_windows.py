"""A long text's map: pooled so that nothing strong is lost, windows that follow zooming, and exact cells in them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.theme import LIGHT
from viz.windows import MOST_CELLS, Window, edges, pooled, pooled_heatmap, whole, within, zoomed

Read = Callable[[object], NDArray[np.generic]]


def patterns(queries: int, keys: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(3).exponential(size=(queries, keys))
    return (drawn / drawn.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("queries", "keys"), [(500, 500), (300, 7), (193, 1000)])
def test_each_cell_is_the_largest_of_its_block(queries: int, keys: int) -> None:
    weights = patterns(queries, keys)
    rows, columns = edges(0, queries), edges(0, keys)
    cells = pooled(weights, rows, columns)
    assert cells.shape == (min(queries, MOST_CELLS), min(keys, MOST_CELLS))
    for i, j in ((0, 0), (cells.shape[0] - 1, cells.shape[1] - 1), (cells.shape[0] // 2, cells.shape[1] // 3)):
        block = weights[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
        assert cells[i, j] == block.max()
    assert cells.max() == weights.max()


def test_blocks_cover_a_window_without_gaps() -> None:
    marks = edges(37, 1037)
    assert (marks[0], marks[-1], len(marks)) == (37, 1037, MOST_CELLS + 1)
    assert set(np.diff(marks)) == {5, 6}
    assert edges(5, 9).tolist() == [5, 6, 7, 8, 9]


def test_blank_cells_are_passed_over_where_a_block_has_others() -> None:
    weights = np.full((400, 400), np.nan, dtype=np.float32)
    weights[0, 0] = 0.25
    cells = pooled(weights, edges(0, 400), edges(0, 400))
    assert cells[0, 0] == 0.25
    assert np.isnan(cells).sum() == cells.size - 1


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (Window(10, 60, 20, 90), Window(10, 60, 20, 90)),
        (Window(-30, 20, 480, 530), Window(0, 50, 450, 500)),
        (Window(100, 101, 499, 500), Window(100, 108, 492, 500)),
        (Window(0, 9999, 0, 9999), Window(0, 500, 0, 500)),
    ],
)
def test_a_window_is_moved_into_the_map(asked: Window, got: Window) -> None:
    assert within(asked, 500, 500) == got


def test_zooming_into_blocks_asks_for_the_tokens_they_hold() -> None:
    size = whole(960, 960)  # five tokens a block
    assert zoomed(size, (9.5, 29.5), (-0.5, 191.5)) == Window(0, 960, 50, 150)
    assert zoomed(size, (9.5, 29.5), (191.5, -0.5)) == Window(0, 960, 50, 150)
    assert zoomed(size, (9.5, 29.5), (-0.5, 191.5), transposed=True) == Window(50, 150, 0, 960)


def test_panning_past_the_edge_goes_on_at_the_same_pace() -> None:
    part = Window(0, 480, 0, 960)
    assert zoomed(part, (-0.5, 191.5), (191.5 + 40, 0 - 0.5 + 40)) == Window(100, 580, 0, 960)


def test_zooming_into_exact_cells_asks_for_positions() -> None:
    assert zoomed(Window(100, 200, 300, 400), (309.5, 349.5), (149.5, 119.5)) == Window(120, 150, 310, 350)


def test_the_pooled_figure_names_its_blocks_and_blanks_the_future(array: Read) -> None:
    weights = patterns(400, 400)
    labels = [f"t{i}" for i in range(400)]
    fig = pooled_heatmap(
        weights, labels, labels, whole(400, 400), theme=LIGHT, hide_future=True, framed=Window(0, 100, 0, 50)
    )
    drawn = fig.to_dict()
    cells = array(drawn["data"][0]["z"])
    rows = edges(0, 400)
    assert np.isnan(cells[0, -1])
    assert not np.isnan(cells[-1]).any()
    assert cells[7, 3] == weights[rows[7] : rows[8], rows[3] : rows[4]].max()
    assert drawn["layout"]["xaxis"]["ticktext"][0] == "0 t0 – 1 t1"
    assert "pooled" in drawn["layout"]["meta"]["summary"]
    frame = drawn["layout"]["shapes"][0]
    assert (frame["y0"], frame["y1"]) == pytest.approx((-0.5, 47.5))
    assert (frame["x0"], frame["x1"]) == pytest.approx((-0.5, 23.5))


def test_a_transposed_pooled_figure_has_keys_down(array: Read) -> None:
    weights = patterns(400, 300)
    names = [f"q{i}" for i in range(400)], [f"k{i}" for i in range(300)]
    size = whole(400, 300)
    straight, turned = (
        array(pooled_heatmap(weights, *names, size, theme=LIGHT, transposed=on).to_dict()["data"][0]["z"])
        for on in (False, True)
    )
    assert np.array_equal(turned, straight.T)
