"""A text that holds more than meets the eye is read as it is, and that is said."""

import pytest

from ui.shell.input_warnings import odd_input


@pytest.mark.parametrize(
    "text",
    [
        "Je dors.",
        "a < b et c > d",
        "I <3 you",
        "👨‍👩‍👧 bonjour",
        "می‌خواهم",
        "Qu'est-ce ?\u00a0!",
        "e\u0301tude",
        "if x:\r\n\ty",
    ],
)
def test_ordinary_texts_need_no_word(text: str) -> None:
    assert odd_input(text) == []


def test_line_breaks_and_tabs_need_no_word() -> None:
    assert odd_input("if x:\r\n\ty") == []


def test_invisible_characters_are_counted_and_named_once_each() -> None:
    assert odd_input("Je\u0007 dors\u200b.\u200b") == [
        "The text holds 3 invisible characters: U+0007, U+200B. They are read like any other; delete what came along with a "
        "paste."
    ]
    assert "an invisible character: U+00AD. It is read" in odd_input("au\u00adjourd'hui")[0]
    assert odd_input("".join(map(chr, range(1, 8))))[0].count("U+") == 4


@pytest.mark.parametrize(
    "text", ["<b>chat</b>", "<img src=x onerror=alert(1)>", "</div>", "un <!-- chat --> noir", "<br/>"]
)
def test_tags_are_said_to_be_characters(text: str) -> None:
    assert "nothing in them is run" in odd_input(text)[0]


def test_the_special_tokens_of_a_model_are_no_tags() -> None:
    assert odd_input("Le <mask> dort </s>", {"<mask>", "</s>"}) == []
    assert len(odd_input("Le <mask> dort <b>", {"<mask>"})) == 1


def test_each_kind_has_its_own_sentence_and_repeats_nothing_of_the_text() -> None:
    said = odd_input("<script>alert(1)</script>\u0000")
    assert len(said) == 2
    assert not any("<" in sentence for sentence in said)
