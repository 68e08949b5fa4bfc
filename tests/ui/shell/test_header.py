"""The words at the top of a page: markup in them is inert, errors are sentences, an unknown script is noticed."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from ui import figures
from ui.figures import markdown, tokens
from ui.runs import runner
from ui.runs.examples import DEFAULT_MODEL, EXAMPLES, READS
from ui.runs.store import RunSpec
from ui.shell import familiarity

SPEC = RunSpec(DEFAULT_MODEL, "cpu", "")
MARKUP = [
    "**a**",
    "*a*",
    "_a_",
    "`a`",
    "[a](b)",
    "![a](http://b)",
    "<b>",
    "$x^2$",
    ":red[a]",
    "# a",
    "~~a~~",
    "a|b",
    "&lt;",
]


@pytest.mark.parametrize("text", MARKUP)
def test_no_mark_that_markdown_reads_stands_unescaped(text: str) -> None:
    plain = markdown.plain(text)
    assert plain.replace("\\", "") == text
    assert all(plain[place - 1] == "\\" for place, character in enumerate(plain) if character in "*_`[]<>$:#~|&")


def test_a_backslash_stays_a_backslash() -> None:
    assert markdown.plain("\\*") == "\\\\\\*"


@pytest.mark.parametrize("text", ["L'été, où ça ?", "나는 기계", "«·chat»", "100%"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert markdown.plain(text) == text


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("the text is too long", "The text is too long."),
        ("Already one.", "Already one."),
        ("what now?", "What now?"),
        ("", "."),
    ],
)
def test_a_message_becomes_a_sentence(message: str, sentence: str) -> None:
    assert markdown.sentence(message) == sentence


def test_token_text_in_a_message_is_not_read_as_markup() -> None:
    assert markdown.sentence("“**” came") == "“\\*\\*” came."


def test_a_script_the_model_never_saw_comes_as_bytes() -> None:
    assert familiarity.byte_share(runner.get(replace(SPEC, text="나는 기계 학습을 좋아한다"))) > 0.5
    assert familiarity.byte_share(runner.get(replace(SPEC, text="أحب تعلم الآلة"))) > 0.5


@pytest.mark.parametrize("text", [example.text for example in EXAMPLES[DEFAULT_MODEL]])
def test_french_comes_as_whole_pieces(text: str) -> None:
    assert familiarity.byte_share(runner.get(replace(SPEC, text=text))) < 0.1


def test_every_shipped_example_names_what_its_model_reads() -> None:
    assert set(READS) == set(EXAMPLES)
    assert all(example.shows for examples in EXAMPLES.values() for example in examples)


def test_an_error_keeps_the_last_run_on_screen() -> None:
    def page() -> None:
        import streamlit as st

        from ui.runs.runner import RunSpec
        from ui.shell import header

        for text in ("Le chat dort.", ""):
            run = header.run_of(RunSpec("transformer-fr-en", "cpu", text))
            st.text(None if run is None else run.spec.text)

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert [text.value for text in app.text] == ["Le chat dort.", "Le chat dort."]
    assert "last text that worked" in app.warning[0].value


def test_half_a_character_is_refused_in_a_sentence() -> None:
    def page() -> None:
        import streamlit as st

        from ui.runs.runner import RunSpec
        from ui.shell import header

        run = header.run_of(RunSpec("transformer-fr-en", "cpu", "le \ud800 chat"))
        st.text("nothing" if run is None else "a run")

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert app.text[0].value == "nothing"
    assert "half of a character" in app.warning[0].value
    assert "last text" not in app.warning[0].value


def test_an_unknown_model_is_refused_in_a_sentence() -> None:
    def page() -> None:
        from ui.runs.runner import RunSpec
        from ui.shell import header

        header.run_of(RunSpec("no such model", "cpu", "Le chat dort."))

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert "no such model" in app.warning[0].value


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\u202e"])
def test_a_chip_shows_what_cannot_be_seen(character: str) -> None:
    run = runner.get(replace(SPEC, text=f"le{character}chat"))
    labels = [tokens.chip(token).label for token in run.source]
    assert not any(character in label for label in labels)
    assert all(label.strip() for label in labels)


@pytest.mark.parametrize("text", [*MARKUP, "</s>", "a\\b"])
def test_a_saved_figure_is_titled_with_the_token_itself(text: str) -> None:
    assert figures.as_text(f"Where “{markdown.plain(text)}” looks") == f"Where “{text}” looks"
