"""Which pair of a head is worth a sentence."""

import numpy as np
import pytest

from viz.attention import weights_summary
from viz.strongest import is_forced, sinks, strongest


def causal(*rows: list[float]) -> np.ndarray:
    return np.array([[*row, *[0.0] * (len(rows) - len(row))] for row in rows], dtype=np.float32)


def test_the_first_row_of_a_causal_head_is_left_out() -> None:
    weights = causal([1.0], [0.3, 0.7], [0.25, 0.6, 0.15])
    assert is_forced(weights)
    assert strongest(weights) == (1, 1)


def test_a_row_that_could_have_looked_elsewhere_is_not_forced() -> None:
    weights = np.array([[0.99, 0.01], [0.5, 0.5]], dtype=np.float32)
    assert not is_forced(weights)
    assert strongest(weights) == (0, 0)


def test_a_key_that_takes_most_of_every_row_is_a_sink_and_left_out() -> None:
    weights = causal([1.0], [0.9, 0.1], [0.9, 0.0, 0.1], [0.9, 0.05, 0.0, 0.05], [0.7, 0.0, 0.3, 0.0, 0.0])
    assert sinks(weights) == pytest.approx({0: 0.85})
    assert strongest(weights) == (4, 2)


def test_even_attention_and_the_diagonal_have_no_sink() -> None:
    even = np.full((3, 3), 1 / 3, dtype=np.float32)
    assert sinks(np.vstack([even, even])) == {}
    assert sinks(np.eye(9, dtype=np.float32)) == {}


def test_where_all_goes_to_the_sink_it_is_named_after_all() -> None:
    weights = np.zeros((5, 3), dtype=np.float32)
    weights[:, 1] = 1
    assert strongest(weights) == (0, 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1)])
def test_a_map_of_one_row_or_column_has_a_strongest_pair(size: tuple[int, int]) -> None:
    assert strongest(np.full(size, 1 / size[1], dtype=np.float32)) == (0, 0)


def test_the_description_of_a_map_leaves_out_the_forced_row_and_names_sinks() -> None:
    weights = causal([1.0], [0.9, 0.1], [0.9, 0.0, 0.1], [0.9, 0.05, 0.0, 0.05], [0.7, 0.0, 0.3, 0.0, 0.0])
    said = weights_summary(weights, list("abcde"), ["<s>", "v", "w", "x", "y"])
    assert 'the largest weight apart from sinks is 30.0%: "e" looks at "w".' in said
    assert '"<s>" is an attention sink.' in said
