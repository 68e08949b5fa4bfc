"""What the attention page hands out: Python that makes the same figure, arrays, words, tables."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest

from tests.pages.copied import code_with, executed, folds_open, same_figure
from tests.pages.driving import CAT, chart, numbers, opened, shown

LONG = "Le chat noir dort sur le canapé rouge. " * 25
Downloads = dict[str, Callable[[], str]]


@pytest.fixture
def all_open(monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)


VIEWS = {
    "heatmap": ("heatmap", {}),
    "coloured": ("heatmap", {"scale": "sqrt", "range": "own", "palette": "grey", "cell": "2:1"}),
    "renormalised words": ("heatmap", {"special": "renormalised", "words": "on", "transposed": "on"}),
    "words of a decoder": ("heatmap", {"part": "decoder", "words": "on"}),
    "row": ("bars", {"view": "row", "cell": "2:1", "special": "hidden"}),
    "anatomy": ("anatomy", {"view": "anatomy", "cell": "2:1"}),
    "its row": ("score_row", {"view": "anatomy", "cell": "2:1"}),
}


CALLS = {
    "heatmap": "attention_heatmap(",
    "bars": "attention_rows(",
    "anatomy": "score_strips(",
    "score_row": "score_row(",
    "all_print": "head_pictures(",
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_python_of_a_figure_makes_the_same_figure(name: str, all_open: None) -> None:
    key, address = VIEWS[name]
    app = opened("attention", CAT, **({"part": "cross", "layer": "1", "head": "2"} | address))
    same_figure(app, key, code_with(app, CALLS[key]))


def test_the_python_of_a_window_makes_the_same_window(all_open: None) -> None:
    address = {"part": "encoder", "layer": "1", "head": "2"}
    for window, call in (("", "pooled_heatmap("), ("50-90-20-80", "attention_heatmap(")):
        app = opened("attention", LONG, **address | ({"window": window} if window else {}))
        same_figure(app, "heatmap", code_with(app, call))


def test_the_python_of_lines_draws_the_links_on_screen(all_open: None, downloads: Downloads) -> None:
    app = opened("attention", CAT, part="cross", layer="1", head="2", view="lines", lines="60;2.5;")
    fig = executed(code_with(app, "lines_figure("))["fig"]
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
        for layer in range(3):
            exact = shown(app).trace.attention("decoder", layer, "cross").weights().numpy()
            assert archive[f"layer_{layer}"].dtype == np.float32
            np.testing.assert_array_equal(archive[f"layer_{layer}"], exact)
        assert len(archive["keys"]) == len(shown(app).source)
        assert archive["queries"][0].endswith("(<s>)")
    listed = list(csv.DictReader(io.StringIO(downloads["attention-cross-all-heads.csv"]())))
    assert len(listed) == 24


def test_the_python_of_all_heads_draws_the_sheet_that_is_saved(all_open: None) -> None:
    app = opened("attention", CAT, part="cross", layer="1", head="2", special="hidden")
    made = executed(code_with(app, CALLS["all_print"]))["fig"].data[0]
    drawn = numbers(chart(app, "all_print")["data"][0]["z"])
    np.testing.assert_allclose(np.asarray(made.z) ** 2, drawn**2, atol=1 / 255)
