"""The heatmap of one head: all cells of a short text; of a long one a pooled map, or the exact cells of a window."""

import numpy as np
import streamlit as st

from ui.figures import Matrix
from ui.maps import attention, notebook, selected_pair, windows
from ui.maps.attention import AttentionView
from ui.maps.attention_map import AttentionMap, Caption, draw_map
from ui.maps.display_options import Toggles
from viz.strongest import strongest

EXPLAINED = (
    "A row is a query: how it shares its attention among the keys. Each row sums to 1. Click a cell, or walk there with the "
    "arrow keys and press Enter, to read its row below the thumbnails. "
)


def draw(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The figure, its strongest or chosen pair in words, and where in a long text it is."""
    shown = heatmap(view, toggles, layer, head, weights)
    sides, window = shown.sides, shown.window
    name = f"attention-{view.kind.key}-layer-{layer}-head-{head}"
    draw_map(
        shown,
        Caption(
            "heatmap",
            f"{view.kind.title}, layer {layer}, head {head}",
            EXPLAINED + attention.about_rows(view.kind),
            name,
        ),
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
    if window_said := about_window(view, layer):
        st.caption(window_said)
    windows.draw_position(sides, window, shown.small, centre=centre(view, weights))


def heatmap(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> AttentionMap:
    """The map of one head as it is shown; `weights` (query, key)."""
    sides = windows.Sides(view.queries, view.keys)
    window, cell = windows.shown(sides), selected_pair.of(view)
    return AttentionMap(
        view.blank_outside(layer, view.only_kept(weights, blank=np.nan)),
        sides,
        window,
        lambda: notebook.weights(view, toggles, layer, head, name="cells") + notebook.outside(view, layer, "cells"),
        settings={
            **view.kind.titles,
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


def about_window(view: AttentionView, layer: int) -> str:
    """For a model whose layers see a window of the text: what this layer sees, and which layers see all; else empty."""
    if view.kind.part == "cross" or view.run.lm.config.window is None:
        return ""
    sizes = [view.attention(i).window for i in range(view.layers)]
    whole = [str(i) for i, size in enumerate(sizes) if size is None]
    others = f"Layers that see all: {', '.join(whole)}." if whole else "No layer sees more."
    if sizes[layer] is None:
        return f"Layer {layer} sees the whole text. {others}"
    back = "back, the token read included" if view.causal else "to each side, the token itself included"
    grey = ": keys outside it are grey, for they have no weight" if view.outside(layer) is not None else ""
    return f"Layer {layer} sees a window of {sizes[layer]:,} tokens {back}{grey}. {others}"


def small_settings(view: AttentionView, toggles: Toggles) -> dict[str, object]:
    """How the whole map is drawn in small, to move the window by."""
    return {"scale": "sqrt", "palette": toggles.palette, "hide_future": view.causal}


def centre(view: AttentionView, weights: Matrix) -> tuple[int, int]:
    """The chosen pair, else the strongest."""
    return selected_pair.of(view) or strongest(view.only_kept(weights))
