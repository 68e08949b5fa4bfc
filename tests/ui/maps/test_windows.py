"""The window into a long map that every page shares."""

import pytest

from ui.maps.windows import Sides, block
from viz.windows import MOST_CELLS, Window, edges

LONG = Sides([str(i) for i in range(1000)], [str(i) for i in range(500)])


def test_only_what_has_more_cells_than_a_screen_is_long() -> None:
    assert LONG.long
    assert not Sides(LONG.queries[:MOST_CELLS], LONG.keys[:MOST_CELLS]).long
    assert LONG.whole == Window(0, 1000, 0, 500)


def test_labels_of_a_window_are_those_of_its_cells() -> None:
    queries, keys = LONG.of(Window(10, 13, 498, 500))
    assert (list(queries), list(keys)) == (["10", "11", "12"], ["498", "499"])


@pytest.mark.parametrize("most", [64, MOST_CELLS])
def test_a_block_begins_where_the_pooled_map_begins_it(most: int) -> None:
    window = Window(100, 900, 0, 500)
    rows, columns = edges(100, 900, most), edges(0, 500, most)
    assert block(window, 7, 3, most) == (rows[7], columns[3])
    assert block(window, most - 1, most - 1, most) == (rows[-2], columns[-2])
    assert block(window, most, 0, most) is None
