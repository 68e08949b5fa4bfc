"""The heatmap of one head: all cells of a short text; of a long one a pooled map, or the exact cells of a window."""

import numpy as np
import streamlit as st

from ui.figures import Matrix
from ui.maps import notebook, selected_pair, windows
from ui.maps.attention import AttentionView
from ui.maps.attention_map import AttentionMap, Caption, draw_map
from ui.maps.display_options import Toggles

EXPLAINED = (
    "A row is a query: how it shares its attention among the keys. Each row sums to 1. Click a cell, or walk there with the "
    "arrow keys and press Enter, to read its row below the thumbnails."
)


def draw(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The figure, its strongest or chosen pair in words, and where in a long text it is."""
    shown = heatmap(view, toggles, layer, head, weights)
    sides, window = shown.sides, shown.window
    name = f"attention-{view.kind.key}-layer-{layer}-head-{head}"
    draw_map(
        shown,
        Caption("heatmap", f"{view.kind.title}, layer {layer}, head {head}", EXPLAINED, name),
        short_table=True,
    )
    windows.bridge(
        "heatmap",
        sides,
        window,
        transposed=toggles.transposed == "on",
        on_pair=lambda query, key: selected_pair.choose(view, query, key),
    )
    st.caption(selected_pair.in_words(view, weights))
    windows.draw_position(sides, window, shown.small, centre=centre(view, weights))


def heatmap(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> AttentionMap:
    """The map of one head as it is shown; `weights` (query, key)."""
    sides = windows.Sides(view.queries, view.keys)
    window, cell = windows.shown(sides), selected_pair.of(view)
    return AttentionMap(
        view.only_kept(weights, blank=np.nan),
        sides,
        window,
        lambda: notebook.weights(view, toggles, layer, head, name="cells"),
        settings={
            "scale": toggles.scale,
            "zmax": "own" if toggles.range == "own" else None,
            "palette": toggles.palette,
            "transposed": toggles.transposed == "on",
            "hide_future": view.causal and toggles.future == "off",
        },
        exact_settings={
            "selected": cell if cell is not None and windows.holds(window, *cell) else None,
            "second": view.second,
        },
        small_settings=small_settings(view, toggles),
    )


def small_settings(view: AttentionView, toggles: Toggles) -> dict[str, object]:
    """How the whole map is drawn in small, to move the window by."""
    return {"scale": "sqrt", "palette": toggles.palette, "hide_future": view.causal}


def centre(view: AttentionView, weights: Matrix) -> tuple[int, int]:
    """The chosen pair, else the strongest."""
    query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    return selected_pair.of(view) or (int(query), int(key))
