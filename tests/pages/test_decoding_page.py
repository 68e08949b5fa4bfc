"""The decoding page: stepping, the full softmax behind each token, and tokens a person writes instead."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.driving import (
    CAT,
    chart,
    chips,
    clicked,
    key_pressed,
    numbers,
    opened,
    payload,
    picked,
    pressed,
    run_of,
    said,
    sent,
    shown,
    typed,
)
from viz.percent import format_percent


def test_the_chart_holds_the_full_softmax_of_its_step(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened("decoding", CAT, step="3")
    step = shown(app).steps[3]
    shares = step.probabilities.numpy()
    bars = chart(app, "next")["data"][0]
    ids, values = numbers(bars["customdata"]), numbers(bars["x"])
    np.testing.assert_allclose(values[:-1], shares[ids[:-1]], rtol=1e-6)
    assert set(ids[:-1]) == set(np.argsort(-shares)[: len(ids) - 1])
    assert values.sum() == pytest.approx(1, abs=1e-5)
    assert bars["text"][0].removeprefix("<b>").removesuffix("</b>") == format_percent(float(shares.max()))
    header, *rows = csv.reader(io.StringIO(downloads["next-token-step-3.csv"]()))
    assert header == ["rank", "id", "token", "logit", "probability"]
    read = {int(row[1]): np.float32(row[4]) for row in rows}
    assert len(rows) == len(read) == len(shares)
    np.testing.assert_array_equal([read[i] for i in range(len(shares))], shares)
    logits = {int(row[1]): np.float32(row[3]) for row in rows}
    np.testing.assert_array_equal([logits[i] for i in range(len(shares))], step.logits.numpy())


def test_the_entropy_is_that_of_the_full_softmax() -> None:
    app = opened("decoding", CAT, step="1")
    p = shown(app).steps[1].probabilities.double().numpy()
    bits = float(-(p * np.log2(p)).sum())
    assert any(f"entropy {bits:.2f} bits" in part.value for part in app.markdown)


def test_the_buttons_walk_through_the_writing() -> None:
    app = opened("decoding", CAT)
    last = len(shown(app).steps) - 1
    charts = [chart(app, "next")]
    assert app.button(key="go_back").disabled
    for button, step in (("go_step", 1), ("go_step", 2), ("go_back", 1), ("go_end", last), ("go_restart", 0)):
        app = pressed(app, button)
        assert app.session_state["step"] == step
        assert len(chips(app, "written")) == step + 2
        charts.append(chart(app, "next"))
    assert charts[1] == charts[3]
    assert charts[0] == charts[5]
    assert charts[0] != charts[1] != charts[2] != charts[4]


def test_the_last_step_says_why_it_ended() -> None:
    app = pressed(opened("decoding", CAT), "go_end")
    assert shown(app).steps[-1].ended == "end"
    assert any("It wrote its end token." in caption.value for caption in app.caption)
    assert app.button(key="go_step").disabled
    assert app.button(key="go_end").disabled


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (["step"], 1),
        (["step", "step", "back"], 1),
        (["end", "restart"], 0),
        (["back"], 0),
    ],
)
def test_keys_do_what_the_buttons_do(keys: list[str], step: int) -> None:
    app = opened("decoding", CAT)
    for key in keys:
        app = key_pressed(app, "step_keys", key)
    assert app.session_state["step"] == step


def test_no_key_steps_past_the_end() -> None:
    app = key_pressed(key_pressed(opened("decoding", CAT), "step_keys", "end"), "step_keys", "step")
    assert app.session_state["step"] == len(shown(app).steps) - 1


@pytest.mark.parametrize(("address", "back"), [("999", 0), ("-3", None), ("x", None)])
def test_a_step_that_is_not_there_gives_way_to_one_that_is(address: str, back: int | None) -> None:
    app = opened("decoding", CAT, step=address)
    last = len(shown(app).steps) - 1
    assert app.session_state["step"] == (0 if back is None else last)


def test_a_click_on_a_chip_goes_to_the_step_that_wrote_it() -> None:
    app = sent(pressed(opened("decoding", CAT), "go_end"), "written", "token", {"row": 0, "index": 3})
    assert app.session_state["step"] == 2


def test_a_click_on_a_bar_writes_that_token_and_keeps_what_stands_before_it() -> None:
    app = opened("decoding", CAT, step="2")
    own = shown(app)
    ids = numbers(chart(app, "next")["data"][0]["customdata"])
    other = int(ids[1])
    app = clicked(app, "next_bridge", 1)
    run = shown(app)
    assert run.spec.choices == ((2, other),)
    assert [step.token for step in run.steps[:2]] == [step.token for step in own.steps[:2]]
    assert run.steps[2].token.id == other
    assert run.steps[3].read["decoder"][-1].id == other
    assert app.session_state["step"] == 2
    assert payload(app, "written")["rows"][0]["chips"][3]["note"].endswith("✎")
    assert app.query_params["choices"] in (f"2:{other}", [f"2:{other}"])


def test_the_menu_writes_any_of_the_first_hundred() -> None:
    app = opened("decoding", CAT, step="1")
    other = shown(app).steps[1].top(60)[59][0]
    app = picked(app, "write_instead", other.id)
    run = shown(app)
    assert run.spec.choices == ((1, other.id),)
    assert run.steps[1].token.id == other.id
    assert app.selectbox(key="write_instead").value is None
    assert any("came, with" in caption.value for caption in app.caption)


def test_a_click_on_the_rest_or_past_it_chooses_nothing() -> None:
    app = opened("decoding", CAT)
    rest = len(numbers(chart(app, "next")["data"][0]["x"])) - 1
    for row in (rest, rest + 1, 10**6):
        app = clicked(app, "next_bridge", row)
        assert shown(app) is run_of(CAT)


def test_a_choice_drops_the_choices_after_it_and_keeps_those_before() -> None:
    app = clicked(opened("decoding", CAT, step="1"), "next_bridge", 1)
    app = clicked(pressed(pressed(app, "go_step"), "go_step"), "next_bridge", 1)
    assert [step for step, _ in shown(app).spec.choices] == [1, 3]
    app = clicked(pressed(app, "go_back"), "next_bridge", 1)
    assert [step for step, _ in shown(app).spec.choices] == [1, 2]


def test_the_models_own_token_is_no_choice() -> None:
    app = opened("decoding", CAT, step="1")
    ids = numbers(chart(app, "next")["data"][0]["customdata"]).tolist()
    app = clicked(app, "next_bridge", ids.index(shown(app).steps[1].token.id))
    assert shown(app) is run_of(CAT)


def test_the_model_gets_its_choice_back() -> None:
    app = clicked(opened("decoding", CAT, step="1"), "next_bridge", 1)
    app = pressed(app, "unforce")
    assert shown(app) is run_of(CAT)
    assert not any("✎" in chip["note"] for chip in payload(app, "written")["rows"][0]["chips"])


def test_choices_are_kept_aside_when_the_text_changes_and_can_be_replayed() -> None:
    app = clicked(opened("decoding", CAT, step="1"), "next_bridge", 1)
    choices = shown(app).spec.choices
    app = typed(app, "Le chien noir dort sur le canapé rouge.")
    assert shown(app).spec.choices == ()
    assert app.session_state["step"] == 0
    app = pressed(app, "replay")
    assert shown(app).spec.choices == choices
    assert shown(app).steps[1].token.id == choices[0][1]


def test_a_link_restores_step_and_choices() -> None:
    other = run_of(CAT).steps[2].top(2)[1][0]
    app = opened("decoding", CAT, step="3", choices=f"2:{other.id}")
    assert shown(app).steps[2].token.id == other.id
    assert app.session_state["step"] == 3


@pytest.mark.parametrize("choices", ["0:999999", "0:99999999999999999"])
def test_a_link_with_a_token_the_model_does_not_have_says_so_and_shows_the_models_own(choices: str) -> None:
    app = opened("decoding", CAT, choices=choices)
    assert "vocabulary" in said(app)
    assert shown(app) is run_of(CAT)
    assert not said(typed(app, "Le chat dort."))


def test_who_is_read_are_the_rows_of_the_token_being_written() -> None:
    app = picked(opened("decoding", CAT, step="2"), "read_layer", "1")
    step = shown(app).steps[2]
    weights = step.trace.attention("decoder", 1, "cross").weights()[:, -1].numpy()
    np.testing.assert_allclose(numbers(chart(app, "readers")["data"][0]["z"]), weights, atol=1e-6)


def test_the_alignment_grows_by_a_row_a_step(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened("decoding", CAT)
    for step in range(3):
        rows = list(csv.reader(io.StringIO(downloads[f"alignment-to-step-{step}.csv"]())))[1:]
        run = shown(app)
        last = run.lm.config.decoder_layers - 1
        expected = run.steps[step].trace.attention("decoder", last, "cross").weights().mean(dim=0).numpy()
        assert [row[1] for row in rows] == [one.token.label for one in run.steps[: step + 1]]
        np.testing.assert_allclose(np.array([row[2:] for row in rows], dtype=np.float32), expected, atol=1e-7)
        app = pressed(app, "go_step")
