"""Texts that take a while: shown as they are made, stopped, gone on with, and as long as one asks for."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.driving import CAT, chips, opened, picked, pressed, run_of, sent, shown, typed
from ui.decoding.page import WINDOW_TOKENS

LONG = {"choose": "draw", "narrow": "temperature:3", "most": "100"}


def live_page() -> None:
    import streamlit as st

    from ui.runs import runner
    from ui.runs.examples import DEFAULT_MODEL
    from ui.runs.runner import RunSpec
    from ui.shell import streaming

    streaming.PATIENCE_SECONDS = streaming.REDRAW_SECONDS = 0.0
    spec = RunSpec(DEFAULT_MODEL, "cpu", "Le chat dort.", most=3)
    live = streaming.Live(spec, st.empty())
    steps = [*runner.get(spec).steps]
    for step in steps:
        live(step)
    if st.session_state.get("finish"):
        live.clear()
    st.session_state["written"] = runner.load(DEFAULT_MODEL, "cpu").text([step.token.id for step in steps])


def test_what_was_written_so_far_is_on_screen_with_a_button_to_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.shell import streaming

    monkeypatch.setattr(streaming, "PATIENCE_SECONDS", streaming.PATIENCE_SECONDS)
    monkeypatch.setattr(streaming, "REDRAW_SECONDS", streaming.REDRAW_SECONDS)
    app = AppTest.from_function(live_page, default_timeout=120).run()
    assert not app.exception
    assert app.text[0].value == f"3 tokens   {app.session_state['written']}"
    assert app.session_state["streamed"] == 3
    stopped, count = app.button(key="stop_writing").click().run().session_state["stopped"]
    assert (stopped.text, stopped.most, count) == ("Le chat dort.", None, 3)
    app.session_state["finish"] = True
    app.run()
    assert not app.text
    assert not app.button


def test_a_stopped_text_ends_where_it_was_stopped_and_goes_on_by_a_click() -> None:
    app = opened("decoding", CAT)
    own = shown(app)
    app.session_state["stopped"] = (replace(own.spec, most=None), 3)
    app.run()
    assert [step.token for step in shown(app).steps] == [step.token for step in own.steps[:3]]
    assert "You stopped it after 3 tokens." in " ".join(one.value for one in app.caption)
    app = pressed(app, "go_on")
    assert [step.token for step in shown(app).steps] == [step.token for step in own.steps]


def test_another_text_is_not_stopped() -> None:
    app = opened("decoding", CAT)
    app.session_state["stopped"] = (replace(shown(app).spec, most=None), 2)
    assert len(shown(typed(app, "Le chien dort.")).steps) > 2


def test_a_long_text_is_shown_around_the_step_and_every_token_can_be_reached() -> None:
    app = opened("decoding", CAT, step="70", **LONG)
    run = shown(app)
    assert run.limit == 100
    assert len(run.steps) > 75, "the seed writes enough to fill the window"
    row = chips(app, "written")
    assert row[0] == "⋯ 12 before"
    assert row[-1] == run.steps[70].token.label
    assert len(row) == 61
    app = sent(app, "written", "token", {"row": 0, "index": 5})
    assert app.session_state["step"] == 70 - 55


def test_a_link_asks_for_a_length_that_is_offered() -> None:
    app = opened("decoding", CAT, **LONG)
    assert shown(app).limit == 100
    assert "Stopped after 100 tokens, the most you asked for." in " ".join(one.value for one in app.caption)
    assert shown(opened("decoding", CAT, most="999999")).limit == run_of(CAT).limit
    assert shown(picked(opened("decoding", CAT), "most_picked", 40)).spec.most == 40


def test_two_branches_of_a_long_text_are_shown_around_the_step() -> None:
    app = opened("decoding", CAT, step="70", **LONG)
    run = shown(app)
    app = sent(app, "next_bridge", "point", {"curve": 0, "row": 1, "col": None, "x": None, "y": None})
    assert len(chips(app, "branch_tree", 0)) < len(run.steps)
    row = chips(app, "branch_tree", 1)
    assert row[0] == "⋯ 70 shared"
    assert row[1] == shown(app).steps[70].token.label
    app = sent(app, "branch_tree", "token", {"row": 0, "index": 0})
    assert shown(app) is run
    assert app.session_state["step"] == 70 - WINDOW_TOKENS - 1
