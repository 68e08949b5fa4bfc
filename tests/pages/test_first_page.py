"""What a newcomer meets: a line that says what this is, a menu that is a path, figures explained, links that keep their promise."""

import json
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.driving import APP, CAT, chart, fine, numbers, opened, picked, pressed, said, shown
from ui.overview.stage_figures import last_layer
from ui.shell.model_picker import Group

PATH = (
    "overview", "attention", "heads", "embeddings", "logits", "decoding", "beam", "prompting", "knock_out", "compare",
    "architectures", "models",
)  # fmt: skip
TITLES = {
    "transformer-fr-en": "How does a sentence become another?",
    "bert-stories": "What does the model make of each word?",
    "gpt-stories": "Where does the next word come from?",
    "lstm-stories": "Where does the next word come from?",
}
DOES = {
    "transformer-fr-en": "reads French and writes English",
    "bert-stories": "guesses the words that are masked",
    "gpt-stories": "writes how it goes on",
}


def links(app: AppTest) -> list[tuple[str, str, dict[str, str]]]:
    """(page, words, what it says in the address) of every link on the page."""
    found = [link.proto for link in app.main.get("page_link")]
    return [(one.page, one.label, {k: v[0] for k, v in parse_qs(one.query_string).items()}) for one in found]


@pytest.mark.parametrize("name", DOES)
def test_the_first_page_says_what_regard_is_and_what_the_model_does(name: str) -> None:
    app = opened("overview", model=name)
    line = app.markdown[0].value
    assert "Regard shows" in line
    assert f"**{name}** reads" in line
    assert DOES[name] in line
    assert not any("Regard shows" in part.value for part in opened("attention", model=name).markdown)


@pytest.mark.parametrize("name", TITLES)
def test_the_title_fits_the_kind_of_model(name: str) -> None:
    assert opened("overview", model=name).title[0].value == TITLES[name]


@pytest.mark.parametrize("page", PATH)
def test_every_page_leads_back_and_on_along_the_menu(page: str) -> None:
    at = PATH.index(page)
    neighbours = PATH[max(at - 1, 0) : at] + PATH[at + 1 : at + 2]
    foot = [where for where, words, _ in links(opened(page)) if words.startswith(("← Back", "Next: "))]
    assert [where.rsplit("/")[-1].removesuffix(".py") or "overview" for where in foot] == [
        name if name != "overview" else "overview" for name in neighbours
    ]


def test_a_page_that_stops_early_still_has_its_foot() -> None:
    words = [words for _, words, _ in links(opened("beam", model="bert-stories"))]
    assert "← Back: Decoding" in words
    assert "Next: Prompting →" in words


@pytest.mark.parametrize("name", ["transformer-fr-en", "bert-stories", "gpt-stories", "lstm-stories"])
def test_every_stage_of_the_overview_has_its_help(name: str) -> None:
    headings = [
        part for part in opened("overview", model=name).markdown if part.value.startswith("**") and " · " in part.value
    ]
    assert len(headings) >= 6
    assert all(len(part.help) > 40 for part in headings)


def test_links_to_attention_name_part_layer_and_a_head_and_differ() -> None:
    app = opened("overview", CAT)
    run = shown(app)
    there = [opens for page, _, opens in links(app) if opens.get("part")]
    assert [one["part"] for one in there] == ["Encoder", "Cross", "Decoder", "Cross"]
    for one, place in zip(there, [("encoder", "self"), ("decoder", "cross"), ("decoder", "self")], strict=False):
        stack, part = place
        assert int(one["layer"]) == last_layer(run, stack)  # type: ignore[arg-type]
        weights = run.trace.attention(stack, int(one["layer"]), part).weights()  # type: ignore[arg-type]
        assert int(one["head"]) == int(weights.amax(dim=-1).mean(dim=-1).argmax())


def test_a_link_opens_its_kind_of_attention_though_the_session_holds_another() -> None:
    app = picked(opened("attention", CAT), "part", "encoder")
    fine(app.switch_page("pages/overview.py").run())
    app.query_params["part"] = "Cross"
    app.query_params["layer"] = "1"
    fine(app.switch_page("pages/attention.py").run())
    assert (app.session_state["part"], app.session_state["layer"]) == ("cross", 1)
    picked(app, "part", "decoder")
    assert app.session_state["part"] == "decoder"


def test_the_signs_in_labels_are_explained_where_they_first_stand() -> None:
    captions = "\n".join(part.value for part in opened("overview", CAT).caption)
    assert "The dot · is the space before a word" in captions
    assert "marks the end" in captions
    assert "multiplied by 16 (the root of 256)" in captions
    assert "counted from 0" in captions
    assert "L2 norm" in captions
    assert "in hexadecimal" in "\n".join(part.value for part in opened("overview", "나는").caption)


def test_a_click_opens_the_model_that_reads_the_text() -> None:
    app = opened("overview", "The bees are in the bucket.")
    assert "This looks like English" in said(app)
    app = pressed(app, "fitting_model")
    assert app.session_state["model"] == "gpt-stories"
    assert not said(app)
    assert shown(app).spec.text == "The bees are in the bucket."


def test_a_click_opens_an_example_of_the_model() -> None:
    app = pressed(opened("overview", "Die Katze schläft auf dem roten Sofa."), "example_transformer-fr-en")
    assert shown(app).spec.text == "Je adore l'apprentissage automatique"
    assert not said(app)


def test_a_heading_of_the_model_picker_opens_its_first_model() -> None:
    app = opened("overview")
    heading = next(one for one in app.selectbox(key="model").options if one == "ENCODER")
    assert heading
    picked(app, "model", Group("encoder", "bert-stories"))
    assert app.session_state["model"] == "bert-stories"


def test_a_long_text_stays_within_three_screens_and_a_megabyte_a_figure() -> None:
    app = opened("overview", "The cat sat on the mat. " * 150, model="bloom-stories")
    assert len(shown(app).source) > 1000
    figures = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    assert all(len(one.proto.spec) < 1_000_000 for one in app.get("plotly_chart"))
    assert sum(figure["layout"]["height"] for figure in figures) < 1600
    assert "each cell below stands for a block" in "\n".join(part.value for part in app.caption)
    weights = shown(app).trace.attention("decoder", 2, "self").weights().mean(dim=0).numpy()
    cells = numbers(chart(app, "stage_4")["data"][0]["z"])
    assert cells.shape == (192, 192)
    assert np.nanmax(cells) == pytest.approx(weights.max(), abs=1e-6)


def test_the_menu_names_each_page_once() -> None:
    source = APP.read_text()
    for page in PATH:
        assert source.count(f'"pages/{page}.py"') == 1
