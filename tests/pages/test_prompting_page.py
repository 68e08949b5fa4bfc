"""The prompting page: its figures hold the numbers of the analysis, its fields survive, and odd input gets a sentence."""

import csv
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.prompting import Prompt, pose
from analysis.prompting_shares import (
    BITS,
    attention_shares,
    influence_shares,
    log_probabilities,
    shares_among,
)
from tests.pages.copied import code_with, executed, folds_open, same_figure
from tests.pages.driving import CAT, chart, clicked, fine, numbers, opened, payload, picked, pressed, run_of, said
from ui.prompting.presets import ENGLISH, presets_for
from ui.runs.examples import DEFAULT_MODEL

TRUE, WRONG = "The black cat sleeps on the red couch.", "The black dog sleeps on the red couch."
ADDRESS = {"prompts": "2", "instruction_2": ENGLISH, "answers": f"{TRUE}\n{WRONG}"}
PROMPTS = (Prompt(), Prompt(ENGLISH))


def asked(**changed: str) -> AppTest:
    return opened("prompting", CAT, **(ADDRESS | changed))


def logs(prompt: Prompt, answer: str) -> np.ndarray:
    lm = run_of(CAT).lm
    return log_probabilities(lm, pose(lm, prompt, CAT, answer))


def totals() -> np.ndarray:
    return np.array([[logs(prompt, answer).sum() for answer in (TRUE, WRONG)] for prompt in PROMPTS])


def typed_into(app: AppTest, key: str, text: str) -> AppTest:
    return fine(app.text_area(key=key).set_value(text).run())


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.markdown, *app.caption])


def bars(app: AppTest, key: str) -> np.ndarray:
    return np.array([numbers(trace["x"]) for trace in chart(app, key)["data"]])


def test_the_bars_are_the_probabilities_of_each_answer_under_each_prompt() -> None:
    app = asked()
    np.testing.assert_allclose(bars(app, "among"), shares_among(totals()), atol=1e-6)
    np.testing.assert_allclose(bars(app, "absolute"), -totals() * BITS, atol=1e-3)
    assert "**“The black cat sleeps on the red couch.”** is the likeliest" in words(app)
    change = (totals()[1] - totals()[0]) * BITS
    assert f"less likely than prompt 1 does, by **{abs(change[0]):.1f} bits**" in words(app)


def test_an_answers_length_divides_where_that_is_asked() -> None:
    app = asked(length="per token")
    lengths = np.array([len(logs(PROMPTS[0], answer)) for answer in (TRUE, WRONG)])
    np.testing.assert_allclose(bars(app, "absolute"), -totals() * BITS / lengths, atol=1e-3)
    np.testing.assert_allclose(bars(app, "among"), shares_among(totals() / lengths), atol=1e-5)


def test_an_answer_is_shown_token_by_token_and_a_click_shows_another() -> None:
    app = asked()
    for answer in (TRUE, WRONG):
        drawn = [numbers(trace["y"]) for trace in chart(app, "surprisal")["data"]]
        np.testing.assert_allclose(drawn, [-logs(prompt, answer) * BITS for prompt in PROMPTS], atol=1e-3)
        app = clicked(app, "among_bridge", 1)
    assert app.query_params["answer"] == "1"
    notes = [chip["note"] for chip in payload(app, "prompt_texts")["rows"][1]["chips"]]
    assert notes == [f"{bits:.1f}" for bits in -logs(PROMPTS[0], WRONG) * BITS]
    assert clicked(app, "absolute_bridge", 4000).session_state["answer"] == 1


def test_what_an_answer_rests_on_is_that_of_the_analysis() -> None:
    app = asked(rests_layer="layer 1", rests_head="head 2")
    lm = run_of(CAT).lm
    rows = []
    for prompt in PROMPTS:
        posed = pose(lm, prompt, CAT, TRUE)
        rows += [attention_shares(lm, posed)[1, 2], influence_shares(lm, posed)]
    rows = np.array(rows)
    np.testing.assert_allclose(bars(app, "rests").T, rows[:, rows.any(axis=0)], atol=1e-6)
    mean = picked(picked(app, "rests_layer", "every"), "rests_head", "every")
    expected = attention_shares(lm, pose(lm, PROMPTS[1], CAT, TRUE)).mean(axis=(0, 1))
    np.testing.assert_allclose(bars(mean, "rests").T[2], expected[rows.any(axis=0)], atol=1e-6)


def test_what_the_model_reads_is_shown_part_by_part() -> None:
    rows = payload(asked(examples_2="Le chien dort."), "prompt_texts")["rows"]
    assert [row["name"] for row in rows] == ["1 reads", "answer", "2 reads", "answer"]
    titles = [chip["title"] for chip in rows[2]["chips"]]
    assert list(dict.fromkeys(titles)) == ["instruction", "examples", "input", "special token"]
    text = "".join(chip["label"] for chip in rows[2]["chips"][:-1]).replace("·", " ").strip()
    assert text == f"{ENGLISH} Le chien dort. {CAT}"


def test_a_preset_fills_every_field_and_the_address_restores_them() -> None:
    preset = presets_for(DEFAULT_MODEL)[1]
    app = fine(opened("prompting").menu_button(key="presets").click(preset.name).run())
    assert app.text_area(key="text").value == preset.input
    assert app.text_area(key="examples_2").value == preset.prompts[1].examples
    linked = {key: str(value) for key, value in app.query_params.items() if key != "text"}
    again = opened("prompting", preset.input, **linked)
    assert again.text_area(key="answers").value == "\n".join(preset.answers)
    np.testing.assert_array_equal(bars(again, "absolute"), bars(app, "absolute"))


def test_prompts_are_added_as_copies_and_taken_off_in_their_place() -> None:
    app = typed_into(asked(), "examples_1", "Le chien dort.")
    for _ in range(2):
        app = pressed(app, "add_prompt")
    assert app.button(key="add_prompt").disabled
    assert [app.text_area(key=f"instruction_{n}").value for n in range(1, 5)] == ["", ENGLISH, ENGLISH, ENGLISH]
    assert len(bars(app, "among")) == 4
    app = pressed(app, "remove_1")
    assert app.text_area(key="instruction_1").value == ENGLISH
    assert app.text_area(key="examples_1").value == ""
    app = pressed(pressed(app, "remove_1"), "remove_1")
    assert app.query_params["prompts"] == "1"
    assert "remove_1" not in {button.key for button in app.button}
    assert bars(app, "among").shape == (1, 2)


def test_fields_stay_while_other_pages_are_visited() -> None:
    app = typed_into(asked(), "instruction_1", "Dis-moi :")
    fine(app.switch_page("pages/logits.py").run())
    app = fine(app.switch_page("pages/prompting.py").run())
    assert app.text_area(key="instruction_1").value == "Dis-moi :"
    assert app.text_area(key="answers").value == ADDRESS["answers"]


def test_without_typed_answers_the_models_own_are_compared() -> None:
    app = asked(answers="")
    first, second = (note["text"] for note in chart(app, "among")["layout"]["annotations"])
    run = run_of(CAT)
    assert first.removeprefix("<b>").removesuffix("</b>") in run.lm.text([step.token.id for step in run.steps]).strip()
    assert second != first
    assert "the model's own" in words(app)


def test_what_cannot_be_measured_is_said_and_the_rest_stays() -> None:
    app = typed_into(asked(), "answers", f"{TRUE}\n{TRUE}\n \n{'x' * 400}")
    assert "stands there twice" in said(app)
    assert "may have 256 tokens" in said(app)
    assert bars(app, "among").shape == (2, 1)
    assert "There is one answer" in words(app)
    app = typed_into(app, "instruction_2", "x" * 1200)
    assert "Prompt 2 is left out" in said(app)
    assert "shorten it by 187 tokens" in said(app)
    assert bars(app, "among").shape == (1, 1)
    app = typed_into(app, "answers", "x" * 400)
    assert not app.get("plotly_chart")
    assert app.text_area(key="answers").value == "x" * 400


def test_fields_too_long_for_a_link_are_left_out_of_it_and_that_is_said() -> None:
    app = typed_into(asked(), "answers", "\n".join(["y" * 900, "z" * 3500]))
    assert "more than the 4,000 a link holds" in words(app)
    assert "prompts" not in app.query_params
    assert app.text_area(key="answers").value.startswith("yyy")


def test_markup_in_answers_and_fields_is_no_markup() -> None:
    app = asked(answers="<img src=x onerror=alert(1)>\n:red[x] **y** $z$", instruction_2="<b>x</b>")
    for part in [*app.markdown, *app.caption]:
        assert ":red[" not in part.value
        assert "<img" not in part.value.replace("\\<img", "")
    assert len(app.get("plotly_chart")) == 4


def test_a_suggestion_gives_way_to_the_next_models_and_what_was_written_does_not() -> None:
    app = picked(opened("prompting"), "model", "bart-denoise")
    assert app.text_area(key="instruction_2").value == "Put the words in order:"
    app = picked(typed_into(app, "instruction_2", "Mine:"), "model", DEFAULT_MODEL)
    assert app.text_area(key="instruction_2").value == "Mine:"


def test_everything_can_be_taken_away(downloads: dict[str, Callable[[], str]]) -> None:
    asked()
    rows = list(csv.DictReader(io.StringIO(downloads["prompts.csv"]())))
    assert [(row["prompt"], row["answer"]) for row in rows] == [(p, a) for p in "12" for a in (TRUE, WRONG)]
    np.testing.assert_allclose([float(row["log_probability_nats"]) for row in rows], totals().ravel())
    document = json.loads(downloads["prompts.json"]())
    answer = document["prompts"][1]["answers"][0]
    np.testing.assert_allclose([token["log_probability_nats"] for token in answer["tokens"]], logs(PROMPTS[1], TRUE))
    assert sum(answer["attention"].values()) == pytest.approx(1, abs=1e-5)
    tokens = list(csv.DictReader(io.StringIO(downloads["surprisal-by-token.csv"]())))
    assert sum(float(row["surprisal_bits"]) for row in tokens) == pytest.approx(-totals()[:, 0].sum() * BITS)
    parts = list(csv.DictReader(io.StringIO(downloads["prompt-parts.csv"]())))
    assert [row["of"] for row in parts] == ["attention", "influence"] * 2


@pytest.mark.parametrize(
    ("key", "of"),
    [("among", "share_words("), ("absolute", "bits_words("), ("surprisal", "surprisal_bars("), ("rests", "part_bars(")],
)
def test_the_python_of_a_figure_makes_the_same_figure(key: str, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = asked(rests_layer="layer 1")
    code = code_with(app, of)
    assert "fig" in executed(code)
    if key != "rests":
        same_figure(app, key, code)
        return
    drawn = json.loads(executed(code)["fig"].to_json())["data"]
    np.testing.assert_allclose([numbers(trace["x"]) for trace in drawn], bars(app, key), atol=1e-6)
