"""The attention page: which head is on screen, that its numbers are the model's, and the target a person types."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.driving import (
    CAT,
    chart,
    clicked,
    fine,
    key_pressed,
    link,
    numbers,
    opened,
    payload,
    picked,
    said,
    sent,
    shown,
    typed,
)
from ui.maps.attention import KINDS
from viz.percent import format_percent


@pytest.mark.parametrize("part", KINDS)
def test_the_heatmap_holds_the_weights_of_the_chosen_head(part: str) -> None:
    app = opened("attention", CAT, part=part, layer="1", head="3")
    stack, kind = KINDS[part].place
    weights = shown(app).trace.attention(stack, 1, kind).weights(3).numpy()
    drawn = numbers(chart(app, "heatmap")["data"][0]["z"]).astype(np.float32)
    seen = np.where(np.isnan(drawn), 0, drawn)
    np.testing.assert_array_equal(seen, weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_the_csv_holds_the_same_weights_to_the_last_digit(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened("attention", CAT, part="cross", layer="2", head="5")
    run = shown(app)
    weights = run.trace.attention("decoder", 2, "cross").weights(5).numpy()
    header, *rows = csv.reader(io.StringIO(downloads["attention-cross-layer-2-head-5.csv"]()))
    assert header[2:] == [f"{i}:{token.label}" for i, token in enumerate(run.source)]
    read = [token.label for token in run.trace.tokens("decoder")]
    written = [step.token.label for step in run.steps]
    assert [row[1] for row in rows] == [f"{one} ({other})" for one, other in zip(written, read, strict=True)]
    np.testing.assert_array_equal(np.array([row[2:] for row in rows], dtype=np.float32), weights)


def test_a_click_on_a_thumbnail_chooses_its_head() -> None:
    app = sent(opened("attention"), "head_grid", "head", {"layer": 1, "head": 5})
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 5)
    assert payload(app, "head_grid_chosen")["selected"] == [1, 5]
    assert any("layer 1, head 5" in part.value for part in app.markdown)


@pytest.mark.parametrize(
    ("key", "place"),
    [("next head", (1, 0)), ("previous head", (0, 6)), ("layer down", (1, 7)), ("layer up", (2, 7))],
)
def test_a_key_moves_to_the_next_head_round_the_end(key: str, place: tuple[int, int]) -> None:
    app = key_pressed(opened("attention", layer="0", head="7"), "head_keys", key)
    assert (app.session_state["layer"], app.session_state["head"]) == place


@pytest.mark.parametrize(("address", "place"), [(("99", "99"), [2, 7]), (("-1", "x"), [0, 0]), (("", "1e9"), [0, 0])])
def test_a_head_that_a_link_asks_for_in_vain_gives_way_to_one_that_is_there(
    address: tuple[str, str], place: list[int]
) -> None:
    app = opened("attention", layer=address[0], head=address[1])
    assert payload(app, "head_grid_chosen")["selected"] == place


def test_a_head_of_a_larger_model_gives_way_to_the_last_of_this_one() -> None:
    app = link("attention")
    app.session_state["layer"], app.session_state["head"] = 50, 11
    fine(app.run())
    assert payload(app, "head_grid_chosen")["selected"] == [2, 7]


def test_an_address_with_nonsense_opens_the_page_as_it_starts() -> None:
    app = opened("attention", part="nowhere", view="pie", scale="cubic", own_target="perhaps")
    assert any("Cross-attention" in part.value for part in app.markdown)


def test_a_click_on_a_cell_opens_its_row_and_says_it_in_words() -> None:
    app = clicked(opened("attention", CAT, layer="0", head="0"), "heatmap_bridge", 2, 1)
    run = shown(app)
    weights = run.trace.attention("decoder", 0, "cross").weights(0).numpy()
    looked_at = payload(app, "row")["rows"][1]["chips"]
    assert [chip["note"] for chip in looked_at] == [format_percent(float(share)) for share in weights[2]]
    assert [chip["intensity"] for chip in looked_at] == pytest.approx(weights[2].tolist())
    assert [chip["current"] for chip in looked_at].index(True) == 1
    assert any(f"What “{run.steps[2].token.label}” attends to" in part.value for part in app.markdown)
    assert any(f"“{run.steps[2].token.label}” looks at “{run.source[1].label}”" in part.value for part in app.caption)


def test_a_cell_that_a_shorter_text_does_not_have_is_let_go() -> None:
    app = clicked(opened("attention", CAT), "heatmap_bridge", 7, 6)
    typed(app, "a")
    assert any("Strongest" in part.value for part in app.caption)
    assert clicked(app, "heatmap_bridge", 500, 500)


def test_lines_show_the_same_layer() -> None:
    app = picked(opened("attention", CAT, layer="1", head="2"), "view", "lines")
    lines = payload(app, "lines_cross")
    assert payload(app, "lines_cross_settings")["active"] == [2]
    assert lines["keys"] == [token.label for token in shown(app).source]


def test_lines_of_a_long_text_are_those_of_a_window_and_say_so() -> None:
    app = opened("attention", "Le chat noir dort. " * 60, part="encoder", view="lines", layer="1", head="2")
    lines = payload(app, "lines_encoder")
    run = shown(app)
    assert lines["queries"] == [token.label for token in run.source[: len(lines["queries"])]]
    assert f"of {len(run.source):,}, keys 0 to" in "".join(str(part.value) for part in app.caption)


def test_a_target_someone_types_is_what_the_decoder_reads() -> None:
    app = picked(opened("attention", CAT), "own_target", True)
    own = shown(app)
    assert app.text_area(key="target").value == own.lm.text([token.id for token in own.generated])
    app.text_area(key="target").set_value("A dog runs.").run()
    assert not app.exception
    rows = numbers(chart(app, "heatmap")["data"][0]["z"]).shape[0]
    assert rows == len(own.lm.target_reading("A dog runs.").tokens)
    assert payload(app, "pieces")["rows"][1]["chips"][0]["label"] == own.generated[0].label


@pytest.mark.parametrize(
    ("target", "words"), [("dog " * 1100, "1,024 positions"), ("", "No target yet"), ("   ", "No target yet")]
)
def test_a_target_that_cannot_be_read_gets_a_sentence(target: str, words: str) -> None:
    app = picked(opened("attention", CAT), "own_target", True)
    app.text_area(key="target").set_value(target).run()
    assert not app.exception
    assert words in said(app)
    assert len(app.get("plotly_chart")) == 1
