"""The attention page's toggles, its other views, long texts, and what it hands out: each against the model's own numbers."""

import csv
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from analysis.words import words
from tests.pages.copied import folds_open
from tests.pages.driving import CAT, chart, clicked, component, numbers, opened, payload, pressed, sent, shown
from ui.maps import thumbnails
from viz.windows import MOST_CELLS, edges

LONG = "Le chat noir dort sur le canapé rouge. " * 25
Downloads = dict[str, Callable[[], str]]


def z(app: AppTest, key: str = "heatmap") -> NDArray[np.generic]:
    return numbers(chart(app, key)["data"][0]["z"])


def weights(app: AppTest, part: str = "cross", layer: int = 1, head: int = 2) -> NDArray[np.float32]:
    stack = "encoder" if part == "encoder" else "decoder"
    found: NDArray[np.float32] = (
        shown(app).trace.attention(stack, layer, "cross" if part == "cross" else "self").weights(head).numpy()
    )
    return found


def captions(app: AppTest) -> str:
    return "\n".join(str(caption.value) for caption in app.caption)


def table(text: str) -> tuple[list[str], NDArray[np.float64]]:
    header, *rows = csv.reader(io.StringIO(text))
    return header, np.array([[float(value or "nan") for value in row[2:]] for row in rows])


@pytest.fixture(name="folds_open")
def _folds_open(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)


def test_hidden_special_tokens_leave_the_other_weights_untouched(downloads: Downloads) -> None:
    app = opened("attention", CAT, part="cross", layer="1", head="2", special="hidden")
    run = shown(app)
    rows = [i for i, token in enumerate(run.trace.tokens("decoder")) if not token.special]
    columns = [i for i, token in enumerate(run.source) if not token.special]
    assert len(rows) < len(run.trace.tokens("decoder"))
    assert len(columns) < len(run.source)
    expected = weights(app)[np.ix_(rows, columns)]
    np.testing.assert_array_equal(z(app), expected)
    header, saved = table(downloads["attention-cross-layer-1-head-2.csv"]())
    assert header[2:] == [f"{i}:{run.source[piece].label}" for i, piece in enumerate(columns)]
    np.testing.assert_array_equal(saved.astype(np.float32), expected)
    assert "special tokens hidden, the other weights untouched; the keys left held" in captions(app)


def test_renormalised_rows_sum_to_one_again_and_words_are_sums_over_keys_and_means_over_queries() -> None:
    app = opened("attention", CAT, part="encoder", layer="1", head="2", special="renormalised", words="on")
    run = shown(app)
    left = weights(app, "encoder")[:-1, :-1]
    assert run.source[-1].special
    left = left / left.sum(axis=1, keepdims=True)
    pieces = words(run.source[:-1])
    expected = [[left[q.first : q.after, k.first : k.after].sum(axis=1).mean() for k in pieces] for q in pieces]
    np.testing.assert_allclose(z(app), expected, atol=1e-6)
    np.testing.assert_allclose(z(app).sum(axis=1), 1, atol=1e-5)
    said = captions(app)
    assert said.index("special tokens hidden, rows divided") < said.index("then pieces merged into words")


def test_thumbnails_lines_and_the_row_follow_the_toggles() -> None:
    address = {"part": "cross", "layer": "1", "head": "2", "special": "hidden", "words": "on"}
    app = opened("attention", CAT, view="lines", **address)
    labels = [word.label for word in words(shown(app).source) if word.label != "</s>"]
    assert payload(app, "lines_cross")["keys"] == labels
    assert payload(app, "head_grid")["columns"] == len(labels)
    assert [chip["label"] for chip in payload(app, "row")["rows"][1]["chips"]] == labels
    bars = chart(opened("attention", CAT, view="row", **address), "bars")
    assert len(numbers(bars["data"][0]["x"])) == len(labels)


def test_colours_follow_the_toggles_and_numbers_do_not() -> None:
    app = opened("attention", CAT, part="cross", scale="log", range="own", palette="cividis", transposed="on")
    trace = chart(app, "heatmap")["data"][0]
    exact = numbers(trace["customdata"])
    run = shown(app)
    assert exact.shape == (len(run.source), len(run.trace.tokens("decoder")))
    assert 10 ** trace["zmax"] == pytest.approx(float(exact.max()), rel=1e-5)
    assert payload(app, "head_grid")["colours"] == [colour for _, colour in trace["colorscale"]]
    assert trace["colorscale"][0][1].lower() in ("#fee838", "#ffea46", "#fdea45")


def test_the_future_is_blank_until_it_is_asked_for() -> None:
    address = {"part": "decoder", "layer": "0", "head": "0"}
    hidden, seen = z(opened("attention", CAT, **address)), z(opened("attention", CAT, future="on", **address))
    above = np.triu_indices(len(hidden), 1)
    assert np.isnan(hidden[above]).all()
    assert (seen[above] == 0).all()


def test_a_control_of_the_fold_goes_into_the_link_and_back(folds_open: None) -> None:
    app = opened("attention", CAT, part="cross")
    app.button_group(key="pick_special").set_value("hidden").run()
    app.toggle(key="pick_words").set_value(True).run()
    assert (app.query_params["special"], app.query_params["words"]) == ("hidden", "on")
    assert len(z(app)) < len(weights(app))
    pressed(app, "toggles_reset")
    assert "special" not in app.query_params
    assert len(z(app)) == len(weights(app))


def test_a_chosen_cell_keeps_its_pieces_when_words_are_merged() -> None:
    app = clicked(opened("attention", CAT, part="encoder", special="hidden", words="on"), "heatmap_bridge", 2, 1)
    pieces = words(shown(app).source)
    assert app.session_state["cell"] == (pieces[2].first, pieces[1].first)
    assert app.query_params["cell"] == f"{pieces[2].first}:{pieces[1].first}"


def test_a_click_on_a_transposed_map_chooses_the_same_pair() -> None:
    app = clicked(opened("attention", CAT, part="cross", transposed="on"), "heatmap_bridge", 1, 3)
    assert app.session_state["cell"] == (3, 1)


@pytest.mark.parametrize("part", ["encoder", "decoder", "cross"])
def test_the_anatomy_adds_up_on_screen_to_the_weight_of_the_heatmap(part: str, downloads: Downloads) -> None:
    app = opened("attention", CAT, part=part, layer="1", head="2", view="anatomy", cell="3:1")
    expected = weights(app, part)[3, 1]
    steps = {row[0]: row[2] for row in html_rows(app, "The score, step by step")}
    number = {name: float(text.replace("−", "-").replace("+ ", "")) for name, text in steps.items() if name != "weight"}
    assert number["score"] == pytest.approx(number["scale"] + number["position"], abs=2e-4)
    total = float(re.search(r"÷ ([\d.]+)", str(html_rows(app, "The score, step by step")))[1])
    assert number["exp"] / total == pytest.approx(expected, abs=2e-4)
    assert float(steps["weight"]) == pytest.approx(expected, abs=1e-6)
    coordinates = list(csv.DictReader(io.StringIO(downloads[f"anatomy-{part}-layer-1-head-2-3-1.csv"]())))
    assert sum(float(row["product"]) for row in coordinates) == pytest.approx(number["q·k"], abs=1e-4)
    assert "fused kernel" in captions(app)
    assert any("def scores(" in code.value for code in app.code)


def html_rows(app: AppTest, label: str) -> list[list[str]]:
    """The cells of a table of words."""
    markup = next(one.proto.body for one in app.get("html") if f'aria-label="{label}"' in one.proto.body)
    rows = re.findall(r"<tr>(.*?)</tr>", markup)[1:]
    return [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)] for row in rows]


def test_a_pair_that_a_link_names_in_vain_gives_way_to_one_that_is_there() -> None:
    for cell in ("900:1", "x", "3", "1:99999999"):
        app = opened("attention", CAT, part="cross", view="anatomy", cell=cell)
        assert chart(app, "anatomy")


def test_what_was_set_among_the_lines_is_in_the_link_and_comes_back() -> None:
    app = opened("attention", CAT, part="cross", layer="1", head="2", view="lines")
    seen = {"number": 1, "mass": 40, "active": [2, 5], "locked": [["query", 1]]}
    weights = component(app, "lines_cross").bytes
    app = sent(app, "lines_cross", "view", seen)
    assert component(app, "lines_cross").bytes == weights  # what did not change is not sent again
    link = app.query_params["lines"]
    again = payload(
        opened("attention", CAT, part="cross", layer="1", head="2", view="lines", lines=link), "lines_cross_settings"
    )
    assert (again["mass"], again["active"], again["locked"]) == (0.4, [2, 5], [["query", 1]])
    other = sent(app, "head_grid", "head", {"layer": 0, "head": 3})
    assert payload(other, "lines_cross_settings")["active"] == [3]
    assert payload(other, "lines_cross_settings")["mass"] == 0.4


@pytest.mark.parametrize("link", ["", "70", "999;0;", "70;99;q999", "70;0;x1", "4;0;", "a;b;c"])
def test_lines_of_a_link_with_nonsense_are_those_at_first(link: str) -> None:
    lines = payload(
        opened("attention", CAT, part="cross", layer="1", head="2", view="lines", lines=link), "lines_cross_settings"
    )
    assert (lines["mass"], lines["active"], lines["locked"]) == (0.7, [2], [])


def test_a_double_click_on_a_thumbnail_leaves_its_head_alone_until_all_are_asked_for() -> None:
    app = sent(opened("attention", CAT, part="cross"), "head_grid", "alone", {"layer": 1, "head": 4})
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 4)
    assert app.query_params["alone"] == "yes"
    assert "head_grid" not in {element.key for element in app.get("bidi_component")}
    app = pressed(app, "all_heads")
    assert payload(app, "head_grid_chosen")["selected"] == [1, 4]


def test_a_long_text_is_pooled_and_a_zoom_opens_exact_cells(downloads: Downloads) -> None:
    app = opened("attention", LONG, part="encoder", layer="1", head="2")
    every = weights(app, "encoder")
    size = len(every)
    assert size > MOST_CELLS
    marks = edges(0, size)
    assert z(app).shape == (MOST_CELLS, MOST_CELLS)
    assert z(app).max() == every.max()
    assert z(app)[5, 9] == every[marks[5] : marks[6], marks[9] : marks[10]].max()
    assert "Nothing is left out" in captions(app)
    zoom = {"x": [-0.5, 49.5], "y": [99.5, 49.5]}
    app = sent(app, "heatmap_bridge", "zoom", zoom)
    first, after = marks[50], marks[100]
    np.testing.assert_array_equal(z(app), every[first:after, : marks[50]])
    header, saved = table(downloads["attention-encoder-layer-1-head-2.csv"]())
    assert header[2].startswith("0:")
    np.testing.assert_array_equal(saved.astype(np.float32), z(app))
    link = app.query_params["window"]
    np.testing.assert_array_equal(
        z(opened("attention", LONG, part="encoder", layer="1", head="2", window=link)), every[first:after, : marks[50]]
    )
    app = sent(app, "heatmap_bridge", "zoom", {"whole": True})
    assert z(app).shape == (MOST_CELLS, MOST_CELLS)
    assert "window" not in app.query_params


def test_a_click_on_a_block_opens_the_cells_around_it_and_a_pair_is_chosen_there() -> None:
    app = opened("attention", LONG, part="encoder", layer="1", head="2")
    app = clicked(app, "heatmap_bridge", 100, 60)
    window = [int(part) for part in app.query_params["window"].split("-")]
    assert window[0] < 100 * len(weights(app, "encoder")) / MOST_CELLS < window[1]
    app = clicked(app, "heatmap_bridge", 4, 2)
    assert app.session_state["cell"] == (window[0] + 4, window[2] + 2)


def test_pictures_of_all_heads_of_a_very_long_text_are_made_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "TOKENS_UNASKED", 6)
    app = opened("attention", "Elle lit un livre rouge.", part="encoder", layer="1", head="2")
    assert "head_grid" not in {element.key for element in app.get("bidi_component")}
    assert "Pictures of all 24 heads" in captions(app)
    np.testing.assert_array_equal(z(app), weights(app, "encoder"))
    assert payload(pressed(app, "draw_all"), "head_grid_chosen")["selected"] == [1, 2]
    assert "Pictures of all" not in captions(app.run())
