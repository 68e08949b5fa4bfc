"""Comparing and knocking out on every kind of model, and on pairs of models that differ in tokenizer, shape and kind."""

import numpy as np
import pytest

from model import ZeroHead
from tests.pages.driving import chart, numbers, payload, pressed, sent, shown
from tests.pages.test_kinds import SECOND, TEXT, charts, of, sentences, zoo
from ui.compare.other_run import reread
from ui.maps.attention import available
from ui.runs import runner
from ui.runs.store import RunSpec

__all__ = ["zoo"]  # the fixture that puts tiny models in the place of the shipped ones


@pytest.mark.parametrize(
    ("family", "code"), [("gpt2", "d1s2"), ("bloom", "d0s1"), ("llama", "d1f"), ("bart", "e1s0"), ("t5", "d0c")]
)
def test_a_part_of_every_writing_family_can_be_switched_off(family: str, code: str) -> None:
    app = of(f"tiny-{family}", "knock_out", off=code)
    run = shown(app)
    after = reread(run, app.session_state["off"][1])
    assert charts(app) >= {"change", "worth_map", "number_weight", "number_norm", "number_gradient"}
    stack, part = available(run)[-1].place
    layer, head = app.session_state["layer"], app.session_state["head"]
    weights = after.trace.attention(stack, layer, part).weights(head).numpy()
    drawn = numbers(chart(app, "worth_map")["data"][0]["z"])
    np.testing.assert_allclose(drawn[np.isfinite(drawn)], weights[np.isfinite(drawn)], atol=1e-6)
    assert any(chip["note"].endswith("bits") for chip in payload(app, "worth_texts")["rows"][0]["chips"])


def test_an_encoder_says_what_to_do_until_a_token_is_masked_and_measures_what_it_hides() -> None:
    app = of("tiny-bert", "knock_out", off="e1s2", pair=SECOND)
    assert "Nothing is masked yet" in sentences(app)
    assert not charts(app)
    app = sent(app, "maskable", "token", {"row": 0, "index": 2})
    run = shown(app)
    assert "change" in charts(app)
    hidden = run.original[2]
    edited = run.lm.run(
        [token.id for token in run.source], segments=run.segments, edits=(ZeroHead("encoder", 1, "self", 2),)
    )
    note = payload(app, "worth_texts")["rows"][0]["chips"][0]["note"]
    expected = np.log2(float(edited.probabilities(2)[hidden.id]) / float(run.trace.probabilities(2)[hidden.id]))
    assert float(note.removesuffix(" bits").replace("−", "-")) == pytest.approx(expected, abs=0.006)


def test_every_head_of_an_encoder_is_knocked_out_on_request() -> None:
    app = pressed(of("tiny-bert", "knock_out", masks="2"), "sweep_start")
    for _ in range(50):
        if "were knocked out in turn" in sentences(app):
            break
        app.run()
    assert np.isfinite(numbers(chart(app, "number_knock_out")["data"][0]["z"])).all()


def test_a_body_without_a_head_has_nothing_that_a_part_could_be_worth_to() -> None:
    assert "without an output head" in sentences(of("body-llama", "knock_out"))
    assert "difference" in charts(of("body-llama", "compare", text_b="the cat ran"))


def test_a_model_without_a_tokenizer_is_compared_by_its_ids() -> None:
    app = of("mute-bloom", "compare", text="12 7 93", text_b="12 8 93 5")
    assert chart(app, "difference")["layout"]["xaxis"]["ticktext"] == ["#12", "#7→#8", "#93", "+#5"]


def test_two_models_of_one_text_are_compared_by_characters_where_their_shapes_differ_by_likeness() -> None:
    app = of("tiny-gpt2", "compare", against="model", model_b="tiny-llama")
    first = shown(app)
    second = runner.get(RunSpec("tiny-llama", "cpu", TEXT))
    assert "difference" in charts(app)
    captions = payload(app, "difference_grid")["captions"]
    if (first.lm.config.decoder_layers, first.lm.config.n_heads) != (
        second.lm.config.decoder_layers,
        second.lm.config.n_heads,
    ):
        assert all("against L" in caption for row in captions for caption in row)
    assert {"prediction_first", "prediction_second"} <= charts(app)


def test_an_encoder_and_a_decoder_are_compared_with_a_word_of_caution() -> None:
    app = of("tiny-bert", "compare", against="model", model_b="tiny-gpt2")
    assert "attends only to what came before" in sentences(app)
    assert "Two tokenizers cut this text differently" in sentences(app)
    assert "Type [MASK]" in sentences(app)
    assert "prediction_second" in charts(app)


def test_a_prompt_is_compared_as_typed_and_not_what_was_written_after_it() -> None:
    app = of("tiny-gpt2", "compare", text_b="the cat sat on")
    run = shown(app)
    assert run.typed < len(run.trace.tokens("decoder"))
    labels = chart(app, "difference")["layout"]["yaxis"]["ticktext"]
    read = [label.rpartition(" ")[2] for label in labels[: run.typed]]
    assert read == [f"({token.label})" for token in run.source]
    assert all(label.startswith("+") for label in labels[run.typed :])
