"""The vectors of a score as strips and the row it competes in."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.anatomy import Row, score_row, score_strips
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]
Q, K = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, -4.0])


def test_the_strips_hold_the_vectors_and_the_sum_runs_to_q_dot_k(array: Read) -> None:
    fig = score_strips([Row("q", Q), Row("k", K), Row("q × k", Q * K, scale=1)], Q * K, theme=LIGHT).to_dict()
    strips = [trace for trace in fig["data"] if trace["type"] == "heatmap"]
    np.testing.assert_allclose([array(strip["z"])[0] for strip in strips], [Q, K, Q * K])
    assert [strip["zmax"] for strip in strips] == [4, 4, 3]
    assert [strip["zmin"] for strip in strips] == [-4, -4, -3]
    (running,) = (trace for trace in fig["data"] if trace["type"] == "scatter")
    np.testing.assert_allclose(array(running["y"]), [3, 1, -1])
    assert fig["layout"]["annotations"][0]["text"] == "-1.0000"
    assert "add up to -1" in fig["layout"]["meta"]["summary"]


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 3 coordinates"):
        score_strips([Row("q", Q[:2])], Q * K, theme=LIGHT)


def test_a_row_shows_scores_above_the_weights_they_become_and_nothing_for_hidden_keys(array: Read) -> None:
    scores = np.array([1.0, -2.0, -np.inf])
    weights = np.exp(scores) / np.exp(scores).sum()
    above, below = score_row(scores, weights, ["a", "<b>", "c"], query="q", selected=1, theme=DARK).to_dict()["data"]
    np.testing.assert_allclose(array(above["y"]), [1, -2, np.nan])
    np.testing.assert_allclose(array(below["y"]), weights, rtol=1e-6)
    assert below["hovertext"][1] == '"&lt;b&gt;"'
    assert above["marker"]["color"] == [DARK.muted, DARK.query, DARK.muted]


def test_scores_without_their_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 2 keys"):
        score_row(np.zeros(2), np.zeros(3), ["a", "b"], query="q", selected=0, theme=LIGHT)
