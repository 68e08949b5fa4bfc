"""The Python that the knock-out and compare pages hand out makes the figures it stands under."""

import numpy as np
import pytest

from tests.pages.copied import code_with, executed, folds_open, same_figure
from tests.pages.driving import CAT, chart, numbers, opened, picked, pressed

OFF = {"off": "d2c5,e0s,d1f,d1c2.2-1", "part": "cross", "layer": "1", "head": "2"}
EACH = {
    "change": "next_token_change(",
    "worth_map": "attention_heatmap(",
    "number_weight": 'tables["weight"][0]',
    "number_norm": 'tables["norm"][0]',
    "number_gradient": 'tables["gradient"][0]',
    "number_knock_out": 'tables["knock_out"][0]',
    "agreement": "agreement_map(",
    "scatter": "heads_scatter(",
}
LONG = "Le chat noir dort sur le canapé rouge. " * 25


def test_the_python_of_what_parts_were_worth_makes_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = pressed(opened("knock_out", CAT, moment="1", **OFF), "sweep_start")
    while any(button.key == "sweep_cancel" for button in app.button):
        app = app.run()
    for key, words in EACH.items():
        same_figure(app, key, code_with(app, words))
    for shows, words in (
        ("change", "plain.attention"),
        ("gradient", "cells = gradient_x_attention("),
        ("value-weighted", "cells = value_weighted("),
    ):
        app = picked(app, "worth_shows", shows)
        same_figure(app, "worth_map", code_with(app, words))


@pytest.mark.parametrize(
    ("page", "address"), [("compare", {"text_b": "Le chien noir dort."}), ("knock_out", {"off": "d2c5,e0s"})]
)
def test_the_python_of_all_differences_draws_the_sheet_that_is_saved(
    page: str, address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folds_open(monkeypatch)
    app = opened(page, CAT, part="cross", layer="1", head="2", **address)
    made = np.asarray(executed(code_with(app, "head_pictures("))["fig"].data[0].z)
    drawn = numbers(chart(app, "all_print")["data"][0]["z"])
    there = np.isfinite(drawn)  # a head that is off is blank on the page
    np.testing.assert_allclose((made * np.abs(made))[there], (drawn * np.abs(drawn))[there], atol=1.01 / 127)
    assert there.mean() > 0.5


def test_the_python_of_a_comparison_makes_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = opened("compare", CAT, text_b="Le chien noir dort.", part="cross", layer="1", head="2", shared_only="true")
    same_figure(app, "difference", code_with(app, "difference_heatmap("))
    same_figure(app, "ranking", code_with(app, "moved_ranking("))
    app = picked(app, "side", "second")
    same_figure(app, "difference", code_with(app, "attention_heatmap("))


def test_the_python_of_two_models_makes_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = opened("compare", CAT, against="Another model", model_b="bart-denoise", part="encoder", paired="most alike")
    same_figure(app, "difference", code_with(app, "difference_heatmap("))
    same_figure(app, "ranking", code_with(app, "moved_ranking("))
    predictions = [block.value for block in app.code if "next_token_chart(" in block.value]
    same_figure(app, "prediction_second", next(code for code in predictions if "bart-denoise" in code))


@pytest.mark.parametrize("window", ["", "50-90-20-80"])
def test_the_python_of_a_long_comparison_makes_the_same_window(window: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    address = {"part": "encoder", "layer": "1", "head": "2"} | ({"window": window} if window else {})
    app = opened("compare", LONG, text_b=LONG.replace("noir", "blanc", 3), **address)
    same_figure(app, "difference", code_with(app, "difference_heatmap(" if window else "pooled_difference("))


@pytest.mark.parametrize("window", ["", "50-90-20-80"])
def test_the_python_of_what_a_long_text_was_worth_makes_the_same_window(
    window: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds_open(monkeypatch)
    address = {"part": "encoder", "layer": "1", "head": "2", "off": "e0s3"} | ({"window": window} if window else {})
    app = opened("knock_out", LONG, **address)
    drawn_by = ("attention_heatmap(", "difference_heatmap(") if window else ("pooled_heatmap(", "pooled_difference(")
    same_figure(app, "worth_map", code_with(app, drawn_by[0]))
    for shows, words in (
        ("change", "plain.attention"),
        ("value-weighted", "cells = value_weighted("),
        ("gradient", "cells = gradient_x_attention("),
    ):
        app = picked(app, "worth_shows", shows)
        code = code_with(app, words)
        assert drawn_by[1] in code
        same_figure(app, "worth_map", code)
