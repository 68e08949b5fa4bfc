"""The heads page: its maps, table, words and closer views are what the run and the weights come to."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from analysis.flow import flow, graph
from analysis.head_scores import score_trace
from analysis.head_summary import summarise
from analysis.promoted_tokens import head_output
from analysis.rollout import rollout
from analysis.value_weighted import value_weighted
from tests.pages.driving import CAT, chart, fine, numbers, opened, picked, pressed, sent, shown
from ui.heads import card_scores
from ui.maps import attention
from ui.runs import on_demand
from ui.runs.store import Run

PARTS = ("encoder", "decoder", "cross")


def table(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


def page(**address: str) -> AppTest:
    return opened("heads", CAT, **address)


def charts(app: AppTest) -> set[str]:
    return {element.key for element in app.get("plotly_chart")}


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.markdown, *app.caption, *app.info])


def opened_take_away(app: AppTest, key: str) -> AppTest:
    app.session_state[f"save_{key}"] = True
    return fine(app.run())


@pytest.mark.parametrize("part", PARTS)
def test_the_maps_hold_the_numbers_of_every_head(part: str) -> None:
    app = page(part=attention.KINDS[part].short)
    run = shown(app)
    summary = summarise(run.trace, *attention.KINDS[part].place)
    drawn = {trace["name"]: numbers(trace["customdata"]) for trace in chart(app, "head_maps")["data"]}
    assert len(drawn) == (5 if part == "cross" else 9)
    np.testing.assert_allclose(drawn["Entropy"], summary.entropy, atol=1e-5)
    first = summary.scores.mean("first")
    np.testing.assert_allclose(drawn["First token"], first, atol=1e-6)


def test_at_first_the_head_that_stands_out_most_is_chosen_and_described() -> None:
    app = page(part="Decoder")
    run = shown(app)
    layer, head = app.session_state["layer"], app.session_state["head"]
    summary = summarise(run.trace, "decoder")
    lifts = {
        name: summary.scores.mean(name) - summary.even.mean(name)
        for name in ("previous", "same", "first", "separator", "duplicate", "induction")
    }
    most = max(float(np.nanmax(lift)) for lift in lifts.values() if np.isfinite(lift).any())
    assert max(float(lift[layer, head]) for lift in lifts.values() if np.isfinite(lift).any()) == pytest.approx(most)
    assert f"L{layer} H{head}" in words(app)


def test_a_click_on_a_map_chooses_the_head_and_what_the_table_is_sorted_by() -> None:
    app = page(part="Encoder", layer="0", head="0")
    names = [trace["name"] for trace in chart(app, "head_maps")["data"]]
    app = fine(_click(app, names.index("Next token"), 1, 3))
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 3)
    assert app.session_state["measure"] == "next"
    assert "L1 H3" in words(app)
    listed = app.dataframe[0].value["next"].to_numpy()
    assert (np.diff(listed) <= 0).all()
    links = [element.proto for element in app.get("page_link")]
    assert any("layer=1" in link.query_string and "head=3" in link.query_string for link in links)


def _click(app: AppTest, curve: int, row: int, column: int) -> AppTest:
    return sent(app, "head_maps_bridge", "point", {"curve": curve, "row": row, "col": column, "x": None, "y": None})


def test_the_extremes_are_a_click_away() -> None:
    app = page(part="Encoder", measure="entropy")
    entropy = summarise(shown(app).trace, "encoder").entropy
    for button, place in (("highest", entropy.argmax()), ("lowest", entropy.argmin())):
        app = pressed(app, button)
        layer, head = np.unravel_index(int(place), entropy.shape)
        assert (app.session_state["layer"], app.session_state["head"]) == (layer, head)


def test_the_table_hides_heads_below_a_share() -> None:
    app = page(part="Encoder", measure="same")
    scores = score_trace(shown(app).trace, "encoder").mean("same")
    assert len(app.dataframe[0].value) == scores.size
    app = picked(app, "least", 15)
    assert len(app.dataframe[0].value) == int((scores >= 0.15).sum())
    assert f"{int((scores >= 0.15).sum())} of {scores.size} heads are listed" in words(app)


def test_a_row_of_the_table_chooses_its_head() -> None:
    app = page(part="Encoder", measure="entropy", layer="0", head="0")
    rows = app.dataframe[0].value
    states = app._tree.get_widget_states()  # AppTest has no public way to select a row
    states.widgets.append(WidgetState(id=app.dataframe[0].proto.id, string_value=json.dumps(SELECTED)))
    app._run(states)
    fine(app)
    assert (app.session_state["layer"], app.session_state["head"]) == (rows["layer"][3], rows["head"][3])


SELECTED = {"selection": {"rows": [3], "columns": [], "cells": []}}


@pytest.mark.parametrize("part", PARTS)
def test_value_weighted_attention_stands_beside_the_raw(part: str) -> None:
    app = page(part=attention.KINDS[part].short, layer="1", head="2", look="Weighted by value")
    run = shown(app)
    stack, kind = attention.KINDS[part].place
    for key, expected in (
        ("raw", run.trace.attention(stack, 1, kind).weights(2)),
        ("valued", value_weighted(run.trace, stack, 1, kind, 2)),
    ):
        cells = numbers(chart(app, key)["data"][0]["z"])
        seen = np.isfinite(cells)
        np.testing.assert_allclose(cells[seen], expected.numpy()[seen], atol=1e-5)
        assert seen.all() == (part != "decoder")


def test_mean_and_max_are_those_of_the_chosen_layer() -> None:
    app = page(part="Cross", layer="2", head="0", look="Mean and max of its layer")
    weights = shown(app).trace.attention("decoder", 2, "cross").weights()
    np.testing.assert_allclose(numbers(chart(app, "mean")["data"][0]["z"]), weights.mean(dim=0), atol=1e-6)
    np.testing.assert_allclose(numbers(chart(app, "most")["data"][0]["z"]), weights.amax(dim=0), atol=1e-6)
    assert "valued_layer" in charts(app)


@pytest.mark.parametrize("part", PARTS)
def test_rollout_and_flow_are_those_of_the_run(part: str) -> None:
    app = page(part=attention.KINDS[part].short, layer="1", head="0", look="Rollout and flow", flow_into="2")
    run = shown(app)
    stack, _ = attention.KINDS[part].place
    rolled = rollout(run.trace, stack)
    held = rolled.across if part == "cross" else rolled.within
    assert held is not None
    cells = numbers(chart(app, "rollout")["data"][0]["customdata"])
    seen = np.isfinite(cells)
    np.testing.assert_allclose(cells[seen], held[1][seen], atol=1e-6)
    found = flow(graph(run.trace, stack), stack, [2])
    expected = found.across if part == "cross" else found.within
    assert expected is not None
    bars = {trace["name"]: numbers(trace["y"]) for trace in chart(app, "flow")["data"]}
    np.testing.assert_allclose(bars["flow"], expected[0], atol=1e-6)
    np.testing.assert_allclose(bars["rollout"], held[-1, 2], atol=1e-6)


def test_the_flow_of_the_whole_stack_is_worked_out_when_asked() -> None:
    app = page(part="Encoder", layer="1", head="0", look="Rollout and flow")
    assert "flow_map" not in charts(app)
    app = pressed(app, "all_flow")
    run = shown(app)
    count = len(run.trace.tokens("encoder"))
    expected = flow(graph(run.trace, "encoder"), "encoder", range(count)).within
    np.testing.assert_allclose(numbers(chart(app, "flow_map")["data"][0]["customdata"]), expected, atol=1e-6)


def test_tokens_written_are_those_of_the_direct_path() -> None:
    app = page(part="Decoder", layer="2", head="1", look="Tokens it writes", written_at="3")
    run = shown(app)
    wrote = head_output(run.trace, 2, "self", 1, 3)
    bars = chart(app, "written")["data"][0]
    ids, added = numbers(bars["customdata"]).tolist(), numbers(bars["x"])
    assert ids[0] == int(wrote.logits.argmax())
    assert ids[-1] == int(wrote.logits.argmin())
    np.testing.assert_allclose(added, wrote.logits[ids], atol=1e-5)


def test_an_encoder_that_a_decoder_reads_writes_no_tokens_and_the_page_says_why() -> None:
    app = page(part="Encoder", look="Tokens it writes")
    assert "no output table reads" in words(app)
    assert "written" not in charts(app)


def test_the_numbers_can_be_taken_away(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened_take_away(page(part="Cross"), "head_maps")
    header, rows = table(downloads["heads-cross.csv"]())
    assert header == ["layer", "head", "entropy", "first", "separator", "alignment", "coverage"]
    alignment = score_trace(shown(app).trace, "decoder", "cross").mean("alignment")
    got = np.array([float(row[5]) for row in rows]).reshape(alignment.shape)
    np.testing.assert_allclose(got, alignment)


def test_a_long_text_is_read_on_request_with_an_estimate_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "WEIGHTS_AT_ONCE", 10)
    app = opened("heads", "Le petit chat noir dort sur le grand lit.", part="Encoder")
    assert "million attention weights" in words(app)
    assert "head_maps" not in charts(app)
    assert {"raw", "valued"} <= charts(app)  # one head costs little
    app = pressed(app, "work_out")
    assert "head_maps" in charts(app)
    assert "million attention weights" not in words(app)
    app = picked(app, "look", "layer")
    assert "MiB for a moment" in words(app)
    assert "mean" not in charts(app)
    assert "mean" in charts(pressed(app, "work_out_layer"))


def test_a_head_of_a_text_of_one_token_is_not_described() -> None:
    app = page(part="Decoder", own_target="true", target=" ")
    assert "too short to say what L0 H0 does" in words(app)
    assert {"head_maps", "raw"} <= charts(app)


def card(run: Run, folder: Path, scores: object) -> Path:
    path = folder / card_scores.FILE
    path.write_text(
        json.dumps({"definition": {}, "scores": scores, "text": "1,000 held-out sentences"}), encoding="utf-8"
    )
    return path


def test_the_models_own_figures_are_shown_where_its_folder_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shown(page(part="Encoder"))
    config = run.lm.config
    rows: list[list[float | None]] = [[0.5] * config.n_heads for _ in range(config.encoder_layers)]
    rows[1][2] = 0.875
    rows[0][0] = None
    card(run, tmp_path, {"encoder": {"previous": rows}})
    monkeypatch.setattr(run.lm, "source", run.lm.source.__class__(**{**vars(run.lm.source), "path": str(tmp_path)}))
    found = card_scores.general(run.lm)
    assert found is not None
    assert found.text == "1,000 held-out sentences"
    assert found.of("encoder", "previous", 1, 2) == 0.875
    assert found.of("encoder", "previous", 0, 0) is None
    assert found.of("encoder", "same", 1, 2) is None
    app = page(part="Encoder", layer="1", head="2")
    shown_table = next(str(part.proto) for part in app.get("html") if "In general" in str(part.proto))
    assert "87.5%" in shown_table


@pytest.mark.parametrize(
    "scores", [{"encoder": {"previous": [[0.5]]}}, {"encoder": {"previous": "much"}}, [1, 2], {"encoder": 3}]
)
def test_a_file_that_is_no_table_of_this_model_says_nothing(
    scores: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shown(page(part="Encoder"))
    card(run, tmp_path, scores)
    monkeypatch.setattr(run.lm, "source", run.lm.source.__class__(**{**vars(run.lm.source), "path": str(tmp_path)}))
    assert card_scores.general(run.lm) is None
