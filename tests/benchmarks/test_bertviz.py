"""The comparison's own arithmetic: medians, what counts as data, and a table that says where nothing was seen."""

import pytest

from benchmarks.bertviz import ids, markdown, row
from benchmarks.visits import Visit


def test_a_row_is_the_median_of_its_visits() -> None:
    visits = [
        Visit(1_000_000, 500_000, 2.0, 30.0),
        Visit(3_000_000, 500_000, 1.0, 10.0),
        Visit(2_000_000, 500_000, 9.0, 20.0),
    ]
    found = row(32, "Regard", "lines", visits)
    assert (found.megabytes, found.data_megabytes) == (2.5, 0.5)
    assert (found.visible_s, found.head_ms, found.visits) == (2.0, 20.0, 3)


def test_a_page_that_inlines_its_data_counts_as_data() -> None:
    found = row(128, "BertViz", "model view", [Visit(107_400_000, 0, 30.0, None)], page_bytes=107_000_000)
    assert (found.megabytes, found.data_megabytes) == (107.4, 107.0)


def test_where_nothing_was_seen_the_table_says_so_and_the_size_is_that_of_the_page() -> None:
    found = row(512, "BertViz", "model view", [Visit(0, 0, None, None)], page_bytes=800_000_000)
    assert markdown([found]).splitlines()[-1] == "| 512 | BertViz: model view | 800.00 | 800.00 | nothing | – |"


@pytest.mark.parametrize("tokens", [32, 512])
def test_both_get_the_same_tokens_every_time(tokens: int) -> None:
    assert ids(tokens) == ids(tokens)
    assert len(ids(tokens)) == tokens
