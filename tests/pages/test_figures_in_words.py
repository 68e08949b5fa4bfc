"""Every figure of the workbench has its paragraph in words and its table of numbers, for those who cannot see it."""

import html
import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.copied import folds_open
from tests.pages.driving import CAT, opened, pressed

LONG = "Le chat noir dort sur le canapé rouge. " * 25
STORY = "Once upon a time there was a little dog."
AT = {"part": "cross", "layer": "1", "head": "2"}
SMALL_MAP = "map"  # moves the window of the map above it, and has no numbers of its own
GRIDS = {"head_grid": "all", "difference_grid": "all", "worth_grid": "all"}
VIEWS = {
    "heatmap": ("attention", CAT, AT),
    "a long heatmap": ("attention", LONG, {"part": "encoder", "window": "50-90-20-80"}),
    "lines": ("attention", CAT, AT | {"view": "lines"}),
    "a row": ("attention", CAT, AT | {"view": "row"}),
    "anatomy": ("attention", CAT, AT | {"view": "anatomy"}),
    "heads": ("heads", CAT, AT | {"look": "value"}),
    "a layer": ("heads", CAT, AT | {"look": "layer"}),
    "tokens written": ("heads", STORY, {"model": "gpt-stories", "look": "tokens"}),
    "rollout and flow": ("heads", CAT, AT | {"look": "through"}),
    "a comparison": ("compare", CAT, AT | {"text_b": "Le chien noir dort."}),
    "a comparison with parts off": ("compare", STORY, {"model": "gpt-stories", "off": "d1s2"}),
    "knock-outs": ("knock_out", CAT, AT | {"off": "d2c5"}),
    "knock-outs of a decoder": ("knock_out", STORY, {"model": "gpt-stories"}),
    "an encoder": ("attention", "The dog ran to the park.", {"model": "bert-stories"}),
    "heads of an encoder": ("heads", "The dog ran to the park.", {"model": "bert-stories"}),
}


def tables(app: AppTest) -> set[str]:
    """What the tables on the page are called: the words of their figures."""
    found = [re.search(r'aria-label="([^"]*)"', element.proto.body) for element in app.get("html")]
    return {html.unescape(one.group(1)) for one in found if one}


def in_words(app: AppTest) -> int:
    """How many figures there are, each with a paragraph and a table that the paragraph names."""
    named, offered = tables(app), {button.key for button in app.get("download_button")}
    paragraphs = {block.value for block in app.text}
    count = 0
    for chart in app.get("plotly_chart"):
        said = chart.proto.alt
        assert len(said) > 40, f"{chart.key} is described as {said!r}"
        assert said.rstrip().endswith("."), f"{chart.key} is described as {said!r}"
        if chart.key == SMALL_MAP or str(chart.key).endswith("_print"):
            continue
        assert said in named, f"{chart.key} has no table"
        assert said in paragraphs, f"{chart.key} has no paragraph"
        assert f"{chart.key}_csv" in offered
        count += 1
    for component in app.get("bidi_component"):
        key = str(component.key)
        lines = key.startswith("lines_") and not key.endswith("_settings")
        saved = GRIDS.get(key, "lines" if lines else None)
        if saved is not None:
            assert f"{saved}_csv" in offered, f"{key} has no table"
            count += 1
    assert len(named) >= count
    return count


@pytest.mark.parametrize("view", VIEWS)
def test_every_figure_has_a_paragraph_and_a_table(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    page, text, address = VIEWS[view]
    assert in_words(opened(page, text, **address)) >= 2


def test_so_have_the_whole_flow_and_the_numbers_of_knock_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    flow = pressed(opened("heads", CAT, look="through", **AT), "all_flow")
    assert "flow_map" in {chart.key for chart in flow.get("plotly_chart")}
    assert in_words(flow) >= 4
    knocked = pressed(opened("knock_out", CAT, **AT), "sweep_start")
    while any(button.key == "sweep_cancel" for button in knocked.button):
        knocked = knocked.run()
    assert "number_knock_out" in {chart.key for chart in knocked.get("plotly_chart")}
    assert in_words(knocked) >= 9
