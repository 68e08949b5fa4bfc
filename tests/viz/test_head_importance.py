from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.head_importance import agreement_map, head_map, heads_scatter
from viz.theme import DARK, LIGHT, Theme, diverging_scale, sequential_scale

Read = Callable[[object], NDArray[np.generic]]
BITS = np.array([[0.5, -2.0, 0.25], [0.0, np.nan, 1.0]], dtype=np.float32)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_signed_numbers_are_centred_on_zero_and_missing_ones_stay_blank(array: Read, theme: Theme) -> None:
    heat = head_map(BITS, theme=theme, title="knock-out", unit="bits", signed=True).to_dict()["data"][0]
    np.testing.assert_array_equal(array(heat["z"]), BITS)
    assert heat["zmin"] == -heat["zmax"] == -2
    assert [colour for _, colour in heat["colorscale"]] == [colour for _, colour in diverging_scale(theme)]
    assert heat["hovertemplate"].startswith("layer %{y:d}, head %{x:d}: %{z:.4g} bits")


def test_sizes_start_at_zero_and_are_given_as_they_are(array: Read) -> None:
    sizes = np.array([[3.5, 12.0]], dtype=np.float32)
    heat = head_map(sizes, theme=LIGHT, title="value-weighted norm").to_dict()["data"][0]
    assert (heat["zmin"], heat["zmax"]) == (0, 12)
    assert "%{z:.4g}" in heat["hovertemplate"]
    assert "p}" not in heat["hovertemplate"]  # a norm is no percentage
    assert [colour for _, colour in heat["colorscale"]] == [colour for _, colour in sequential_scale(LIGHT)]


def test_the_head_on_screen_is_framed_and_heads_that_are_off_are_crossed(array: Read) -> None:
    sent = head_map(BITS, theme=LIGHT, title="knock-out", signed=True, selected=(1, 2), off=[(0, 1)]).to_dict()
    frame = sent["layout"]["shapes"][0]
    assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (1.5, 2.5, 0.5, 1.5)
    crosses = sent["data"][-1]
    assert (array(crosses["x"]).tolist(), array(crosses["y"]).tolist(), crosses["text"]) == ([1], [0], ["×"])


def test_the_summary_names_the_head_furthest_from_zero() -> None:
    text = summary(head_map(BITS, theme=LIGHT, title="knock-out", unit="bits", signed=True))
    assert text == "Knock-out of 2 layers of 3 heads; the largest is layer 0, head 1: -2 bits."
    nothing = np.full((1, 2), np.nan, dtype=np.float32)
    assert (
        summary(head_map(nothing, theme=LIGHT, title="knock-out", signed=True)) == "Knock-out of 1 layers of 2 heads."
    )


def test_correlations_are_printed_in_their_cells_and_coloured_from_minus_one_to_one() -> None:
    matrix = np.array([[1.0, 0.25], [0.25, 1.0]])
    figure = agreement_map(matrix, ["weight", "knock-out"], theme=LIGHT)
    sent = figure.to_dict()
    assert (sent["data"][0]["zmin"], sent["data"][0]["zmax"]) == (-1, 1)
    assert sent["data"][-1]["text"] == ["1.00", "0.25", "0.25", "1.00"]
    assert summary(figure).endswith("the most alike are weight and knock-out (0.25).")
    unknown = agreement_map(np.array([[1.0, np.nan], [np.nan, np.nan]]), ["a", "b"], theme=LIGHT)
    assert unknown.to_dict()["data"][-1]["text"] == ["1.00", "–", "–", "–"]


def test_every_head_is_a_point_of_its_kind_and_the_agreement_is_said(array: Read) -> None:
    x, y = np.array([1.0, 2, 3, 4]), np.array([0.5, 1, 0.1, 2])
    figure = heads_scatter(
        x,
        y,
        ["Encoder", "Cross", "Encoder", "Cross"],
        ["a", "b", "c", "d"],
        theme=LIGHT,
        title_x="weight",
        title_y="knock-out, bits",
        agreement=0.4,
        selected=3,
    )
    one, other = figure.to_dict()["data"]
    assert array(one["x"]).tolist() == [1, 3]
    assert array(other["y"]).tolist() == [1, 2]
    assert other["marker"]["line"]["width"] == [0, 2]
    assert summary(figure) == "4 heads, weight against knock-out, bits: Spearman's rank correlation 0.40."
    with pytest.raises(ValueError, match="do not fit"):
        heads_scatter(x, y[:2], ["a"] * 4, ["a"] * 4, theme=LIGHT, title_x="", title_y="", agreement=0.0)


def test_numbers_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 2 row and 2 column labels"):
        agreement_map(np.zeros((2, 3)), ["a", "b"], theme=LIGHT)
