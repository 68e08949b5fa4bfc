"""What the attention page hands out: Python that makes the same figure, arrays, words, tables."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.driving import CAT, chart, numbers, opened, shown
from ui import figures

LONG = "Le chat noir dort sur le canapé rouge. " * 25
Downloads = dict[str, Callable[[], str]]


@pytest.fixture
def folds_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "is_open", lambda box: True)


VIEWS = {
    "heatmap": ("heatmap", {}),
    "coloured": ("heatmap", {"scale": "sqrt", "range": "own", "palette": "grey", "cell": "2:1"}),
    "renormalised words": ("heatmap", {"special": "renormalised", "words": "on", "transposed": "on"}),
    "words of a decoder": ("heatmap", {"part": "decoder", "words": "on"}),
    "row": ("bars", {"view": "row", "cell": "2:1", "special": "hidden"}),
    "anatomy": ("anatomy", {"view": "anatomy", "cell": "2:1"}),
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_python_of_a_figure_makes_the_same_figure(name: str, folds_open: None) -> None:
    key, address = VIEWS[name]
    app = opened("attention", CAT, **({"part": "cross", "layer": "1", "head": "2"} | address))
    same_figure(app, key)


def test_the_python_of_a_window_makes_the_same_window(folds_open: None) -> None:
    address = {"part": "encoder", "layer": "1", "head": "2"}
    same_figure(opened("attention", LONG, **address), "heatmap")
    same_figure(opened("attention", LONG, window="50-90-20-80", **address), "heatmap")


def same_figure(app: AppTest, key: str) -> None:
    """Runs the first Python on screen and compares every array of its figure with the one on screen."""
    made = json.loads(executed(app)["fig"].to_json())
    drawn = chart(app, key)
    assert len(made["data"]) == len(drawn["data"])
    for mine, theirs in zip(made["data"], drawn["data"], strict=True):
        for name in ("x", "y", "z", "customdata"):
            if theirs.get(name) is not None and theirs["x"] != [None]:
                np.testing.assert_allclose(
                    numbers(mine[name]).astype(float), numbers(theirs[name]).astype(float), atol=2e-5
                )
    for axis in ("xaxis", "yaxis"):
        assert made["layout"][axis].get("ticktext") == drawn["layout"][axis].get("ticktext")


def executed(app: AppTest) -> dict[str, Any]:
    """What the first Python on screen comes to."""
    code = next(code.value for code in app.code if "import model" in code.value)
    names: dict[str, Any] = {}
    exec(compile(code, "copied", "exec"), names)
    return names


def test_the_python_of_lines_draws_the_links_on_screen(folds_open: None, downloads: Downloads) -> None:
    app = opened("attention", CAT, part="cross", layer="1", head="2", view="lines", lines="60;2.5;")
    fig = executed(app)["fig"]
    links = list(csv.DictReader(io.StringIO(downloads["lines-cross-layer-1.csv"]())))
    for head in ("2", "5"):
        drawn = sum(int(np.isnan(trace.x).sum()) for trace in fig.data if trace.name == f"head {head}")
        assert drawn == sum(link["head"] == head for link in links) > 0


def test_every_view_hands_out_arrays_words_and_a_table(downloads: Downloads) -> None:
    for view, name in {"heatmap": "attention-cross-layer-1-head-2", "lines": "lines-cross-layer-1"}.items():
        app = opened("attention", CAT, part="cross", layer="1", head="2", view=view)
        held = downloads[f"{name}.npz"]()
        assert isinstance(held, bytes)
        with np.load(io.BytesIO(held)) as archive:
            kept = archive["weights"] if view == "heatmap" else archive["weights"][2]
            np.testing.assert_array_equal(kept, shown(app).trace.attention("decoder", 1, "cross").weights(2).numpy())
        assert any("looks at" in text.value or "links" in text.value for text in app.text)
        assert any("head=2" in code.value for code in app.code)
        assert "<table" in "".join(one.proto.body for one in app.get("html"))
    with np.load(io.BytesIO(downloads["attention-cross-all-heads.npz"]())) as archive:
        assert archive["pictures"].shape[:2] == (3, 8)
        assert len(archive["keys"]) == len(shown(app).source)
    listed = list(csv.DictReader(io.StringIO(downloads["attention-cross-all-heads.csv"]())))
    assert len(listed) == 24
