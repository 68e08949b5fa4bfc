"""What changed? The differences on screen are those of the two runs, and every way of comparing says what is missing."""

import numpy as np
import pytest

from analysis.difference import moved
from tests.pages.driving import (
    CAT,
    FIRST,
    chart,
    chips,
    clicked,
    numbers,
    opened,
    payload,
    picked,
    pressed,
    said,
    sent,
    shown,
)
from tests.pages.driving import run_of as plain_run
from ui.compare.other_run import reread
from ui.maps.attention import KINDS
from ui.runs import runner
from ui.runs.store import Run

DOG = "Le chien noir dort sur le canapé rouge."


def second_run(text: str) -> Run:
    return plain_run(text)


@pytest.mark.parametrize("part", KINDS)
def test_one_word_changed_gives_the_second_runs_weights_minus_the_firsts(part: str) -> None:
    app = opened("compare", CAT, text_b=DOG, part=part, layer="1", head="3")
    stack, kind = KINDS[part].place
    first, second = (run.trace.attention(stack, 1, kind).weights(3).numpy() for run in (shown(app), second_run(DOG)))
    assert first.shape == second.shape  # "chat" and "chien" are a piece each, and so are their translations
    drawn = numbers(chart(app, "difference")["data"][0]["z"])
    np.testing.assert_allclose(drawn, second - first, atol=1e-6)
    ranked = numbers(chart(app, "ranking")["data"][0]["x"])
    assert (np.diff(ranked) <= 0).all()
    caption = payload(app, "difference_grid")["captions"][1][3]
    assert caption.startswith("moved ")
    assert float(moved((second - first)[None])[0]) <= ranked[0] + 1e-6


def test_an_inserted_word_is_a_row_and_a_column_of_its_own() -> None:
    app = opened("compare", "Le chat dort.", text_b="Le petit chat dort.", part="encoder", layer="0", head="0")
    axis = chart(app, "difference")["layout"]
    assert "+·petit" in axis["xaxis"]["ticktext"]
    drawn = numbers(chart(app, "difference")["data"][0]["z"])
    at = axis["xaxis"]["ticktext"].index("+·petit")
    assert np.isnan(drawn[at]).all()
    new = second_run("Le petit chat dort.").trace.attention("encoder", 0).weights(0).numpy()
    np.testing.assert_allclose(drawn[0, at], new[0, at], atol=1e-6)
    others = np.delete(drawn, at, axis=0)
    np.testing.assert_allclose(others.sum(axis=1), 0, atol=1e-5)
    words = "\n".join(str(caption.value) for caption in app.caption)
    assert "5 of 6 queries and 5 of 6 keys are in both" in words
    assert "counts as 0 there" in words
    app = picked(app, "shared_only", True)
    assert "rows divided by what is left" in "\n".join(str(caption.value) for caption in app.caption)


def test_a_head_opens_by_its_picture_and_by_its_bar() -> None:
    app = sent(opened("compare", CAT, text_b=DOG), "difference_grid", "head", {"layer": 1, "head": 6})
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 6)
    names = chart(app, "ranking")["layout"]["yaxis"]["ticktext"]
    app = clicked(app, "ranking_bridge", 2)
    layer, head = app.session_state["layer"], app.session_state["head"]
    assert f"L{layer} H{head}" in names[2]
    clicked(app, "ranking_bridge", 4000)


def test_both_predictions_are_of_the_step_that_is_chosen() -> None:
    app = opened("compare", CAT, text_b=DOG)
    rows = payload(app, "both_texts")["rows"]
    assert [row["name"] for row in rows] == ["second reads", "first writes", "second writes"]
    app = sent(app, "both_texts", "token", {"row": 2, "index": 2})
    for key, run in (("prediction_first", shown(app)), ("prediction_second", second_run(DOG))):
        best = numbers(chart(app, key)["data"][0]["x"])[0]
        assert best == pytest.approx(float(run.steps[2].probabilities.max()), abs=1e-5)
    before = app.session_state["moment"]
    assert sent(app, "both_texts", "token", {"row": 0, "index": 1}).session_state["moment"] == before


def test_what_differs_is_tinted_on_both_sides() -> None:
    app = opened("compare", CAT, text_b=DOG)
    reads = payload(app, "both_texts")["rows"][0]["chips"]
    assert [chip["label"] for chip in reads if chip["intensity"]] == ["·chien"]


def test_no_second_text_says_what_to_do_and_the_first_can_be_copied() -> None:
    app = opened("compare", CAT)
    app.text_area(key="text_b").set_value("  ").run()
    assert "copy the first" in said(app)
    assert not app.get("plotly_chart")
    app = pressed(app, "copy_first")
    assert app.text_area(key="text_b").value == CAT
    assert numbers(chart(app, "difference")["data"][0]["z"]) == pytest.approx(0)


def test_a_second_text_that_cannot_be_read_leaves_the_last_one_that_worked() -> None:
    app = opened("compare", CAT, text_b=DOG)
    drawn = chart(app, "ranking")
    app.text_area(key="text_b").set_value("x" * 10_000).run()
    assert "last second text that worked" in said(app)
    assert chart(app, "ranking") == drawn


def test_parts_that_are_off_are_compared_with_the_same_tokens_read_whole() -> None:
    app = opened("compare", CAT, against="edits", off="d1c3,e0f", part="cross", layer="2", head="5")
    run = shown(app)
    after = reread(run, app.session_state["off"][1])
    assert after.trace.tokens("decoder") == run.trace.tokens("decoder")
    expected = after.trace.attention("decoder", 2, "cross").weights(5) - run.trace.attention(
        "decoder", 2, "cross"
    ).weights(5)
    np.testing.assert_allclose(numbers(chart(app, "difference")["data"][0]["z"]), expected.numpy(), atol=1e-6)
    assert chips(app, "off_chips") == ["decoder cross-attention L1 H3", "encoder feed-forward L0"]
    app = pressed(app, "restore_all")
    assert "Nothing is switched off yet" in said(app)


def test_another_model_is_offered_where_there_is_one_and_else_the_way_to_one() -> None:
    app = opened("compare", FIRST, against="model")
    others = [name for name in runner.offered() if name != shown(app).spec.model]
    if others:
        assert len(app.selectbox(key="model_b").options) == len(others)
    else:
        assert "no other model here" in said(app)
        assert not app.get("plotly_chart")
