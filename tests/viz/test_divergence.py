from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.divergence import divergence_lines, heads_apart, pair_labels
from viz.frame import summary
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]


def test_a_step_is_named_by_its_token_or_by_both() -> None:
    assert pair_labels(["a", "b", "c"], ["a", "x"]) == ["a", "b | x"]


def test_both_lines_are_exact_and_the_step_is_marked(array: Read) -> None:
    a, b = np.array([0.0, 0.4]), np.array([0.0, 0.25])
    sent = divergence_lines(a, b, ["a", "<b> | c"], theme=LIGHT, step=1).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["y"]), a)
    np.testing.assert_array_equal(array(sent["data"][1]["y"]), b)
    assert sent["data"][0]["hovertext"][1] == '"&lt;b&gt; | c"'
    assert sent["layout"]["xaxis"]["ticktext"] == ["a", "&lt;b&gt; | c"]
    assert sent["layout"]["shapes"][0]["x0"] == 1


def test_the_description_says_where_they_part() -> None:
    assert 'first differ at "c"' in summary(
        divergence_lines(np.array([0, 0.4]), np.zeros(2), ["a", "c"], theme=DARK, step=0)
    )
    assert "do not differ" in summary(divergence_lines(np.zeros(2), np.zeros(2), ["a", "c"], theme=DARK, step=0))


def test_every_head_has_its_row(array: Read) -> None:
    values = np.array([[0.0, 0.5], [0.25, 1.0]])
    sent = heads_apart(values, ["L0 H0", "L0 H1"], ["a", "b"], theme=LIGHT).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), values)
    with pytest.raises(ValueError, match="do not fit"):
        heads_apart(values, ["L0 H0"], ["a", "b"], theme=LIGHT)
    with pytest.raises(ValueError, match="do not fit"):
        divergence_lines(values[0], values[1], ["a"], theme=LIGHT, step=0)
