"""One head as a heatmap: every cell of a short text, a pooled map with an exact window into a long one."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui import figures
from ui.figures import Matrix, theme
from ui.maps import notebook, selected_pair, windows
from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from viz.attention import attention_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.shares import Ceiling
from viz.windows import Window, pooled_heatmap

EXPLAINED = (
    "A row is a query: how it shares its attention among the keys. Each row sums to 1. Click a cell, or walk there with the "
    "arrow keys and press Enter, to read its row below the thumbnails."
)
LARGE = 40_000  # weights; beyond it the table is of a part


def draw(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The figure, what is said of it, and where in a long text it is."""
    seen = view.only_kept(weights, blank=np.nan)
    sides = windows.Sides(view.queries, view.keys)
    window = windows.shown(sides)
    fig = figure(view, toggles, seen, window)
    queries, keys = sides.of(window)
    place: dict[str, int] = {"first_query": window.query, "first_key": window.key}
    figures.place(
        fig,
        key="heatmap",
        heading=f"{view.kind.title}, layer {layer}, head {head}",
        explained=EXPLAINED,
        filename=f"attention-{view.kind.key}-layer-{layer}-head-{head}",
        csv=lambda: matrix_csv(window.of(seen), queries, keys, **place),
        npz=lambda: matrix_npz(window.of(seen), queries, keys, **place),
        table=(lambda: corner(window.of(seen), queries, keys, place)) if seen.size > LARGE else None,
        python=lambda: notebook.of_heatmap(view, toggles, layer, head, window, framed(view, window)),
        fill=window.key_end - window.key > 40,
    )
    windows.bridge(
        "heatmap",
        sides,
        window,
        transposed=toggles.transposed == "on",
        on_pair=lambda query, key: selected_pair.choose(view, query, key),
    )
    st.caption(selected_pair.said(view, weights))
    windows.where(sides, window, lambda: small_map(view, toggles, seen, window), centre=centre(view, weights))


def centre(view: AttentionView, weights: Matrix) -> tuple[int, int]:
    """The chosen pair, else the strongest."""
    query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    return selected_pair.of(view) or (int(query), int(key))


def figure(view: AttentionView, toggles: Toggles, weights: Matrix, window: Window) -> go.Figure:
    """The heatmap of a window: exact where it is small enough, else pooled."""
    zmax: Ceiling = "own" if toggles.range == "own" else None
    hide_future = view.causal and toggles.future == "off"
    transposed = toggles.transposed == "on"
    if not window.exact:
        return pooled_heatmap(
            weights,
            view.queries,
            view.keys,
            window,
            theme=theme.current(),
            title_query="looks",
            title_key="is looked at",
            scale=toggles.scale,
            zmax=zmax,
            palette=toggles.palette,
            transposed=transposed,
            hide_future=hide_future,
            width=620,
        )
    return attention_heatmap(
        window.of(weights),
        view.queries[window.query : window.query_end],
        view.keys[window.key : window.key_end],
        theme=theme.current(),
        title_query="looks",
        title_key="is looked at",
        scale=toggles.scale,
        zmax=zmax,
        palette=toggles.palette,
        transposed=transposed,
        hide_future=hide_future,
        selected=framed(view, window),
        first_query=window.query,
        first_key=window.key,
        second=view.second,
        width=620,
    )


def corner(weights: Matrix, queries: Sequence[str], keys: Sequence[str], place: dict[str, int]) -> str:
    """The first rows and columns of a large map as CSV."""
    rows, columns = figures.TABLE_ROWS, figures.TABLE_COLUMNS - 2
    return matrix_csv(weights[:rows, :columns], queries[:rows], keys[:columns], **place)


def framed(view: AttentionView, window: Window) -> tuple[int, int] | None:
    """The chosen pair, where the window has it."""
    cell = selected_pair.of(view)
    if cell is None or not window.query <= cell[0] < window.query_end or not window.key <= cell[1] < window.key_end:
        return None
    return cell


def small_map(view: AttentionView, toggles: Toggles, weights: Matrix, window: Window) -> go.Figure:
    """The whole text in small, the window framed."""
    pooled = partial(pooled_heatmap, scale="sqrt", palette=toggles.palette, hide_future=view.causal)
    return windows.in_small(pooled, weights, windows.Sides(view.queries, view.keys), window)
