"""What holds on every page: it draws, follows the text, and meets bad input with a sentence and nothing lost."""

import pytest

from model.config import TransformerConfig
from tests.pages.driving import CAT, FIRST, PAGES, chips, fine, opened, run_of, said, shown, typed
from ui.runs.examples import FRENCH, HIDDEN_WORDS

CHARTS = {
    "overview": 3,
    "attention": 1,
    "heads": 3,
    "decoding": 3,
    "beam": 2,
    "prompting": 4,
    "knock_out": 5,
    "compare": 4,
    "embeddings": 5,
    "logits": 4,
}
QUESTIONS = {
    "overview": "How does a sentence become another?",
    "attention": "Where does each head look?",
    "heads": "What does each head do?",
    "decoding": "Why this token?",
    "beam": "Would a wider search write something else?",
    "prompting": "What does the prompt change?",
    "knock_out": "What happens without this head?",
    "compare": "What changed?",
    "embeddings": "What does a token start as?",
    "logits": "How sure is the model?",
}
REFUSED = {
    "empty": ("", "type a sentence"),
    "blank": ("    ", "type a sentence"),
    "10,000 characters": ("le chat " * 1250, "shorten it by"),
    "10,000 letters": ("x" * 10_000, "shorten it by"),
    "past the last position": ("chat " * 1100, "1,024 positions"),
}
UNKNOWN = {
    "emoji": "🎉🎉😀",
    "joined emoji": "👨‍👩‍👧👨‍👩‍👧",
    "Korean": "나는 기계 학습을 좋아한다",
    "Arabic": "أحب تعلم الآلة",
    "Hebrew": "אני אוהב למידת מכונה",
    "a direction override": "\u202e\u202e\u2067",
}
READ = {
    "control characters": "le\x00chat\x07 \x1bdort",
    "only a control character": "\x00",
    "tags": "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "markdown": "**a** $x^2$ :red[b] `c` ![i](http://example.org/z.png) # &lt;",
    "special tokens": "</s> <pad> <unk>",
    "one letter": "a",
    "tabs and lines": "le chat\n\tdort",
    "decomposed accents": "e\u0301le\u0300ve",
    "a number": "1e400 ² ٣",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_its_question_with_real_figures(page: str) -> None:
    app = opened(page)
    assert app.title[0].value == QUESTIONS[page]
    assert len(app.get("plotly_chart")) >= CHARTS[page]
    assert shown(app).spec.text == FIRST
    assert not said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_follows_the_text(page: str) -> None:
    app = opened(page)
    drawn = [chart.proto.spec for chart in app.get("plotly_chart")]
    typed(app, CAT)
    assert shown(app).spec.text == CAT
    assert "".join(chips(app, "pieces")).replace("·", " ").strip().startswith("Le chat noir dort")
    assert [chart.proto.spec for chart in app.get("plotly_chart")] != drawn


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("case", REFUSED)
def test_a_text_that_cannot_be_read_gets_a_sentence_and_nothing_is_lost(page: str, case: str) -> None:
    text, words = REFUSED[case]
    app = opened(page, CAT)
    drawn = [chart.proto.spec for chart in app.get("plotly_chart")]
    pieces = chips(app, "pieces")
    typed(app, text)
    assert words in said(app)
    assert "last text that worked" in said(app)
    assert [chart.proto.spec for chart in app.get("plotly_chart")] == drawn
    assert chips(app, "pieces") == pieces
    assert app.text_area(key="text").value == text
    typed(app, FIRST)
    assert not said(app)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("case", UNKNOWN)
def test_a_script_the_model_never_saw_is_read_and_said_to_be_one(page: str, case: str) -> None:
    app = typed(opened(page), UNKNOWN[case])
    assert shown(app).spec.text == UNKNOWN[case]
    assert "trained on" in said(app)
    assert len(app.get("plotly_chart")) >= CHARTS[page]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("case", READ)
def test_odd_text_is_read_like_any_other(page: str, case: str) -> None:
    app = typed(opened(page), READ[case])
    assert shown(app).spec.text == READ[case]
    assert len(app.get("plotly_chart")) >= CHARTS[page]


@pytest.mark.parametrize("page", PAGES)
def test_a_long_text_is_read_to_its_end(page: str) -> None:
    text = "Le chat noir dort. " * 24
    app = typed(opened(page), text)
    run = shown(app)
    assert len(run.source) > 120
    assert run.source[-2].span == (len(text) - 2, len(text) - 1)
    assert f"{len(run.source):,} pieces were read" in "\n".join(caption.value for caption in app.caption)


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_with_a_text_that_cannot_be_read_says_so(page: str) -> None:
    app = opened(page, "   ")
    assert "type a sentence" in said(app).lower()


def test_no_markup_of_a_text_reaches_what_markdown_reads() -> None:
    app = typed(opened("attention"), READ["markdown"])
    for part in [*app.markdown, *app.caption]:
        assert "http://" not in part.value
        assert ":red[" not in part.value
    app = typed(opened("decoding"), READ["tags"])
    assert not any("<script" in part.value or "<img" in part.value for part in [*app.markdown, *app.caption])


def test_a_link_restores_the_text() -> None:
    assert shown(opened("overview", CAT)).spec.text == CAT


def test_an_example_replaces_the_text() -> None:
    app = opened("overview")
    fine(app.menu_button(key="examples").click(FRENCH[3].text).run())
    assert app.text_area(key="text").value == FRENCH[3].text
    assert shown(app).spec.text == FRENCH[3].text


def test_an_example_of_two_sentences_fills_both_boxes_and_the_next_one_empties_the_second() -> None:
    pair = next(example for example in HIDDEN_WORDS if example.pair)
    app = opened("logits", HIDDEN_WORDS[0].text, model="bert-stories")
    fine(app.menu_button(key="examples").click(pair.text).run())
    assert (shown(app).spec.text, shown(app).spec.pair) == (pair.text, pair.pair)
    fine(app.menu_button(key="examples").click(HIDDEN_WORDS[1].text).run())
    assert (shown(app).spec.text, shown(app).spec.pair) == (HIDDEN_WORDS[1].text, None)


def test_the_text_stays_from_page_to_page() -> None:
    app = typed(opened("overview"), CAT)
    for page in PAGES[1:]:
        fine(app.switch_page(f"pages/{page}.py").run())
        assert app.text_area(key="text").value == CAT
        assert shown(app) is run_of(CAT)


def test_the_model_card_says_what_the_checkpoint_is() -> None:
    app = opened("overview")
    run = shown(app)
    config: TransformerConfig = run.lm.config
    card = "\n".join(caption.value for caption in app.sidebar.caption)
    assert f"{config.encoder_layers} + {config.decoder_layers} layers" in card
    assert f"{config.n_heads} heads" in card
    assert f"d_model {config.d_model}" in card
    assert f"{config.vocab_size:,} pieces" in card
    assert f"{sum(p.numel() for p in run.lm.net.parameters()) / 1e6:.1f} million" in card


def test_the_end_is_told_where_the_limit_came_first() -> None:
    app = typed(opened("overview"), "🎉🎉😀 나는 기계")
    run = shown(app)
    captions = "\n".join(caption.value for caption in app.caption)
    stopped = run.steps[-1].ended == "limit"
    assert (f"Stopped after {len(run.steps)} tokens" in captions) == stopped
