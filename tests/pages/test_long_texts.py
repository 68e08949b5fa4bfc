"""Long texts on the workbench's pages: pooled, exact in a window that every page shares, and asked for where it takes long."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model import ZeroHead
from tests.pages.driving import chart, chips, clicked, numbers, opened, payload, pressed, sent, shown
from ui.attention import row as attention_row
from ui.compare import comparison
from ui.knock_out import page
from ui.maps import thumbnails
from ui.maps.attention import ENCODER
from ui.runs import runner
from viz.windows import MOST_CELLS, edges

LONG = "Le chat noir dort sur le canapé rouge. " * 25
AT = {"part": "encoder", "layer": "1", "head": "2"}


def z(app: AppTest, key: str) -> np.ndarray:
    return np.asarray(numbers(chart(app, key)["data"][0]["z"]))


def keys_of(app: AppTest) -> set[str]:
    return {element.key for element in [*app.get("bidi_component"), *app.get("plotly_chart")]}


def test_without_a_pointer_a_window_opens_around_the_chosen_pair_and_moves_by_halves() -> None:
    app = pressed(opened("attention", LONG, cell="120:40", **AT), "exact")
    one = [int(part) for part in app.query_params["window"].split("-")]
    assert one[0] <= 120 < one[1]
    assert one[2] <= 40 < one[3]
    app = pressed(app, "pan_later_queries")
    other = [int(part) for part in app.query_params["window"].split("-")]
    assert other[2:] == one[2:]
    assert other[0] == min(one[0] + (one[1] - one[0]) // 2, len(shown(app).source) - (one[1] - one[0]))
    app = pressed(app, "whole")
    assert "window" not in app.query_params


def test_a_window_of_the_lines_page_offers_the_rest() -> None:
    app = opened("attention", LONG, view="lines", **AT)
    said = "\n".join(caption.value for caption in app.caption)
    size = len(shown(app).source)
    assert f"of {size:,}" in said
    assert "the heatmap shows all at once" in said
    app = clicked(app, "map_bridge", 50, 50)
    assert int(app.query_params["window"].split("-")[0]) > 0


def test_a_long_row_lists_the_keys_it_looks_at_most_and_says_so() -> None:
    app = opened("attention", LONG, cell="150:3", **AT)
    run = shown(app)
    row = run.trace.attention("encoder", 1, "self").weights(2)[150].numpy()
    listed = payload(app, "row")["rows"][1]["chips"]
    places = [int(chip["title"].split()[-1]) for chip in listed]
    assert set(places) == {*np.argsort(-row, kind="stable")[: attention_row.LISTED_TOKENS].tolist(), 3}
    assert chips(app, "row")[attention_row.LISTED_TOKENS // 2] == run.source[150].label
    assert f"Of {len(row)} keys the {len(places)} that this query attends to most" in "\n".join(
        c.value for c in app.caption
    )
    app = sent(app, "row", "token", {"row": 1, "index": 1})
    assert app.session_state["cell"] == (150, places[1])


def test_a_long_comparison_is_pooled_by_what_is_furthest_from_zero_and_exact_in_its_window() -> None:
    other = LONG.replace("noir", "blanc", 3)
    app = opened("compare", LONG, text_b=other, **AT)
    run, second = shown(app), runner.get(replace(shown(app).spec, text=other))
    made = comparison.compared(comparison.Side(run, ENCODER), comparison.Side(second, ENCODER), "number", False)
    change = made.change(1, 2)
    rows, columns = (edges(0, size) for size in change.shape)
    part = change[rows[7] : rows[8], columns[9] : columns[10]]
    assert z(app, "difference").shape == (MOST_CELLS, MOST_CELLS)
    assert z(app, "difference")[7, 9] == pytest.approx(part.flat[np.nanargmax(np.abs(part))])
    app = clicked(app, "difference_bridge", 7, 9)
    start = [int(part) for part in app.query_params["window"].split("-")]
    np.testing.assert_allclose(z(app, "difference"), change[start[0] : start[1], start[2] : start[3]], atol=1e-6)


def test_comparing_all_heads_of_very_long_texts_waits_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "TOKENS_UNASKED", 6)
    app = opened("compare", "Elle lit un livre bleu.", text_b="Elle lit un livre vert.", **AT)
    assert not {"difference_grid", "ranking"} & keys_of(app)
    assert "difference" in keys_of(app)
    assert {"difference_grid", "ranking", "difference"} <= keys_of(pressed(app, "compare_all"))


def test_what_takes_long_on_the_knock_out_page_waits_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "TOKENS_UNASKED", 6)
    monkeypatch.setattr(thumbnails, "TOKENS_UNASKED", 6)
    monkeypatch.setattr(page.estimate, "ANNOUNCED_SECONDS", 0.0)
    text = "Le vieux pont est rouge et noir."
    app = opened("knock_out", text, **AT)
    assert "worth_grid" not in keys_of(app)
    app = pressed(app, "draw_all")
    assert "worth_grid" in keys_of(app)
    app = pressed(app, "head_switch")
    assert app.session_state["off"][1] == (ZeroHead("encoder", 1, "self", 2),)
    assert "worth_grid" not in keys_of(app)
    assert len(payload(app, "worth_texts")["rows"]) == 1
    app = pressed(pressed(app, "draw_changes"), "write_again")
    assert "worth_grid" in keys_of(app)
    assert len(payload(app, "worth_texts")["rows"]) == 2


def test_an_edge_of_a_long_text_is_cut_in_its_window() -> None:
    app = clicked(opened("knock_out", LONG, **AT), "worth_map_bridge", 60, 20)
    start = [int(part) for part in app.query_params["window"].split("-")]
    app = clicked(app, "worth_map_bridge", 4, 2)
    edit = app.session_state["off"][1][0]
    assert (edit.query, edit.key) == (start[0] + 4, start[2] + 2)
    assert len(chart(app, "worth_map")["layout"]["shapes"]) == 1
