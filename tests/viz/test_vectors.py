from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.embedding import position_table_heatmap, sum_of_parts, vectors_heatmap, waves
from viz.positions import bias_heatmap, bucket_heatmap, rotation_circle, slopes_chart
from viz.similarity import cosine_similarity_heatmap, neighbours_chart, projection
from viz.strips import attention_small, ids_strip, logits_strip, stream_norms, vector_strip
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]


@pytest.fixture
def vectors() -> NDArray[np.float32]:
    """(time 6, d_model 16)"""
    return np.sin(np.outer(np.arange(1, 7), np.arange(1, 17))).astype(np.float32)


def test_vectors_are_exact_and_centred_on_zero(vectors: NDArray[np.float32], pieces: list[str], array: Read) -> None:
    heat = vectors_heatmap(vectors, pieces, theme=LIGHT, name="embedding").to_dict()["data"][0]
    np.testing.assert_array_equal(array(heat["z"]), vectors)
    assert heat["zmax"] == -heat["zmin"] == np.abs(vectors).max()


def test_the_parts_and_their_sum_share_one_colour_scale(
    vectors: NDArray[np.float32], pieces: list[str], array: Read
) -> None:
    position = vectors[::-1]
    sent = sum_of_parts(vectors, position, vectors + position, pieces, theme=DARK).to_dict()
    maps = [trace for trace in sent["data"] if trace["type"] == "heatmap"]
    embedding, added, total = (array(trace["z"]) for trace in maps)
    np.testing.assert_array_equal(embedding + added, total)
    assert {trace["coloraxis"] for trace in maps} == {"coloraxis"}
    assert sent["layout"]["coloraxis"]["cmax"] == pytest.approx(np.abs(total).max())
    assert [sent["layout"][axis]["ticktext"].count('"the"') for axis in ("yaxis", "yaxis2", "yaxis3")] == [3, 3, 3]


def test_dimensions_are_numbered_by_the_width_there_is(vectors: NDArray[np.float32], pieces: list[str]) -> None:
    both = (
        (sum_of_parts(vectors, None, vectors, pieces, theme=LIGHT), "xaxis2"),
        (
            vectors_heatmap(vectors, pieces, theme=LIGHT, name="embedding", width=1000),
            "xaxis2",
        ),
    )
    for fig, axis in both:
        found = fig.to_dict()["layout"][axis]
        assert (found["tickmode"], found["title"]["text"], found.get("ticktext")) == ("auto", "dimension", None)


def test_a_scheme_that_adds_no_vector_has_two_panels(vectors: NDArray[np.float32], pieces: list[str]) -> None:
    data = sum_of_parts(vectors, None, vectors, pieces, theme=LIGHT).to_dict()["data"]
    assert sum(trace["type"] == "heatmap" for trace in data) == 2


def test_a_wave_is_a_column_of_the_table(vectors: NDArray[np.float32], array: Read) -> None:
    data = waves(vectors, [3, 5], theme=LIGHT).to_dict()["data"]
    np.testing.assert_array_equal(array(data[1]["y"]), vectors[:, 5])
    with pytest.raises(ValueError, match="no dimension 16"):
        waves(vectors, [16], theme=LIGHT)


def test_the_table_of_positions_is_exact(vectors: NDArray[np.float32], array: Read) -> None:
    np.testing.assert_array_equal(
        array(position_table_heatmap(vectors, theme=LIGHT).to_dict()["data"][0]["z"]), vectors
    )


def test_cosines_are_always_coloured_from_minus_one_to_one(pieces: list[str], array: Read) -> None:
    matrix = np.full((6, 6), 0.1) + 0.9 * np.eye(6)
    figure = cosine_similarity_heatmap(matrix, pieces, theme=LIGHT)
    heat = figure.to_dict()["data"][0]
    assert (heat["zmin"], heat["zmax"]) == (-1, 1)
    np.testing.assert_array_equal(array(heat["z"]), matrix)


def test_the_nearest_neighbour_is_on_top_with_its_id(array: Read) -> None:
    sent = neighbours_chart(["b", "a"], np.array([0.2, 0.9]), theme=LIGHT, word="x", ids=[7, 8]).to_dict()
    assert array(sent["data"][0]["x"]).tolist() == [0.9, 0.2]
    assert array(sent["data"][0]["customdata"]).tolist() == [8, 7]
    assert sent["layout"]["yaxis"]["ticktext"] == ["a", "b"]


def test_a_projection_keeps_points_with_their_group_and_states_the_variance(pieces: list[str], array: Read) -> None:
    points = np.arange(12.0).reshape(6, 2)
    figure = projection(points, pieces, ["x", "y", "x", "y", "x", "y"], [0.4, 0.25], theme=LIGHT).to_dict()
    np.testing.assert_array_equal(array(figure["data"][1]["x"]), points[[1, 3, 5], 0])
    assert array(figure["data"][1]["customdata"]).tolist() == [1, 3, 5]
    assert figure["layout"]["xaxis"]["title"]["text"] == "first direction (40.0% of the variance)"


def test_strips_are_low_and_exact(
    vectors: NDArray[np.float32], weights: NDArray[np.float32], pieces: list[str], array: Read
) -> None:
    figures = [
        vector_strip(vectors, pieces, theme=LIGHT, name="embedding"),
        attention_small(weights, pieces, pieces, theme=LIGHT),
        stream_norms(np.abs(vectors[:4, :6]), pieces, theme=LIGHT),
    ]
    for figure, values in zip(figures, (vectors, weights, np.abs(vectors[:4, :6])), strict=True):
        assert 120 <= figure.layout.height <= 220
        np.testing.assert_array_equal(array(figure.to_dict()["data"][0]["z"]), values)


def test_the_rows_of_the_stream_are_named_for_the_layer_they_enter(
    vectors: NDArray[np.float32], pieces: list[str]
) -> None:
    layout = stream_norms(np.abs(vectors[:3, :6]), pieces, theme=LIGHT).to_dict()["layout"]
    assert layout["yaxis"]["ticktext"] == ["into layer 0", "into layer 1", "out"]


def test_pieces_that_do_not_fit_the_strip_are_counted() -> None:
    figure = ids_strip(["<i>"] * 30, list(range(30)), theme=LIGHT)
    texts = [note.text for note in figure.layout.annotations]
    assert "+ 6 more" in texts
    assert "<i>" not in texts
    assert texts.count("&lt;i&gt;") == 24


def test_logits_and_their_softmax_stand_in_the_same_order(array: Read) -> None:
    data = logits_strip(["b", "a"], np.array([1.0, 3.0]), np.array([0.1, 0.8]), theme=LIGHT).to_dict()["data"]
    assert array(data[0]["x"]).tolist() == [3.0, 1.0]
    assert array(data[1]["x"]).tolist() == [0.8, 0.1]


def test_a_bias_of_minus_infinity_is_blank_and_the_rest_exact(pieces: list[str], array: Read) -> None:
    query, key = np.mgrid[0:6, 0:6]
    bias = np.where(key <= query, -0.5 * (query - key), -np.inf)
    heat = bias_heatmap(bias, pieces, pieces, theme=LIGHT).to_dict()["data"][0]
    shown = array(heat["z"])
    assert np.isnan(shown[key > query]).all()
    np.testing.assert_array_equal(shown[key <= query], bias[key <= query])
    assert heat["zmax"] == 2.5


def test_a_bucket_shows_its_own_bias(pieces: list[str], array: Read) -> None:
    buckets = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    learned = np.array([3.0, 1.0, -1.0, 0.5, 0.0, -2.0])
    heat = bucket_heatmap(buckets, learned, pieces, pieces, theme=LIGHT).to_dict()["data"][0]
    assert array(heat["z"])[0].tolist() == learned.tolist()
    np.testing.assert_array_equal(array(heat["customdata"]), buckets)
    with pytest.raises(ValueError, match="5 have a bias"):
        bucket_heatmap(buckets, learned[:5], pieces, pieces, theme=LIGHT)


def test_slopes_and_rotations_are_exact(pieces: list[str], array: Read) -> None:
    slopes, angles = 2.0 ** -np.arange(1, 9), 0.3 * np.arange(6)
    np.testing.assert_array_equal(array(slopes_chart(slopes, theme=LIGHT).to_dict()["data"][0]["y"]), slopes)
    points = rotation_circle(angles, pieces, theme=LIGHT, pair=0).to_dict()["data"][1]
    np.testing.assert_array_equal(array(points["customdata"]), angles)
    np.testing.assert_allclose(np.hypot(array(points["x"]), array(points["y"])), 1)
