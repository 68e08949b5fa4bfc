"""Figures of what position schemes do inside attention."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.positions import angles_heatmap, bucket_heatmap, distance_curve, offsets_heatmap, rotation_plane
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]


def test_keys_after_their_query_have_no_bias_to_show(pieces: list[str], array: Read) -> None:
    buckets = np.maximum(np.subtract.outer(np.arange(6), np.arange(6)), 0)
    learned = np.array([3.0, 1.0, -1.0, 0.5, 0.0, -2.0])
    figure = bucket_heatmap(buckets, learned, pieces, pieces, theme=LIGHT, hide_future=True)
    shown = array(figure.to_dict()["data"][0]["z"])
    assert np.isnan(shown[np.triu_indices(6, 1)]).all()
    assert shown[5].tolist() == learned[::-1].tolist()


def test_buckets_that_only_hidden_keys_fall_into_are_not_counted(pieces: list[str]) -> None:
    ahead = np.triu(np.full((6, 6), 3), 1)
    said = bucket_heatmap(ahead, np.zeros(4), pieces, pieces, theme=LIGHT, hide_future=True).layout.meta["summary"]
    assert "1 of 4 buckets" in said


def test_a_column_is_an_offset_and_a_row_a_head(array: Read) -> None:
    offsets = np.arange(-3, 3)
    bias = np.outer([1.0, 2.0], offsets).astype(np.float32)
    sent = offsets_heatmap(bias, offsets, theme=DARK, buckets=np.abs(offsets)).to_dict()
    heat = sent["data"][0]
    assert array(heat["x"]).tolist() == offsets.tolist()
    np.testing.assert_array_equal(array(heat["z"]), bias)
    assert array(heat["customdata"])[1].tolist() == [3, 2, 1, 0, 1, 2]
    assert sent["layout"]["yaxis"]["ticktext"] == ["head 0", "head 1"]
    assert sent["layout"]["xaxis"]["ticktext"] == ["-3", "-2", "-1", "0", "+1", "+2"]


def test_biases_and_offsets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        offsets_heatmap(np.zeros((2, 5)), np.arange(4), theme=LIGHT)


def test_an_angle_is_coloured_by_where_it_ends_and_told_in_full(pieces: list[str], array: Read) -> None:
    angles = np.outer(np.arange(6), [2.0, 0.5])
    heat = angles_heatmap(angles, pieces, theme=LIGHT).to_dict()["data"][0]
    ends = array(heat["z"])
    np.testing.assert_allclose(np.exp(1j * ends), np.exp(1j * angles), atol=1e-6)
    assert np.abs(ends).max() <= np.pi
    np.testing.assert_array_equal(array(heat["customdata"]), angles)


def test_a_vector_is_drawn_before_and_after_it_turned() -> None:
    before, after = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [-2.0, 0.0]])
    figure = rotation_plane(before, after, ["query <b>", "key"], [LIGHT.query, LIGHT.key], theme=LIGHT)
    drawn = figure.to_dict()["data"]
    assert [trace["line"]["dash"] for trace in drawn] == ["dot", "solid", "dot", "solid"]
    assert [(trace["x"][1], trace["y"][1]) for trace in drawn] == [(1, 0), (0, 1), (0, 2), (-2, 0)]
    assert "&lt;b&gt;" in drawn[0]["name"]
    assert figure.layout.xaxis.range[1] > 2
    with pytest.raises(ValueError, match="do not fit"):
        rotation_plane(before, after[:1], ["a", "b"], ["red", "blue"], theme=LIGHT)


def test_the_curve_marks_where_the_pair_stands(array: Read) -> None:
    scores = np.cos(np.arange(20.0))
    line, mark = distance_curve(scores, theme=LIGHT, at=4).to_dict()["data"]
    np.testing.assert_array_equal(array(line["y"]), scores)
    assert (mark["x"], mark["y"]) == ([4], [pytest.approx(scores[4])])
    assert len(distance_curve(scores, theme=LIGHT, at=40).data) == 1
