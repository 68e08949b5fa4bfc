"""A figure and the Python of it, from the same arguments."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from ui.figures import theme
from ui.maps.attention_map import ANY_CELLS, AROUND_ZERO, WEIGHTS, AttentionMap, Look
from ui.maps.drawing import Drawing, Expression, Source
from ui.maps.windows import Sides
from viz.attention import attention_heatmap
from viz.theme import LIGHT
from viz.windows import Window

CELLS = np.random.default_rng(0).random((220, 210), dtype=np.float32)
SIDES = Sides([f"q{i}" for i in range(220)], [f"k{i}" for i in range(210)])
TOKENS = {"name": "flow", "verb": "holds"}


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "current", lambda: LIGHT)


def executed(code: str) -> go.Figure:
    names: dict[str, Any] = {"cells": CELLS, "queries": SIDES.queries, "keys": SIDES.keys}
    exec(compile(code, "cell", "exec"), names)
    fig: go.Figure = names["fig"]
    return fig


@pytest.mark.parametrize("look", [WEIGHTS, AROUND_ZERO, ANY_CELLS])
@pytest.mark.parametrize("window", [Window(0, 220, 0, 210), Window(20, 60, 100, 130), Window(0, 220, 20, 210)])
def test_the_code_of_a_map_makes_its_figure(look: Look, window: Window) -> None:
    settings = TOKENS if look is ANY_CELLS else {}
    shown = AttentionMap(CELLS, SIDES, window, Source, look, settings=settings, framed=[(30, 110), (0, 0)])
    assert executed(shown.python()).to_json() == shown.figure().to_json()


def test_cells_are_framed_only_in_an_exact_window_that_has_them() -> None:
    for window, frames in ((Window(20, 60, 100, 130), 1), (Window(60, 90, 100, 130), 0), (Window(0, 220, 0, 210), 0)):
        shown = AttentionMap(CELLS, SIDES, window, Source, framed=[(30, 110)])
        assert len(shown.figure().layout.shapes) == frames


def test_settings_that_are_defaults_are_left_out_of_the_code() -> None:
    sides = [
        Expression(value, name) for value, name in ((CELLS, "cells"), (SIDES.queries, "queries"), (SIDES.keys, "keys"))
    ]
    code = Drawing(attention_heatmap, sides, {"transposed": False, "hide_future": True, "selected": None}).python()
    assert "hide_future=True" in code
    assert "transposed" not in code
    assert "selected" not in code


def test_names_of_one_module_are_imported_in_one_line() -> None:
    one = Source(["a = np.zeros(1)"], ["from analysis.difference import Grid"])
    other = Source(["fig = a"], ["from analysis.difference import moved, Grid"])
    lines = (one + other).cell().splitlines()
    assert "from analysis.difference import Grid, moved" in lines
    assert "import numpy as np" in lines
    assert lines.index("a = np.zeros(1)") < lines.index("fig = a")
