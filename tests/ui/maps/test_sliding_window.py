"""Keys outside a sliding window are blank as the future is, and the page says which layers see all."""

from dataclasses import replace

import numpy as np

from tests.model.builders import CONFIGS, byte_tokenizer, random_model
from ui.maps import attention, heatmap, notebook
from ui.maps.display_options import Toggles
from ui.runs.store import Run, RunSpec

TEXT = "the low lot"


def run_of(name: str) -> Run:
    lm = random_model(replace(CONFIGS[name], vocab_size=263), 0, tokenizer=byte_tokenizer(end=False))
    return Run(RunSpec("tiny", "cpu", TEXT), lm, lm.run(TEXT), (), 0, lm.reading(TEXT))


def test_keys_before_the_window_are_blank_and_the_rest_keeps_its_weight() -> None:
    view = attention.shown(run_of("decoder, window"), attention.DECODER)
    weights = view.head_weights(0, 1)
    cells = heatmap.heatmap(view, Toggles(), 0, 1, weights).cells
    query, key = np.indices(cells.shape)
    assert np.array_equal(np.isnan(cells), query - key >= 3)
    assert np.array_equal(cells[~np.isnan(cells)], weights[~np.isnan(cells)])
    assert "visible" in notebook.outside(view, 0, "cells").lines[0]


def test_a_global_layer_has_no_blank_cells_and_is_named() -> None:
    view = attention.shown(run_of("decoder, window"), attention.DECODER)
    assert not np.isnan(heatmap.heatmap(view, Toggles(), 1, 1, view.head_weights(1, 1)).cells).any()
    assert notebook.outside(view, 1, "cells").lines == ()
    said = heatmap.about_window(view, 0)
    assert said.startswith("Layer 0 sees a window of 3 tokens back")
    assert said.endswith("Layers that see all: 1.")
    assert "grey" in said
    assert heatmap.about_window(view, 1).startswith("Layer 1 sees the whole text.")


def test_a_model_without_a_window_says_nothing_of_one() -> None:
    run = run_of("decoder, rotary")
    view = attention.shown(run, attention.DECODER)
    assert heatmap.about_window(view, 0) == ""
    assert view.outside(0) is None
