"""The Python that the heads page hands out makes the figures it stands under."""

import numpy as np
import pytest

from tests.pages.copied import code_with, folds_open, same_figure
from tests.pages.driving import CAT, chart, numbers, opened, pressed

LONG = "Le chat noir dort sur le canapé rouge. " * 25
CODE = {
    "head_maps": {"part": "cross"},
    "raw": {"part": "cross", "look": "value"},
    "valued": {"part": "decoder", "look": "value"},
    "mean": {"part": "cross", "look": "layer"},
    "valued_layer": {"part": "encoder", "look": "layer"},
    "most": {"part": "cross", "look": "layer", "special": "renormalised", "words": "on"},
    "rollout": {"part": "cross", "look": "through"},
    "flow": {"part": "cross", "look": "through", "flow_into": "2"},
    "written": {"part": "decoder", "look": "tokens", "written_at": "3"},
}


@pytest.mark.parametrize("key", CODE)
def test_the_python_of_a_figure_makes_the_same_figure(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = opened("heads", CAT, layer="1", head="2", **CODE[key])
    same_figure(app, key, code_with(app, MADE_BY[key]))


def test_hidden_tokens_and_merged_words_are_those_of_the_attention_page(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    address = {"part": "cross", "layer": "1", "head": "2", "special": "renormalised", "words": "on"}
    app = opened("heads", CAT, look="value", **address)
    there = opened("attention", CAT, **address)
    for name in ("z", "x", "y"):
        mine, theirs = (numbers(chart(one, key)["data"][0][name]) for one, key in ((app, "raw"), (there, "heatmap")))
        np.testing.assert_array_equal(mine, theirs)
    same_figure(app, "valued", code_with(app, "value_weighted_shown("))


@pytest.mark.parametrize("window", ["", "50-90-20-80"])
def test_the_python_of_a_long_text_makes_the_window_on_screen(window: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    address = {"part": "encoder", "layer": "1", "head": "2"} | ({"window": window} if window else {})
    app = opened("heads", LONG, look="value", **address)
    same_figure(app, "raw", code_with(app, "attention_heatmap(" if window else "pooled_heatmap("))
    same_figure(app, "valued", code_with(app, "value_weighted("))


def test_the_python_of_the_flow_into_every_position_makes_the_same_map(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = opened("heads", CAT, part="cross", look="through")
    if any(button.key == "all_flow" for button in app.button):
        app = pressed(app, "all_flow")
    same_figure(app, "flow_map", code_with(app, "range("))


MADE_BY = {
    "head_maps": "summarise(",
    "raw": ".weights(2)",
    "valued": "value_weighted(",
    "mean": ")[0]",
    "most": ")[1]",
    "flow": "paired_bars(",
    "valued_layer": "value_weighted_layer(",
    "rollout": "holds of",
    "written": "head_output(",
}
