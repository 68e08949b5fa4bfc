"""One head as a heatmap: every cell of a short text, a pooled map with an exact window into a long one."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui import attention_code, chosen_pair, figures, heads, pair_in_words, settings, theme
from ui.attention_toggles import Toggles
from ui.components.plotly_bridge.plotly_bridge import PointEvent, ZoomEvent, plotly_bridge
from ui.figures import Matrix
from ui.heads import Shown
from viz.attention import attention_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.shares import Ceiling
from viz.windows import MOST_CELLS, Window, edges, pooled_heatmap, whole, within, zoomed

EXPLAINED = (
    "A row is a query: how it shares its attention among the keys. Each row sums to 1. Click a cell to read its row below the "
    "thumbnails."
)
LARGE = 40_000  # weights; beyond it the table is of a part
MAP_CELLS = 64
MAP_WIDTH = 260


def draw(view: Shown, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The figure, what is said of it, and where in a long text it is."""
    seen = view.only_kept(weights, blank=np.nan)
    window = shown_window(view)
    fig = figure(view, toggles, seen, window)
    if view.second is not None and window.exact:
        between_sentences(fig, view.second, len(view.keys))
    queries, keys = view.queries[window.query : window.query_end], view.keys[window.key : window.key_end]
    place: dict[str, int] = {"first_query": window.query, "first_key": window.key}
    figures.place(
        fig,
        key="heatmap",
        heading=f"{heads.NAMES[view.part]}, layer {layer}, head {head}",
        explained=EXPLAINED,
        filename=f"attention-{view.part}-layer-{layer}-head-{head}",
        csv=lambda: matrix_csv(window.of(seen), queries, keys, **place),
        npz=lambda: matrix_npz(window.of(seen), queries, keys, **place),
        table=(lambda: corner(window.of(seen), queries, keys, place)) if seen.size > LARGE else None,
        python=lambda: attention_code.of_heatmap(view, toggles, layer, head, window, framed(view, window)),
        fill=window.key_end - window.key > 40,
    )
    is_long = max(weights.shape) > MOST_CELLS
    plotly_bridge(
        "heatmap",
        key="heatmap_bridge",
        on_point=lambda point: choose_cell(view, toggles, window, point),
        on_zoom=(lambda zoom: choose_window(view, toggles, window, zoom)) if is_long else None,
    )
    st.caption(pair_in_words.said(view, weights))
    if is_long:
        where(view, toggles, seen, window)


def figure(view: Shown, toggles: Toggles, weights: Matrix, window: Window) -> go.Figure:
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
        width=620,
    )


def corner(weights: Matrix, queries: tuple[str, ...], keys: tuple[str, ...], place: dict[str, int]) -> str:
    """The first rows and columns of a large map as CSV."""
    rows, columns = figures.TABLE_ROWS, figures.TABLE_COLUMNS - 2
    return matrix_csv(weights[:rows, :columns], queries[:rows], keys[:columns], **place)


def framed(view: Shown, window: Window) -> tuple[int, int] | None:
    """The chosen pair, where the window has it."""
    cell = chosen_pair.of(view)
    if cell is None or not window.query <= cell[0] < window.query_end or not window.key <= cell[1] < window.key_end:
        return None
    return cell


def between_sentences(fig: go.Figure, second: int, count: int) -> None:
    """Thin lines where the second sentence starts."""
    edge, ends = second - 0.5, (-0.5, count - 0.5)
    line = {"color": theme.current().muted, "width": 1, "dash": "dot"}
    fig.add_shape(type="line", x0=edge, x1=edge, y0=ends[0], y1=ends[1], line=line)
    fig.add_shape(type="line", x0=ends[0], x1=ends[1], y0=edge, y1=edge, line=line)


def choose_cell(view: Shown, toggles: Toggles, window: Window, point: PointEvent) -> None:
    """A click on a cell chooses its pair; one on a block opens the part of the map around it."""
    if point.column is None:
        return
    row, column = (point.column, point.row) if toggles.transposed == "on" else (point.row, point.column)
    if window.exact:
        chosen_pair.choose(view, window.query + row, window.key + column)
        return
    rows, columns = edges(window.query, window.query_end), edges(window.key, window.key_end)
    if row < len(rows) - 1 and column < len(columns) - 1:
        open_around(view, int(rows[row]), int(columns[column]))


def open_around(view: Shown, query: int, key: int) -> None:
    """An exact window with a pair in its middle."""
    half = MOST_CELLS // 3
    keep_window(view, Window(query - half, query + half, key - half, key + half))


def choose_window(view: Shown, toggles: Toggles, window: Window, zoom: ZoomEvent) -> None:
    """The window follows zooming and panning; a double click goes back to the whole."""
    if zoom.x is None or zoom.y is None:
        st.session_state["window"] = None
        return
    keep_window(view, zoomed(window, zoom.x, zoom.y, transposed=toggles.transposed == "on"))


def keep_window(view: Shown, window: Window) -> None:
    fitted = within(window, len(view.queries), len(view.keys))
    is_whole = fitted == whole(len(view.queries), len(view.keys))
    st.session_state["window"] = None if is_whole else fitted


def shown_window(view: Shown) -> Window:
    """The window on screen: of a long text the one that was chosen, from the session or at first from the address."""
    size = len(view.queries), len(view.keys)
    if "window" not in st.session_state:
        parts = st.query_params.get("window", "").split("-")
        numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 7]
        st.session_state["window"] = Window(*numbers) if len(numbers) == len(parts) == 4 else None
    held: Window | None = st.session_state["window"] if max(size) > MOST_CELLS else None
    window = whole(*size) if held is None else within(held, *size)
    ends = (window.query, window.query_end, window.key, window.key_end)
    settings.link("window", "" if window == whole(*size) else "-".join(map(str, ends)))
    return window


def where(view: Shown, toggles: Toggles, weights: Matrix, window: Window) -> None:
    """Of a long text: what is on screen, how to get to the rest, and a small map to move the window by."""
    size = whole(len(view.queries), len(view.keys))
    if window == size:
        rows, columns = (
            f"{len(side) / MOST_CELLS:.3g}" if len(side) > MOST_CELLS else "1" for side in (view.queries, view.keys)
        )
        st.caption(
            f"{len(view.queries):,} queries and {len(view.keys):,} keys are more cells than a screen has: each one here is the "
            f"largest weight of {rows} by {columns}. Drag a rectangle or click to see exact cells. Nothing is left out: "
            "CSV and NPZ hold every weight."
        )
        return
    st.caption(
        f"Queries {window.query:,} to {window.query_end - 1:,} of {len(view.queries):,}, keys {window.key:,} to "
        f"{window.key_end - 1:,} of {len(view.keys):,}, "
        + ("exact. " if window.exact else "pooled: drag a rectangle to see exact cells. ")
        + "The toolbar's arrows pan, a double click or the button shows the whole; CSV and NPZ hold this part."
    )
    fig = pooled_heatmap(
        weights,
        view.queries,
        view.keys,
        size,
        theme=theme.current(),
        scale="sqrt",
        palette=toggles.palette,
        hide_future=view.causal,
        title_query="",
        title_key="",
        framed=window,
        most=MAP_CELLS,
        width=MAP_WIDTH,
        show_bar=False,
    )
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        with st.container(width="content"):
            figures.chart(fig, key="map", filename="map", fill=False)
        st.button("Whole text", key="whole", on_click=lambda: st.session_state.update(window=None))
    plotly_bridge("map", key="map_bridge", on_point=lambda point: move_to(view, point))


def move_to(view: Shown, point: PointEvent) -> None:
    """A click on the small map."""
    if point.column is None:
        return
    rows, columns = edges(0, len(view.queries), MAP_CELLS), edges(0, len(view.keys), MAP_CELLS)
    if point.row < len(rows) - 1 and point.column < len(columns) - 1:
        open_around(view, int(rows[point.row]), int(columns[point.column]))
