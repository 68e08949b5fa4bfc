"""The strips of the overview: labels, negative logits, one massive norm, long texts."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from viz.strips import attention_small, logits_strip, stream_norms, vector_strip
from viz.theme import LIGHT
from viz.windows import MOST_CELLS

Read = Callable[[object], NDArray[np.generic]]


def test_negative_logits_have_room_for_their_numbers_beside_the_labels() -> None:
    axis = logits_strip(["a", "b"], np.array([-1.0, -5.0]), np.array([0.9, 0.1]), theme=LIGHT).to_dict()["layout"][
        "xaxis"
    ]
    low, high = axis["range"]
    assert high < 0.01
    assert low < -5 * 1.2


def test_logits_above_zero_start_at_zero() -> None:
    axis = logits_strip(["a", "b"], np.array([1.0, 5.0]), np.array([0.1, 0.9]), theme=LIGHT).to_dict()["layout"][
        "xaxis"
    ]
    assert axis["range"] == [0.0, 5.0] or axis["range"] == (0.0, 5.0)


def test_fifty_rows_all_have_their_label() -> None:
    names = [f"t{i}" for i in range(52)]
    for figure in (
        vector_strip(np.ones((52, 8)), names, theme=LIGHT, name="embedding"),
        attention_small(np.eye(52), names, names, theme=LIGHT),
    ):
        layout = figure.to_dict()["layout"]
        assert list(layout.get("yaxis2", layout["yaxis"])["ticktext"]) == names
        assert layout["height"] <= 540


def test_one_massive_norm_turns_the_colours_logarithmic_and_keeps_the_exact_numbers(array: Read) -> None:
    norms = np.full((4, 6), 10.0)
    norms[2, 0] = 4000.0
    heat = stream_norms(norms, list("abcdef"), theme=LIGHT).to_dict()["data"][0]
    np.testing.assert_allclose(array(heat["z"]), np.log10(norms))
    np.testing.assert_array_equal(array(heat["customdata"]), norms)
    assert "customdata" in heat["hovertemplate"]
    assert list(heat["colorbar"]["ticktext"])[-1] == "4e+03"
    plain = stream_norms(np.full((4, 6), 10.0), list("abcdef"), theme=LIGHT).to_dict()["data"][0]
    np.testing.assert_array_equal(array(plain["z"]), np.full((4, 6), 10.0))


def test_a_long_text_is_pooled_and_no_value_that_stands_out_is_lost(array: Read) -> None:
    names = [str(i) for i in range(1000)]
    vectors = np.zeros((1000, 600), dtype=np.float32)
    vectors[777, 333] = -9.0
    cells = array(vector_strip(vectors, names, theme=LIGHT, name="embedding").to_dict()["data"][0]["z"])
    assert cells.shape == (MOST_CELLS, MOST_CELLS)
    assert cells.min() == -9.0
    norms = np.ones((4, 1000))
    norms[1, 500] = 3.0
    shown = array(stream_norms(norms, names, theme=LIGHT).to_dict()["data"][0]["z"])
    assert shown.shape == (4, MOST_CELLS)
    assert shown.max() == 3.0
