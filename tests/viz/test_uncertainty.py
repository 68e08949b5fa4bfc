from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.frame import summary
from viz.next_token import REST_ID, next_token_chart
from viz.percent import format_percent
from viz.theme import DARK, LIGHT
from viz.uncertainty import candidates_table_heatmap, entropy_line, temperature_curve

Read = Callable[[object], NDArray[np.generic]]


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.7123, "71.2%"),
        (0.098, "9.8%"),
        (0.00043, "0.043%"),
        (0.0043, "0.43%"),
        (0.00999, "1.0%"),
        (0.99999, "99.999%"),
        (0.9996, "99.96%"),
        (1e-5, "0.0010%"),
        (9.99e-6, "0.0010%"),
        (9e-6, "<0.001%"),
        (1e-9, "<0.001%"),
        (5e-324, "<0.001%"),
        (1 - 2**-53, "99.99999999999999%"),
        (np.float32(1) + np.float32(2**-22), "100%"),
    ],
)
def test_percentages_keep_two_digits_and_never_round_to_nothing_or_to_all(probability: float, text: str) -> None:
    assert format_percent(probability) == text


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        format_percent(probability)


@pytest.fixture
def vocabulary() -> NDArray[np.float64]:
    """A softmax over 5,000 tokens."""
    exponentials = np.exp(8 * np.cos(np.arange(5000) * 0.77))
    return exponentials / exponentials.sum()


def test_the_bars_and_the_rest_add_up_to_one(vocabulary: NDArray[np.float64], array: Read) -> None:
    top = np.argsort(-vocabulary)[:10]
    rest = float(1 - vocabulary[top].sum())
    labels = [f"t{token}" for token in top]
    sent = next_token_chart(labels, vocabulary[top], 4990, rest, theme=LIGHT, ids=top.tolist()).to_dict()
    bars = sent["data"][0]
    assert array(bars["x"]).sum() == pytest.approx(1, abs=1e-12)
    assert array(bars["customdata"]).tolist() == [*top.tolist(), REST_ID]
    assert sent["layout"]["yaxis"]["ticktext"][-1] == "4,990 others"
    assert sent["layout"]["yaxis"]["range"] == [10.5, -0.5]  # the first bar is on top


def test_candidates_are_sorted_together_with_their_ids(array: Read) -> None:
    chart = next_token_chart(["a", "b", "c"], np.array([0.1, 0.6, 0.2]), 7, 0.1, theme=LIGHT, ids=[10, 11, 12])
    bars = chart.to_dict()["data"][0]
    assert array(bars["x"]).tolist() == [0.6, 0.2, 0.1, 0.1]
    assert array(bars["customdata"]).tolist() == [11, 12, 10, REST_ID]
    assert bars["hovertext"][:3] == ['"b"', '"c"', '"a"']


def test_the_token_that_came_is_marked_by_its_id_not_by_its_text() -> None:
    chart = next_token_chart(["the", "the"], np.array([0.5, 0.3]), 3, 0.2, theme=DARK, ids=[4, 9], chosen=9)
    text = chart.to_dict()["layout"]["yaxis"]["ticktext"]
    assert text[0] == "the"
    assert text[1] == "<b>▸ the</b>"
    assert 'the token that follows is "the" (30.0%)' in summary(chart)


def test_markup_in_a_candidate_is_shown_as_text() -> None:
    chart = next_token_chart(["<b>"], np.array([1.0]), 0, 0.0, theme=LIGHT, ids=[1], chosen=1).to_dict()
    assert chart["layout"]["yaxis"]["ticktext"] == ["<b>▸ &lt;b&gt;</b>"]
    assert chart["data"][0]["hovertext"] == ['"&lt;b&gt;"']


def test_the_probability_chart_keeps_its_height_and_axis() -> None:
    charts = [
        next_token_chart(["a"] * n, np.full(n, 0.05), 90, 1 - 0.05 * n, theme=LIGHT, ids=list(range(n))).to_dict()
        for n in (1, 5, 12)
    ]
    assert len({chart["layout"]["height"] for chart in charts}) == 1
    assert all(chart["layout"]["xaxis"]["range"] == [0, 1] for chart in charts)


def test_candidates_without_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels, 1 ids and 2 probabilities"):
        next_token_chart(["a", "b"], np.array([0.5, 0.5]), 0, 0.0, theme=LIGHT, ids=[1])


def test_the_candidates_of_each_position_keep_exact_probabilities_and_frame_what_came(array: Read) -> None:
    probabilities = np.array([[0.7, 0.2], [0.5, 0.4], [0.9, 0.05]], dtype=np.float32)
    labels = [["I", "<b>"], ["love", "like"], [".", "!"]]
    figure = candidates_table_heatmap(labels, probabilities, ["<s>", "I", "I"], theme=LIGHT, came=[0, 1, None])
    sent = figure.to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), probabilities)
    assert sent["data"][0]["hovertext"][0] == ['"I"', '"&lt;b&gt;"']
    assert sent["data"][-1]["text"][:2] == ["I", "&lt;b&gt;"]
    frames = [(shape["x0"] + 0.5, shape["y0"] + 0.5) for shape in sent["layout"]["shapes"]]
    assert frames == [(1, 0), (2, 1)]
    assert "most probable one 1 times and among these 2 times" in summary(figure)


def test_entropy_and_surprisal_reach_the_figure_in_bits(array: Read) -> None:
    entropy, surprisal = np.array([3.0, 1.5]), np.array([np.nan, 0.25])
    data = entropy_line(entropy, surprisal, ["I", "love"], theme=LIGHT).to_dict()["data"]
    np.testing.assert_array_equal(array(data[0]["y"]), entropy)
    np.testing.assert_array_equal(array(data[1]["y"]), surprisal)


def test_labels_of_the_line_turn_in_the_browser_and_no_more_are_written_than_stand_upright_side_by_side() -> None:
    labels = [f"token{i}" for i in range(200)]
    figure = entropy_line(np.zeros(200), np.zeros(200), labels, theme=LIGHT, width=900).to_dict()
    axis = figure["layout"]["xaxis"]
    assert "tickangle" not in axis
    assert list(axis["autotickangles"]) == [0, -45, -90]
    assert 14 * len(axis["tickvals"]) <= 900 - 70


def test_temperature_curves_are_one_line_a_token(array: Read) -> None:
    temperatures = np.array([0.5, 1.0, 2.0])
    logits = np.array([2.0, 1.0, 0.0])
    exponentials = np.exp(logits / temperatures[:, None])
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    figure = temperature_curve(temperatures, probabilities, ["the", "the", "<i>"], theme=LIGHT, current=1.0)
    data = figure.to_dict()["data"]
    np.testing.assert_array_equal(np.stack([array(line["y"]) for line in data], axis=1), probabilities)
    assert data[2]["name"] == "&lt;i&gt;"
