"""The continuation can be left out: everywhere by a maximum of 0 new tokens, on Attention and Heads by a switch."""

import numpy as np
import pytest

from model.language_model import LanguageModel
from tests.pages.driving import CAT, PAGES, chart, numbers, opened, picked, said, shown
from ui.runs import runner

PROMPT = "Tom had a big red ball"


def gpt() -> LanguageModel:
    return runner.load("gpt-stories", "cpu")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_a_prompt_of_which_nothing_is_generated(page: str) -> None:
    run = shown(opened(page, PROMPT, model="gpt-stories", most="0"))
    assert run.steps == ()
    assert [token.id for token in run.trace.tokens("decoder")] == gpt().reading(PROMPT).ids


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_a_source_of_which_nothing_is_generated(page: str) -> None:
    run = shown(opened(page, CAT, most="0"))
    assert run.steps == ()
    assert [token.id for token in run.trace.tokens("decoder")] == [run.lm.special.start]


def test_nothing_generated_is_said_and_another_number_is_a_click_away() -> None:
    app = opened("decoding", CAT, most="0")
    assert "the maximum of new tokens is 0" in said(app)
    app = picked(app, "most_picked", 40)
    assert len(shown(app).steps) > 1
    assert shown(picked(app, "most_picked", 0)).steps == ()


def test_a_wrong_number_in_a_link_is_no_zero() -> None:
    assert shown(opened("decoding", CAT, most="none")).steps != ()


@pytest.mark.parametrize("page", ["attention", "heads"])
def test_the_prompt_alone_is_looked_at_by_a_switch(page: str) -> None:
    app = opened(page, PROMPT, model="gpt-stories", prompt_only="true")
    assert len(shown(app).steps) > 1, "the other pages still have the continuation"
    ids = gpt().reading(PROMPT).ids
    layer, head = app.session_state["layer"], app.session_state["head"]
    weights = gpt().run(ids).attention("decoder", layer).weights(head).numpy()
    if page == "attention":
        cells = numbers(chart(app, "heatmap")["data"][0]["z"])
        np.testing.assert_allclose(np.nan_to_num(cells), weights, atol=1e-6)
    else:
        assert len(ids) == len(weights)
    off = picked(app, "prompt_only", False)
    if page == "attention":
        assert len(numbers(chart(off, "heatmap")["data"][0]["z"])) > len(ids)
