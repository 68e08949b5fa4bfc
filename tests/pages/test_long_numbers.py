"""Long texts on the pages of numbers: a page of tokens or pooled cells; nothing is cut silently, no figure is as long as a text."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest
import torch

from analysis import prompting_shares
from model.errors import InputError
from tests.pages.driving import chart, chips, clicked, numbers, opened, payload, pressed, shown
from ui.decoding import beam_work
from ui.maps import row_pages
from ui.models import side_by_side
from ui.prompting import scores, texts
from ui.runs import estimate, on_demand

STORY = "Tom was sad because he lost his toy. His mom gave him a big hug. " * 30  # about 500 pieces
GPT, BLOOM, LLAMA = ({"model": f"{name}-stories"} for name in ("gpt", "bloom", "llama"))
TALLEST = 1_400  # px


def z(app, key: str) -> np.ndarray:
    return np.asarray(numbers(chart(app, key)["data"][0]["z"]))


def captions(app) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_logits_draw_a_page_of_positions_and_turn_to_the_others(downloads: dict[str, Callable[[], str]]) -> None:
    app = opened("logits", STORY, **BLOOM)
    run = shown(app)
    count, size = len(run.trace.final), row_pages.TOKENS_A_PAGE
    assert count > 400
    assert z(app, "expected").shape == (size, 5)
    assert chart(app, "expected")["layout"]["height"] <= TALLEST
    assert f"Tokens 0 to {size - 1} of {count:,}. The CSV has all." in captions(app)
    app = pressed(app, "expected_later")
    shares = run.lm.logits(run.trace.final[size : 2 * size]).softmax(dim=-1)
    np.testing.assert_allclose(z(app, "expected"), shares.topk(5).values.numpy(), atol=1e-6)
    assert numbers(chart(app, "expected")["data"][0]["y"])[0] == size
    assert app.query_params["expected_from"] == str(size)
    app = pressed(app, "expected_last")
    assert f"to {count - 1:,} of {count:,}" in captions(app)
    assert len(list(csv.reader(io.StringIO(downloads["expected-tokens.csv"]())))) == count + 1


@pytest.mark.parametrize("name", ["bloom-stories", "llama-stories", "t5-fr-en", "bert-stories"])
def test_no_figure_of_embeddings_is_as_long_as_the_text(name: str) -> None:
    text = STORY[:600] if name == "bert-stories" else STORY
    app = opened("embeddings", text, model=name)
    for element in app.get("plotly_chart"):
        figure = chart(app, element.key)
        assert (figure["layout"].get("height") or 0) <= TALLEST, element.key
        assert len(element.proto.spec) < 1_000_000, element.key


def test_embeddings_show_the_tokens_of_a_page_and_the_focus_is_one_of_them() -> None:
    app = pressed(opened("embeddings", STORY, **GPT), "tokens_later")
    run, start = shown(app), int(app.query_params["tokens_from"])
    tokens = run.trace.tokens("decoder")
    assert chips(app, "focus") == [token.label for token in tokens[start : 2 * start]]
    total = run.trace.stream("decoder")[0][start : 2 * start]
    np.testing.assert_allclose(numbers(chart(app, "parts")["data"][-2]["z"]), total.numpy(), atol=1e-6)


def test_the_similarity_of_a_long_text_is_pooled_by_means_and_exact_where_it_is_clicked() -> None:
    app = opened("embeddings", STORY, **GPT)
    vectors = torch.nn.functional.normalize(shown(app).trace.embedding("decoder"), dim=-1)
    like, size = (vectors @ vectors.T).numpy(), len(vectors)
    marks = np.arange(193) * size // 192
    assert z(app, "alike_tokens").shape == (192, 192)
    block = like[marks[7] : marks[8], marks[9] : marks[10]]
    assert z(app, "alike_tokens")[7, 9] == pytest.approx(block.mean(), abs=1e-5)
    app = clicked(app, "alike_tokens_bridge", 100, 50)
    row, column = map(int, app.query_params["alike"].split("-"))
    np.testing.assert_allclose(z(app, "alike_tokens"), like[row : row + 64, column : column + 64], atol=1e-5)
    assert f"of {size:,} tokens" in captions(app)
    assert z(pressed(app, "alike_whole"), "alike_tokens").shape == (192, 192)


def test_a_rotary_model_opens_on_a_pair_that_turns() -> None:
    app = opened("embeddings", "Once upon a time, there was a little girl.", **LLAMA)
    run = shown(app)
    focus = next(i for i, chip in enumerate(payload(app, "focus")["rows"][0]["chips"]) if chip.get("current"))
    assert focus == run.typed - 1
    assert 0 < app.session_state["against"] < focus


def test_the_attention_of_a_step_over_a_long_text_is_pooled_and_exact_where_it_is_clicked() -> None:
    app = opened("decoding", STORY, step="3", read_layer="0", **BLOOM)
    run = shown(app)
    weights = run.steps[3].trace.attention("decoder", 0).weights_from(-1)[:, 0].numpy()
    cells = z(app, "readers")
    assert cells.shape == (len(weights), 192)
    marks = np.arange(193) * weights.shape[1] // 192
    assert cells[1, 20] == pytest.approx(weights[1, marks[20] : marks[21]].max(), abs=1e-6)
    assert "are more than a screen has" in captions(app)
    app = clicked(app, "readers_bridge", 1, 20)
    start = int(app.query_params["keys_from"])
    np.testing.assert_allclose(z(app, "readers"), weights[:, start : start + 64], atol=1e-6)
    assert z(pressed(app, "readers_whole"), "readers").shape[1] == 192


def test_only_a_model_with_a_source_has_an_alignment() -> None:
    def headings(app) -> str:
        return "\n".join(part.value for part in app.markdown)

    assert "Alignment so far" in headings(opened("decoding"))
    decoder = headings(opened("decoding", "Tom was sad.", **GPT))
    assert "Alignment so far" not in decoder
    assert "Self-attention so far" in decoder


def test_a_long_beam_search_waits_to_be_asked_and_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beam_work, "TOKENS_UNASKED", 5)
    monkeypatch.setattr(beam_work, "AT_ONCE_SECONDS", 0.0)
    app = opened("beam", "Tom was sad because he lost his toy.", **GPT)
    assert "A search with 4 beams over" in app.info[0].value
    assert "of memory" in app.info[0].value
    app = pressed(app, "search")
    assert payload(app, "hypotheses")["rows"]


def test_a_beam_search_that_memory_cannot_hold_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beam_work, "TOKENS_UNASKED", 5)
    monkeypatch.setattr(estimate, "free_on", lambda device: 1000)
    app = opened("beam", "Tom was sad because he lost his big ball.", **GPT)
    assert "choose fewer beams or shorten the text" in app.warning[0].value


def test_memory_that_runs_out_on_a_page_is_a_sentence_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **settings: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: 9 bytes")

    monkeypatch.setattr("ui.decoding.beam_work.beam_history", full)
    app = opened("beam", "Tom was very sad because he lost his ball.", **GPT)
    assert "needs more memory than is free" in app.warning[0].value


@pytest.mark.parametrize("page", ["logits", "beam", "prompting", "embeddings", "architectures"])
def test_a_run_the_model_refuses_ends_a_page_with_its_sentence(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **settings: object) -> None:
        raise InputError("the numbers of layer 3 are not finite in float16: choose float32")

    for place in ("ui.logits.page.along_text", "ui.decoding.beam_work.beam_history", "ui.embeddings.page.projection"):
        monkeypatch.setattr(place, refused)
    monkeypatch.setattr("ui.prompting.scores.log_probabilities", refused)
    monkeypatch.setattr(side_by_side, "influence", refused)
    app = opened(page, "Tom was sad because he lost one of his toys.", **GPT)
    said = [*(part.value for part in app.warning), captions(app)]
    assert any("layer 3 are not finite in float16" in text for text in said)


def test_the_influence_on_the_architectures_page_waits_where_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "AT_ONCE_PRODUCTS", 0.0)
    monkeypatch.setattr(side_by_side, "AT_ONCE_SECONDS", 0.0)
    app = opened("architectures", "Tom was sad because he lost all of his toys.", together="-", **GPT)
    assert "takes a gradient for each of 24 predictions: about" in app.info[0].value
    assert "influence" not in {element.key for element in app.get("plotly_chart")}
    app = pressed(app, "influence_wanted_gpt-stories")
    assert "influence" in {element.key for element in app.get("plotly_chart")}


def test_the_architectures_page_says_what_it_leaves_out() -> None:
    app = opened("architectures", STORY, together="-", **GPT)
    count = len(shown(app).original)
    assert f"Of {count:,} tokens the first {side_by_side.MOST_TOKENS}" in captions(app)
    assert "tokens the first 96. The Attention page shows all" in captions(app)


def test_prompting_shows_any_part_of_a_long_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("prompting", STORY, answers="happy\nsad", prompts="1", **BLOOM)
    last = chips(app, "prompt_texts")
    assert len(last) == texts.MOST
    assert payload(app, "prompt_texts")["rows"][0]["chips"][-1]["title"].startswith("answer")
    assert f"Shown: the {texts.MOST} that end with the answer." in captions(app)
    first = chips(pressed(app, "texts_first"), "prompt_texts")
    assert first == [token.label for token in shown(app).original[: texts.MOST]]
    monkeypatch.setattr(scores, "AT_ONCE_SECONDS", 0.0)
    monkeypatch.setattr(scores, "AT_ONCE_PRODUCTS", 1e99)
    app = opened("prompting", STORY + "Then", answers="he\nshe", prompts="1", **BLOOM)
    assert "takes gradients through the whole prompts: about" in app.info[0].value
    assert "rests" in {element.key for element in pressed(app, "parts_wanted").get("plotly_chart")}


def test_influence_of_a_long_prompt_keeps_no_attention_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """All weights of a text of 4,000 tokens are gigabytes; the fused kernel keeps none."""
    run = shown(opened("prompting", "Tom was sad.", answers="He", prompts="1", **GPT))
    posed = scores.pose(run.lm, scores.Prompt(), "Tom was sad.", "He was happy.")
    expected = prompting_shares.influence_shares(run.lm, posed)
    monkeypatch.setattr("model.attention.weigh", lambda s: pytest.fail("explicit weights were made"))
    np.testing.assert_allclose(prompting_shares.influence_shares(run.lm, posed), expected)


def test_a_failed_work_is_not_kept() -> None:
    run = shown(opened("logits", "Tom was sad.", **GPT))

    def full() -> float:
        raise MemoryError

    with pytest.raises(InputError, match="more memory than is free"):
        on_demand.kept(run, ("a test",), float, full)
    assert not on_demand.is_kept(run, ("a test",))
