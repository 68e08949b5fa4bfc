"""Maps that are no single head's, bars of two shares, and tokens written: exact numbers, escaped labels, words."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.viz.conftest import Sent
from viz.frame import summary
from viz.paired_bars import paired_bars
from viz.promoted_tokens import promoted_tokens_chart
from viz.theme import LIGHT
from viz.token_maps import token_map
from viz.windows import MOST_CELLS

Weights = NDArray[np.float32]


def test_lengths_are_exact_and_coloured_up_to_the_longest(weights: Weights, pieces: list[str]) -> None:
    fig = token_map(7 * weights, pieces, pieces, theme=LIGHT, name="length", verb="takes from", kind="length")
    np.testing.assert_array_equal(fig.data[0].z, 7 * weights)
    assert fig.data[0].zmax == pytest.approx(7 * weights.max())
    assert fig.data[0].colorscale[-1][1] == LIGHT.value
    assert "takes from" in fig.data[0].hovertemplate
    assert fig.data[0].colorbar.ticktext is None


def test_what_comes_later_is_blank_where_asked(weights: Weights, pieces: list[str]) -> None:
    fig = token_map(weights, pieces, pieces, theme=LIGHT, name="rollout", verb="holds of", hide_future=True)
    np.testing.assert_array_equal(np.isnan(fig.data[0].z), np.triu(np.ones((6, 6), dtype=bool), 1))


def test_a_long_text_is_pooled_to_the_largest_of_each_block() -> None:
    size = 3 * MOST_CELLS
    values = np.zeros((size, size), dtype=np.float32)
    values[7, 300] = 0.75
    labels = [f"t{i}" for i in range(size)]
    fig = token_map(values, labels, labels, theme=LIGHT, name="rollout", verb="holds of")
    cells = np.asarray(fig.data[0].z)
    assert cells.shape == (MOST_CELLS, MOST_CELLS)
    assert cells[2, 100] == 0.75
    assert (cells > 0).sum() == 1
    assert '"t7" holds of "t300"' in summary(fig)


def test_a_chosen_row_is_framed(weights: Weights, pieces: list[str]) -> None:
    fig = token_map(weights, pieces, pieces, theme=LIGHT, name="rollout", verb="holds of", selected=2)
    (frame,) = fig.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 5.5, 1.5, 2.5)


def test_bars_stand_side_by_side_and_keep_equal_tokens_apart(
    pieces: list[str], array: Callable[[Sent], NDArray[np.generic]]
) -> None:
    flow, rollout = np.linspace(0, 0.5, 6), np.linspace(0.4, 0.1, 6)
    fig = paired_bars(pieces, {"flow": flow, "rollout": rollout}, theme=LIGHT, said="Into x")
    sent = fig.to_dict()["data"]
    np.testing.assert_allclose(array(sent[0]["y"]), flow, atol=1e-6)
    np.testing.assert_allclose(array(sent[1]["y"]), rollout, atol=1e-6)
    assert len(set(array(sent[0]["x"]).tolist())) == 6
    assert 'flow is largest for "internationalization" (50.0%)' in summary(fig)


def test_bars_that_do_not_fit_the_tokens_are_refused(pieces: list[str]) -> None:
    with pytest.raises(ValueError, match="do not fit the shares of flow"):
        paired_bars(pieces, {"flow": np.zeros(3)}, theme=LIGHT, said="Into x")


def test_tokens_written_stand_in_the_order_given_on_either_side_of_zero(
    array: Callable[[Sent], NDArray[np.generic]],
) -> None:
    fig = promoted_tokens_chart(
        ["up", "<i>", "down"], np.array([2.0, 1.0, -3.0]), theme=LIGHT, ids=[4, 5, 6], title="added"
    )
    bars = fig.to_dict()["data"][0]
    assert array(bars["x"]).tolist() == [2.0, 1.0, -3.0]
    assert array(bars["customdata"]).tolist() == [4, 5, 6]
    assert bars["hovertext"][1] == '"&lt;i&gt;"'
    colours = bars["marker"]["color"]
    assert colours[0] == colours[1] != colours[2]
    low, high = fig.layout.xaxis.range
    assert low < -3 < 2 < high
    assert '"up" is raised most (+2.00), "down" is the lowest (-3.00)' in summary(fig)


def test_nothing_written_is_said() -> None:
    assert (
        summary(promoted_tokens_chart([], np.zeros(0), theme=LIGHT, ids=[], title="added"))
        == "Nothing is raised or lowered."
    )
