"""The window into a long map: it follows zooming and panning, all maps share it, and a small map moves it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, ZoomEvent, plotly_bridge
from ui.state.linked import Linked
from viz.windows import MOST_CELLS, Window, edges, whole, within, zoomed

MAP_CELLS_A_SIDE = 64
MAP_WIDTH = 260  # px


@dataclass(frozen=True)
class Sides:
    """Labels of a map's rows and columns."""

    queries: Sequence[str]
    keys: Sequence[str]

    @property
    def size(self) -> tuple[int, int]:
        return len(self.queries), len(self.keys)

    @property
    def whole(self) -> Window:
        return whole(*self.size)

    @property
    def long(self) -> bool:
        """Whether the map has more cells than can be drawn at once."""
        return max(self.size) > MOST_CELLS

    def of(self, window: Window) -> tuple[Sequence[str], Sequence[str]]:
        """The labels in a window."""
        return self.queries[window.query : window.query_end], self.keys[window.key : window.key_end]


def read(text: str) -> Window | None:
    """A window from an address, "0-64-32-96"; None where it is none."""
    parts = text.split("-")
    numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 7]
    return Window(*numbers) if len(numbers) == len(parts) == 4 else None


def write(window: Window | None) -> str:
    """As it stands in an address."""
    return f"{window.query}-{window.query_end}-{window.key}-{window.key_end}" if window else ""


WINDOW = Linked[Window | None]("window", None, read, write)
"""What was chosen of a long text; None: the whole."""


def shown(sides: Sides) -> Window:
    """The window on screen: of a long text the one that was chosen, else the whole."""
    held = WINDOW.get() if sides.long else None
    window = sides.whole if held is None else within(held, *sides.size)
    WINDOW.link(None if window == sides.whole else window)
    return window


def keep(sides: Sides, window: Window) -> None:
    fitted = within(window, *sides.size)
    WINDOW.set(None if fitted == sides.whole else fitted)


def open_around(sides: Sides, query: int, key: int) -> None:
    """An exact window with a pair in its middle."""
    half = MOST_CELLS // 3
    keep(sides, Window(query - half, query + half, key - half, key + half))


def follow(sides: Sides, window: Window, zoom: ZoomEvent, *, transposed: bool = False) -> None:
    """Moves the window to where the chart was zoomed or panned; a double click shows the whole map again."""
    if zoom.x is None or zoom.y is None:
        WINDOW.set(None)
        return
    keep(sides, zoomed(window, zoom.x, zoom.y, transposed=transposed))


def holds(window: Window, query: int, key: int) -> bool:
    return window.query <= query < window.query_end and window.key <= key < window.key_end


def block(window: Window, row: int, column: int, most: int = MOST_CELLS) -> tuple[int, int] | None:
    """The first (query, key) in a cell of a pooled map; None if the map has no such cell."""
    rows, columns = edges(window.query, window.query_end, most), edges(window.key, window.key_end, most)
    if row >= len(rows) - 1 or column >= len(columns) - 1:
        return None
    return int(rows[row]), int(columns[column])


def bridge(
    chart: str,
    sides: Sides,
    window: Window,
    *,
    transposed: bool = False,
    on_pair: Callable[[int, int], None] | None = None,
) -> None:
    """Handles clicks and zooming on a chart. A click on an exact cell calls `on_pair`; a click on a pooled cell opens the window
    around it."""

    def clicked(point: PointEvent) -> None:
        if point.column is None:
            return
        row, column = (point.column, point.row) if transposed else (point.row, point.column)
        if window.exact:
            if on_pair is not None:
                on_pair(window.query + row, window.key + column)
            return
        place = block(window, row, column)
        if place is not None:
            open_around(sides, *place)

    def moved(zoom: ZoomEvent) -> None:
        follow(sides, window, zoom, transposed=transposed)

    plotly_bridge(chart, key=f"{chart}_bridge", on_point=clicked, on_zoom=moved if sides.long else None)


def draw_position(
    sides: Sides,
    window: Window,
    small: Callable[[], go.Figure],
    *,
    cell: str = "the largest weight",
    moving: str = "",
    centre: tuple[int, int] | None = None,
) -> None:
    """For a long text: which part is on screen, how to get to the rest, and the small map.

    `cell` says what a pooled cell shows. `moving` says how to move, where the toolbar does not do it. `centre` is the pair that
    the button "Exact cells" shows. `small` draws the whole map with the window framed.
    """
    if not sides.long:
        return
    rows, columns = sides.size
    if window == sides.whole:
        each = [f"{size / MOST_CELLS:.3g}" if size > MOST_CELLS else "1" for size in (rows, columns)]
        st.caption(
            f"{rows:,} queries and {columns:,} keys are more cells than a screen has: each one here is {cell} of {each[0]} by "
            f"{each[1]}. Drag a rectangle or click to see exact cells. Nothing is left out: CSV and NPZ hold every number."
        )
        st.button(
            "Exact cells", key="exact", on_click=open_around, args=(sides, *(centre or (rows // 2, columns // 2)))
        )
        return
    state = "exact. The toolbar's arrows pan, a double click or the button shows the whole"
    if not window.exact:
        state = state.replace("exact.", "pooled: drag a rectangle to see exact cells.")
    st.caption(
        f"Queries {window.query:,} to {window.query_end - 1:,} of {rows:,}, keys {window.key:,} to {window.key_end - 1:,} of "
        f"{columns:,}, {moving or state}; CSV and NPZ hold this part."
    )
    draw_moves(sides, window, small)


def draw_moves(sides: Sides, window: Window, small: Callable[[], go.Figure]) -> None:
    """The small map, where a click opens the part around a cell, and buttons that move the window by half its size or show the
    whole."""
    down, across = (window.query_end - window.query) // 2, (window.key_end - window.key) // 2
    steps = (
        ("Earlier queries", (-down, 0), window.query == 0),
        ("Later queries", (down, 0), window.query_end == len(sides.queries)),
        ("Earlier keys", (0, -across), window.key == 0),
        ("Later keys", (0, across), window.key_end == len(sides.keys)),
    )
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        with st.container(width="content"):
            figures.chart(small(), key="map", filename="map", fill=False)
        with st.container(width="content", gap="small"):
            st.button("Whole text", key="whole", on_click=WINDOW.set, args=(None,))
            for name, (rows, columns), at_end in steps:
                moved = Window(
                    window.query + rows, window.query_end + rows, window.key + columns, window.key_end + columns
                )
                key = "pan_" + name.lower().replace(" ", "_")
                st.button(name, key=key, type="tertiary", disabled=at_end, on_click=keep, args=(sides, moved))

    def to(point: PointEvent) -> None:
        place = None if point.column is None else block(sides.whole, point.row, point.column, MAP_CELLS_A_SIDE)
        if place is not None:
            open_around(sides, *place)

    plotly_bridge("map", key="map_bridge", on_point=to)
