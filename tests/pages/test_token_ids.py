"""Token ids can be typed for any model: the model reads exactly these."""

import pytest

from tests.pages.driving import CAT, PAGES, fine, link, opened, picked, run_of, said, shown, typed
from ui.runs import runner

IDS = [5, 900, 77, 5, 900, 77]
TYPED = " ".join(map(str, IDS))


@pytest.mark.parametrize("model", ["transformer-fr-en", "gpt-stories", "bert-stories", "lstm-stories"])
def test_a_link_with_token_ids_is_read_as_these_ids(model: str) -> None:
    run = shown(opened("overview", TYPED, model=model, ids="true"))
    assert [token.id for token in run.source] == IDS


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_token_ids(page: str) -> None:
    app = opened(page, TYPED, model="gpt-stories", ids="true")
    assert [token.id for token in shown(app).source] == IDS


def test_the_switch_rewrites_the_text_as_its_ids_and_back() -> None:
    app = opened("overview", CAT)
    before = shown(app)
    app = picked(app, "ids", True)
    assert app.text_area(key="text").value == " ".join(str(token.id) for token in before.source)
    assert shown(app).generated == before.generated
    app = picked(app, "ids", False)
    assert app.text_area(key="text").value == CAT
    assert shown(app) is before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "12 sept 93",
            "Token ids are whole numbers from 0 to 5,999 with spaces between them, such as 12 7 93: “sept” is none",
        ),
        ("12 -7", "“-7” is none"),
        ("12 6000", "Token id 6000 is out of range: the vocabulary has ids 0 to 5999"),
        ("12 99999999999999999999999999", "“99999999999999999999” is none"),
        ("  ", "such as 12 7 93."),
    ],
)
def test_wrong_ids_are_named(text: str, sentence: str) -> None:
    app = typed(opened("overview", TYPED, ids="true"), text)
    assert sentence in said(app).replace("\\:", ":")
    assert [token.id for token in shown(app).source] == IDS


def test_an_example_is_a_text_again() -> None:
    app = opened("overview", TYPED, ids="true")
    fine(app.menu_button(key="examples").click(CAT).run())
    assert shown(app) is run_of(CAT)


def test_prompts_are_texts() -> None:
    assert "switch off “Token ids”" in said(opened("prompting", TYPED, ids="true"))


def test_a_second_text_is_read_as_ids_too() -> None:
    app = opened("compare", TYPED, ids="true", text_b="5 900 78")
    assert [token.id for token in runner.get(app.session_state["shown_b"]).source] == [5, 900, 78]


def test_a_second_sentence_is_not_asked_for_beside_ids() -> None:
    app = opened("overview", TYPED, model="bert-stories", ids="true")
    assert [box.key for box in app.text_area] == ["text"]


def test_a_model_without_a_tokenizer_needs_no_switch() -> None:
    assert "ids" in {switch.key for switch in link("overview").run().toggle}
