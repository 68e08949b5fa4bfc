"""The decoding page's strategies: ghosts without a run, seeds that repeat themselves, and the line over the whole text."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

from model import Sample
from model.transformer import Transformer
from tests.pages.driving import (
    CAT,
    chart,
    chips,
    clicked,
    fine,
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
from ui import figures


@pytest.fixture(autouse=True)
def _narrowing_stands_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dials are made when their fold is opened, which AppTest cannot do."""
    monkeypatch.setattr(figures, "is_open", lambda box: isinstance(box, ExpanderContainer))


DRAWN = {"choose": "draw", "seed": "3", "narrow": "temperature:1.5"}


def ids_of(app) -> list[int]:
    return [step.token.id for step in shown(app).steps]


def test_without_a_stage_there_are_no_ghosts() -> None:
    assert len(chart(opened("decoding", CAT, step="2"), "next")["data"]) == 1


def test_ghosts_are_the_shares_after_every_stage_and_the_softmax_stays() -> None:
    app = opened("decoding", CAT, step="2")
    solid = numbers(chart(app, "next")["data"][0]["x"])
    app = picked(picked(app, "on_temperature", True), "on_top_k", True)
    step = shown(app).steps[2]
    data = chart(app, "next")["data"]
    np.testing.assert_array_equal(numbers(data[0]["x"]), solid)
    read = [token.id for token in step.read["decoder"]]
    expected = Sample(temperature=0.7, top_k=20).narrowed(step.logits, read).softmax(dim=-1).numpy()
    ids = numbers(data[1]["customdata"])[:-1]
    np.testing.assert_allclose(numbers(data[1]["x"])[:-1], expected[ids], rtol=1e-5)


def test_a_moved_dial_changes_the_ghosts_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = picked(opened("decoding", CAT, step="1"), "on_temperature", True)
    before = numbers(chart(app, "next")["data"][1]["x"])
    monkeypatch.setattr(Transformer, "advance", lambda *_, **__: pytest.fail("the model was run"))
    monkeypatch.setattr(Transformer, "forward", lambda *_, **__: pytest.fail("the model was run"))
    app = picked(app, "dial_temperature", 2.5)
    assert abs(numbers(chart(app, "next")["data"][1]["x"]) - before).max() > 0.01
    app = picked(app, "on_temperature", False)
    assert len(chart(app, "next")["data"]) == 1
    assert picked(app, "on_temperature", True).session_state["dial_temperature"] == 2.5


def test_a_token_that_is_ruled_out_says_by_what() -> None:
    app = opened("decoding", CAT, step="2", narrow="top_k:2")
    words = chart(app, "next")["data"][2]["text"]
    assert all("out: top-k" in text for text in words[2:-1])
    assert not any("out" in text for text in words[:2])
    assert words[-1].endswith("out: all of them")


def test_the_same_seed_writes_the_same_text_whatever_was_there_before() -> None:
    app = opened("decoding", CAT, **DRAWN)
    first = ids_of(app)
    app = pressed(app, "draw_anew")
    assert shown(app).spec.strategy == Sample(temperature=1.5, seed=4)
    other = ids_of(app)
    app = fine(app.number_input(key="choose_seed").set_value(3).run())
    assert ids_of(app) == first != other
    lm = shown(app).lm
    alone = lm.decode(CAT, strategy=Sample(temperature=1.5, seed=3), max_new_tokens=len(first))
    assert [step.token.id for step in alone] == first


def test_a_branch_taken_back_draws_the_same_tokens_again() -> None:
    app = opened("decoding", CAT, step="1", **DRAWN)
    first = ids_of(app)
    ids = numbers(chart(app, "next")["data"][0]["customdata"]).tolist()
    app = clicked(app, "next_bridge", next(n for n, i in enumerate(ids) if i not in (first[1], -1)))
    assert ids_of(app)[:1] == first[:1]
    assert ids_of(app) != first
    assert ids_of(pressed(app, "unforce")) == first


def test_greedy_is_what_it_was_after_sampling() -> None:
    app = picked(opened("decoding", CAT, **DRAWN), "choose_way", "greedy")
    assert ids_of(app) == [step.token.id for step in run_of(CAT).steps]
    assert "choose" not in app.query_params


def test_a_link_restores_strategy_seed_and_stages() -> None:
    app = opened("decoding", CAT, choose="draw", seed="11", narrow="temperature:0.8,top_p:0.9")
    assert shown(app).spec.strategy == Sample(temperature=0.8, top_p=0.9, seed=11)
    assert app.toggle(key="on_top_p").value
    assert not app.toggle(key="on_top_k").value
    assert app.number_input(key="choose_seed").value == 11


def test_every_page_shows_the_text_that_was_drawn() -> None:
    drawn = ids_of(opened("decoding", CAT, **DRAWN))
    app = opened("attention", CAT, **DRAWN)
    assert [token.id for token in shown(app).generated] == drawn


def test_the_line_holds_entropy_and_surprisal_of_every_step(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened("decoding", CAT, step="2")
    run = shown(app)
    data = chart(app, "certainty")["data"]
    p = np.stack([step.probabilities.double().numpy() for step in run.steps])
    np.testing.assert_allclose(numbers(data[0]["y"]), -(p * np.log2(p)).sum(axis=1), atol=1e-4)
    came = p[range(len(p)), [step.token.id for step in run.steps]]
    np.testing.assert_allclose(numbers(data[1]["y"]), -np.log2(came), atol=1e-4)
    rows = list(csv.DictReader(io.StringIO(downloads["certainty.csv"]())))
    assert [row["token"] for row in rows] == [step.token.label for step in run.steps]


def test_a_click_on_the_line_goes_to_that_step() -> None:
    assert clicked(opened("decoding", CAT), "certainty_bridge", 4).session_state["step"] == 4


def test_tokens_still_to_come_stand_in_a_row_of_their_own_and_lead_there() -> None:
    app = opened("decoding", CAT, step="1")
    steps = shown(app).steps
    assert chips(app, "written", 1) == [step.token.label for step in steps[2:]]
    app = sent(app, "written", "token", {"row": 1, "index": 2})
    assert app.session_state["step"] == 4
    assert chips(pressed(app, "go_end"), "written", 1) == []


def test_playing_goes_on_by_a_step_a_tick_and_ends_at_the_last() -> None:
    app = opened("decoding", CAT)
    last = len(shown(app).steps) - 1
    for number in range(1, last + 3):
        app = sent(app, "player", "tick", {"number": number})
        assert app.session_state["step"] == min(number, last)
        assert payload(app, "player")["answered"] == number
        assert payload(app, "player")["end"] == (number >= last)


def test_a_typed_word_is_written_piece_by_piece() -> None:
    app = opened("decoding", CAT, step="1")
    lm = shown(app).lm
    app = fine(app.text_input(key="write_typed").set_value(" red horses").run())
    pieces = lm.reading(" red horses", special=False).ids
    assert len(pieces) > 1
    assert ids_of(app)[1 : 1 + len(pieces)] == pieces
    assert shown(app).spec.choices == tuple((1 + n, i) for n, i in enumerate(pieces))
    assert app.text_input(key="write_typed").value == ""


@pytest.mark.parametrize(
    ("text", "words"), [("x" * 300, "choices are kept at most"), ("  ", "is a piece this model knows")]
)
def test_what_cannot_be_typed_gets_a_sentence_and_changes_nothing(text: str, words: str) -> None:
    app = opened("decoding", CAT, step="1")
    before = ids_of(app)
    app = fine(app.text_input(key="write_typed").set_value(text).run())
    assert words in said(app)
    assert ids_of(app) == before


def test_a_new_text_keeps_the_strategy() -> None:
    app = typed(opened("decoding", CAT, **DRAWN), "Le chien dort.")
    assert shown(app).spec.strategy == Sample(temperature=1.5, seed=3)


def test_the_line_over_the_whole_text_is_the_same_at_every_step_and_only_its_mark_moves() -> None:
    app = opened("decoding", CAT)
    before = chart(app, "certainty")
    assert payload(app, "certainty_bridge")["mark"] == 0.0
    app = pressed(pressed(app, "go_step"), "go_step")
    assert chart(app, "certainty") == before
    assert payload(app, "certainty_bridge")["mark"] == 2.0
