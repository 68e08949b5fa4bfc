from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.logit_attribution import parts_in_order, parts_map, signed
from viz.theme import DARK, LIGHT

Read = Callable[[object], NDArray[np.generic]]
PARTS = np.array([[0.5, -2.0, 0.0], [1.5, 0.25, -0.5]])


@pytest.mark.parametrize(
    ("value", "text"), [(1.234, "+1.23"), (-0.5, "\u22120.50"), (0.001, "0.00"), (-0.004, "0.00"), (0, "0.00")]
)
def test_a_part_is_written_with_its_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_the_map_is_exact_and_zero_has_the_colour_of_nothing(array: Read) -> None:
    sent = parts_map(PARTS, ["self 0", "self 1", "FF"], "cat", "<b>", theme=LIGHT, chosen=(1, 0)).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), PARTS)
    assert sent["data"][0]["zmin"] == -2
    assert sent["data"][0]["zmax"] == 2
    assert "“&lt;b&gt;”" in sent["data"][0]["hovertemplate"]
    frame = sent["layout"]["shapes"][0]
    assert (frame["x0"] + 0.5, frame["y0"] + 0.5) == (0, 1)


def test_the_map_names_its_largest_part() -> None:
    assert "layer 0, self 1 (\u22122.00)" in summary(parts_map(PARTS, ["self 0", "self 1", "FF"], "a", "b", theme=DARK))


def test_bars_keep_their_order_and_end_with_the_rest(array: Read) -> None:
    sent = parts_in_order(["L0 self 1", "L1 self 0"], np.array([-2.0, 1.5]), 0.25, 4, "a", "b", theme=LIGHT).to_dict()
    bars = sent["data"][0]
    assert array(bars["x"]).tolist() == [-2.0, 1.5, 0.25]
    assert bars["text"] == ["\u22122.00", "+1.50", "+0.25"]
    assert sent["layout"]["yaxis"]["ticktext"][-1] == "4 others"
    assert bars["marker"]["color"][0] != bars["marker"]["color"][1] != bars["marker"]["color"][2] == LIGHT.muted


def test_nothing_left_over_gets_no_bar(array: Read) -> None:
    sent = parts_in_order(["x"], np.array([1.0]), 0.0, 0, "a", "b", theme=LIGHT).to_dict()
    assert array(sent["data"][0]["x"]).tolist() == [1.0]


def test_names_that_fit_no_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        parts_in_order(["x"], np.array([1.0, 2.0]), 0.0, 0, "a", "b", theme=LIGHT)
    with pytest.raises(ValueError, match="do not fit"):
        parts_map(PARTS, ["self 0"], "a", "b", theme=LIGHT)
