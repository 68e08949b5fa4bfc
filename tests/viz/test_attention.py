from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.attention import alignment, attention_heatmap, attention_rows, difference_heatmap, heads_by_key
from viz.cells import luminance
from viz.frame import summary
from viz.shares import LOG_FLOOR, ShareScale
from viz.theme import DARK, LIGHT, PALETTES, Palette, Theme

Read = Callable[[object], NDArray[np.generic]]
Weights = NDArray[np.float32]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_weight_reaches_the_figure_unchanged(
    weights: Weights, pieces: list[str], array: Read, theme: Theme
) -> None:
    heat = attention_heatmap(weights, pieces, pieces, theme=theme).to_dict()["data"][0]
    sent = array(heat["z"])
    assert sent.dtype == np.float32
    np.testing.assert_array_equal(sent, weights)
    assert "%{z:.4g}" in heat["hovertemplate"]


@pytest.mark.parametrize("scale", ["sqrt", "log"])
def test_a_bent_colour_scale_keeps_the_exact_weights_for_hover(
    weights: Weights, pieces: list[str], array: Read, scale: ShareScale
) -> None:
    heat = attention_heatmap(weights, pieces, pieces, theme=LIGHT, scale=scale).to_dict()["data"][0]
    np.testing.assert_array_equal(array(heat["customdata"]), weights)
    assert "%{customdata:.4g}" in heat["hovertemplate"]
    assert "%{z" not in heat["hovertemplate"]
    z = array(heat["z"])
    undone = z**2 if scale == "sqrt" else 10.0**z
    np.testing.assert_allclose(undone, np.maximum(weights, LOG_FLOOR if scale == "log" else 0), rtol=1e-5)


@pytest.mark.parametrize("scale", ["linear", "sqrt", "log"])
def test_the_colour_bar_names_exact_weights_where_their_colours_are(
    weights: Weights, pieces: list[str], scale: ShareScale
) -> None:
    heat = attention_heatmap(weights, pieces, pieces, theme=LIGHT, scale=scale, zmax=0.6).to_dict()["data"][0]
    bar = heat["colorbar"]
    assert bar["title"]["text"] == "attention weight"
    assert bar["ticktext"][-1] == "0.6"
    undo = {"linear": lambda z: z, "sqrt": lambda z: z**2, "log": lambda z: 10.0**z}[scale]
    for value, text in zip(bar["tickvals"], bar["ticktext"], strict=True):
        assert float(text.removeprefix("≤ ")) == pytest.approx(undo(value), abs=1e-6)
    assert heat["zmax"] == pytest.approx(bar["tickvals"][-1])


def test_figures_share_one_ceiling_unless_asked_for_their_own(weights: Weights, pieces: list[str]) -> None:
    faint = weights * np.float32(0.25)
    assert attention_heatmap(faint, pieces, pieces, theme=LIGHT).to_dict()["data"][0]["zmax"] == 1
    own = attention_heatmap(faint, pieces, pieces, theme=LIGHT, zmax="own").to_dict()["data"][0]
    assert own["zmax"] == pytest.approx(0.25)
    nothing = attention_heatmap(np.zeros_like(weights), pieces, pieces, theme=LIGHT, zmax="own").to_dict()["data"][0]
    assert nothing["zmax"] == 1


def test_repeated_tokens_keep_a_row_and_a_column_each(weights: Weights, pieces: list[str], array: Read) -> None:
    sent = attention_heatmap(weights, pieces, pieces, theme=LIGHT).to_dict()
    assert array(sent["data"][0]["y"]).tolist() == list(range(6))
    assert sent["layout"]["yaxis"]["ticktext"].count('"the"') == 3
    assert sent["layout"]["yaxis"]["tickvals"] == list(range(6))


def test_hover_knows_a_token_in_full_where_its_label_is_short_or_left_out(array: Read) -> None:
    words = ["internationalization"] * 100
    uniform = np.full((100, 100), 0.01, dtype=np.float32)
    layout = attention_heatmap(uniform, words, words, theme=LIGHT).to_dict()["layout"]
    assert layout["xaxis"]["ticktext"] == ['"internationalization"'] * 100
    assert set(layout["xaxis2"]["ticktext"]) == {"international…"}
    assert len(layout["xaxis2"]["tickvals"]) < 50
    assert layout["xaxis2"]["matches"] == "x"


def test_labels_written_in_full_need_one_axis_a_side_and_are_quoted_on_hover() -> None:
    words = ["<s>", "the", "cat"]
    figure = attention_heatmap(np.full((3, 3), 1 / 3, dtype=np.float32), words, words, theme=LIGHT).to_dict()
    assert "xaxis2" not in figure["layout"]
    assert figure["layout"]["xaxis"]["ticktext"] == ["&lt;s&gt;", "the", "cat"]
    assert figure["data"][0]["hovertemplate"].startswith('"%{y}" looks at "%{x}"')
    assert not any(trace["type"] == "scatter" and list(trace["x"]) == [None] for trace in figure["data"])


def test_markup_in_tokens_and_titles_is_escaped_everywhere(weights: Weights, pieces: list[str]) -> None:
    bad = ["<img src=x>"] * 6
    figure = attention_heatmap(weights, bad, bad, theme=LIGHT, title_query="<i>q</i>", query_name="<u>")
    layout, heat = figure.to_dict()["layout"], figure.to_dict()["data"][0]
    plotted = str([part for name, part in layout.items() if "axis" in name or name == "annotations"])
    assert "<img" not in plotted
    assert "<i>" not in plotted
    assert "<u>" not in heat["hovertemplate"]
    assert "&lt;img" in plotted


def test_the_first_query_is_the_top_row(weights: Weights, pieces: list[str]) -> None:
    layout = attention_heatmap(weights, pieces, pieces, theme=LIGHT).to_dict()["layout"]
    assert layout["yaxis"]["range"] == layout["yaxis2"]["range"] == [5.5, -0.5]
    assert layout["xaxis2"]["side"] == "top"


def test_transposing_swaps_rows_columns_and_the_sentence(weights: Weights, pieces: list[str], array: Read) -> None:
    keys = ["a", "b", "c", "d"]
    sent = attention_heatmap(weights[:, :4], pieces, keys, theme=LIGHT, transposed=True, selected=(5, 2)).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), weights[:, :4].T)
    assert sent["data"][0]["hovertemplate"].startswith("%{x} looks at %{y}")
    frame = sent["layout"]["shapes"][0]
    assert (frame["x0"], frame["y0"]) == (4.5, 1.5)


def test_hidden_future_is_blank_and_the_past_is_exact(weights: Weights, pieces: list[str], array: Read) -> None:
    shown = array(attention_heatmap(weights, pieces, pieces, theme=LIGHT, hide_future=True).to_dict()["data"][0]["z"])
    query, key = np.mgrid[0:6, 0:6]
    assert np.isnan(shown[key > query]).all()
    np.testing.assert_array_equal(shown[key <= query], weights[key <= query])


def test_a_window_hides_the_future_by_absolute_position(array: Read) -> None:
    window = np.full((2, 3), 0.2, dtype=np.float32)
    figure = attention_heatmap(
        window, ["c", "d"], ["b", "c", "d"], theme=LIGHT, hide_future=True, first_query=2, first_key=1
    )
    heat = figure.to_dict()["data"][0]
    assert np.isnan(array(heat["z"])).tolist() == [[False, False, True], [False, False, False]]
    assert array(heat["x"]).tolist() == [1, 2, 3]


def test_the_weights_given_are_not_changed(weights: Weights, pieces: list[str]) -> None:
    before = weights.copy()
    attention_heatmap(weights, pieces, pieces, theme=LIGHT, hide_future=True)
    np.testing.assert_array_equal(weights, before)


def test_small_maps_print_their_weights_and_large_ones_do_not(weights: Weights, pieces: list[str]) -> None:
    printed = attention_heatmap(weights, pieces, pieces, theme=LIGHT).to_dict()["data"][-1]
    assert printed["mode"] == "text"
    assert printed["text"][0] == "1"  # the first query has one key
    assert all(text == "1" or text.startswith(".") for text in printed["text"])
    assert len(printed["text"]) == (weights >= 0.005).sum()
    uniform = np.full((15, 15), 1 / 15, dtype=np.float32)
    large = attention_heatmap(uniform, ["a"] * 15, ["a"] * 15, theme=LIGHT)
    assert "text" not in {trace.mode for trace in large.data if trace.type == "scatter"}


def test_labels_that_do_not_fit_the_weights_are_refused(weights: Weights) -> None:
    with pytest.raises(ValueError, match=r"\(6, 6\) do not fit 2 row and 6 column labels"):
        attention_heatmap(weights, ["a", "b"], list("abcdef"), theme=LIGHT)


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_palette_goes_from_quiet_to_strong(
    weights: Weights, pieces: list[str], palette: Palette, theme: Theme
) -> None:
    heat = attention_heatmap(weights, pieces, pieces, theme=theme, palette=palette)
    scale = [(stop, colour) for stop, colour in heat.data[0].colorscale]
    light = luminance(np.linspace(0, 1, 50), scale)
    assert (np.diff(light) < 0).all() if theme is LIGHT else (np.diff(light) > 0).all()


def test_the_summary_names_the_largest_weight(pieces: list[str]) -> None:
    weights = np.full((2, 6), 0.1, dtype=np.float32)
    weights[1, 3] = 0.5
    text = summary(attention_heatmap(weights, ["I", "love"], pieces, theme=LIGHT))
    assert text == ('Attention of 2 queries over 6 keys; the largest weight is 50.0%: "love" looks at "&amp;".')


def test_one_query_becomes_a_bar_for_each_key(weights: Weights, pieces: list[str], array: Read) -> None:
    figure = attention_rows(weights[5], pieces, query="<s>", theme=LIGHT)
    bars = figure.to_dict()["data"][0]
    np.testing.assert_array_equal(array(bars["y"]), weights[5])
    assert bars["hovertext"][1] == '"&lt;b&gt;cat&lt;/b&gt;"'
    assert bars["hovertemplate"].startswith('"&lt;s&gt;" looks at')


def test_heads_have_a_row_each_in_their_order(weights: Weights, pieces: list[str], array: Read) -> None:
    sent = heads_by_key(weights[:4], pieces, theme=LIGHT, query="love", selected=2).to_dict()
    np.testing.assert_array_equal(array(sent["data"][0]["z"]), weights[:4])
    assert sent["layout"]["yaxis"]["ticktext"] == ["head 0", "head 1", "head 2", "head 3"]
    assert (sent["layout"]["shapes"][0]["y0"], sent["layout"]["shapes"][0]["y1"]) == (1.5, 2.5)


def test_an_alignment_grows_without_moving(weights: Weights, pieces: list[str], array: Read) -> None:
    written = ["I", "love", "an", "internationalization"]
    figures = [alignment(weights[:n], written[:n], pieces, theme=LIGHT, rows_total=9).to_dict() for n in range(5)]
    still = [(f["layout"]["height"], f["layout"]["margin"], f["layout"]["yaxis"]["range"]) for f in figures]
    assert all(layout == still[0] for layout in still)
    assert still[0][2] == [8.5, -0.5]
    np.testing.assert_array_equal(array(figures[4]["data"][0]["z"]), weights[:4])


def test_differences_are_centred_on_zero(weights: Weights, pieces: list[str], array: Read) -> None:
    change = weights - weights[::-1]
    heat = difference_heatmap(change, pieces, pieces, theme=LIGHT).to_dict()["data"][0]
    assert heat["zmin"] == -heat["zmax"]
    assert heat["zmax"] == pytest.approx(np.abs(change).max())
    np.testing.assert_array_equal(array(heat["z"]), change)


def test_a_text_without_tokens_gives_an_empty_figure() -> None:
    nothing = np.zeros((0, 0), dtype=np.float32)
    figure = attention_heatmap(nothing, [], [], theme=LIGHT, zmax="own")
    assert summary(figure) == "Attention of 0 queries over 0 keys."
    assert alignment(np.zeros((0, 1), dtype=np.float32), [], ["a"], theme=LIGHT, rows_total=4).layout.shapes == ()
