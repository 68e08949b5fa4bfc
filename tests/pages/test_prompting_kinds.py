"""The prompting page on every kind of model: six families, an LSTM, a body without a head, ids without a tokenizer."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.prompting import PARTS, Prompt, pose
from analysis.prompting_shares import BITS, influence_shares, log_probabilities
from tests.model import lstm_checkpoint
from tests.pages.driving import chart, numbers, payload, sent, shown
from tests.pages.test_kinds import FAMILIES, SECOND, of, sentences, tokenizer, zoo

__all__ = ["zoo"]  # a fixture

FIELDS = {"prompts": "2", "instruction_1": "say:", "examples_2": "a cat\na hat", "answers": "cat\nthe hat"}
PROMPTS = (Prompt("say:"), Prompt("", ("a cat", "a hat")))
MASKED = "the [MASK] sat"


def asked(model: str, text: str = "the cat sat", **changed: str) -> AppTest:
    return of(model, "prompting", text, **(FIELDS | changed))


def drawn(app: AppTest, key: str) -> np.ndarray:
    return np.array([numbers(trace["x"]) for trace in chart(app, key)["data"]])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_every_answer_a_probability(family: str) -> None:
    text = MASKED if family == "bert" else "the cat sat"
    app = asked(f"tiny-{family}", text)
    lm = shown(app).lm
    posed = [[pose(lm, prompt, text, answer) for answer in ("cat", "the hat")] for prompt in PROMPTS]
    expected = [[-log_probabilities(lm, one).sum() * BITS for one in row] for row in posed]
    np.testing.assert_allclose(drawn(app, "absolute"), expected, rtol=1e-4)
    np.testing.assert_allclose(drawn(app, "among").sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(drawn(app, "rests").sum(axis=0), 1, atol=1e-5)
    rows = len(chart(app, "rests")["layout"]["yaxis"]["ticktext"])
    assert rows == 4


def test_an_lstm_has_influence_and_no_attention_and_says_so(zoo) -> None:
    pieces = tokenizer("decoder")
    tensors = lstm_checkpoint.tensors(vocab=pieces.get_vocab_size())
    lstm_checkpoint.save(zoo / "tiny-lstm", tensors, pieces, eos_token_id=1)
    app = asked("tiny-lstm")
    assert list(chart(app, "rests")["layout"]["yaxis"]["ticktext"]) == ["1 · influence", "2 · influence"]
    lm = shown(app).lm
    shares = np.array([influence_shares(lm, pose(lm, prompt, "the cat sat", "cat")) for prompt in PROMPTS])
    np.testing.assert_allclose(drawn(app, "rests").T, shares[:, shares.any(axis=0)], atol=1e-6)
    assert "An LSTM has no attention" in sentences(app)
    assert "rests_layer" not in {box.key for box in app.selectbox}


def test_an_encoder_without_a_mask_is_clicked_to_have_one() -> None:
    app = asked("tiny-bert", answers="")
    assert "put [MASK] into the text once" in app.warning[0].value.replace("\\", "")
    assert not app.get("plotly_chart")
    place = next(i for i, token in enumerate(shown(app).original) if "cat" in token.label)
    app = sent(app, "maskable", "token", {"row": 0, "index": place})
    assert not app.warning
    words = [note["text"] for note in chart(app, "among")["layout"]["annotations"]]
    assert "cat" in words[0]  # what was hidden is asked for first
    chips = payload(app, "prompt_texts")["rows"][0]["chips"]
    assert "answer" in [chip["title"].partition(",")[0] for chip in chips]


def test_an_encoders_second_sentence_is_said_to_be_left_out() -> None:
    assert "second sentence is not part" in sentences(asked("tiny-bert", MASKED, pair=SECOND))


def test_parts_of_an_encoders_prompt_stand_on_both_sides_of_the_answer() -> None:
    rows = payload(asked("tiny-bert", MASKED), "prompt_texts")["rows"]
    titles = [chip["title"].partition(",")[0] for chip in rows[0]["chips"]]
    assert list(dict.fromkeys(titles)) == ["special token", "instruction", "input", "answer"]
    at = titles.index("answer")
    assert "input" in titles[at:]
    assert set(titles) <= {*PARTS, "special token"}


def test_a_body_without_a_head_and_a_model_without_a_tokenizer_say_so() -> None:
    assert "without an output head" in sentences(asked("body-llama"))
    mute = asked("mute-bloom", "12 7 93")
    assert "reads no instruction and no answer" in sentences(mute)
    assert not mute.get("plotly_chart")


def test_of_a_model_that_is_not_shipped_no_preset_is_offered_and_no_limit_claimed() -> None:
    app = asked("tiny-gpt2")
    assert not [button for button in app.menu_button if button.key == "presets"]
    assert "Nothing is known of this one" in sentences(app)
