"""A few rows over a long text: all keys pooled, or the exact cells of the part that was clicked. All such maps share the part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import Matrix, theme
from ui.state import address
from ui.state.linked import Linked
from viz.long_rows import pooled_rows_heatmap
from viz.windows import MOST_CELLS, edges

EXACT_KEYS = 64
KEYS_FROM = Linked("keys_from", -1, address.whole_number, str)
"""The first key of the part on screen; -1: all keys."""


@dataclass(frozen=True)
class KeyWindow:
    """Keys `start` to `end` of `count`, the end not included."""

    start: int
    end: int
    count: int

    @property
    def long(self) -> bool:
        """Whether the text has more keys than can be drawn one by one."""
        return self.count > MOST_CELLS

    @property
    def pooled(self) -> bool:
        return self.end - self.start > MOST_CELLS

    @property
    def keys(self) -> slice:
        return slice(self.start, self.end)


def shown(count: int) -> KeyWindow:
    """The part on screen: all keys, unless a part of a long text was clicked. The address is kept in step."""
    held = KEYS_FROM.get() if count > MOST_CELLS else -1
    KEYS_FROM.link(held)
    if held < 0:
        return KeyWindow(0, count, count)
    start = min(held, count - EXACT_KEYS)
    return KeyWindow(start, start + EXACT_KEYS, count)


def figure(
    window: KeyWindow,
    weights: Matrix,
    names: Sequence[str],
    keys: Sequence[str],
    exact: Callable[[Matrix, Sequence[str]], go.Figure],
    *,
    tokens: bool = False,
    title_row: str = "",
    rows_total: int | None = None,
    width: int,
    height: int,
) -> go.Figure:
    """The figure of `weights` (row, key): pooled, or `exact` of the part on screen."""
    if not window.pooled:
        return exact(weights[:, window.keys], keys[window.keys])
    return pooled_rows_heatmap(
        weights,
        names,
        keys,
        edges(window.start, window.end),
        theme=theme.current(),
        tokens=tokens,
        title_row=title_row,
        rows_total=rows_total,
        width=width,
        height=height,
    )


def draw(fig: go.Figure, window: KeyWindow, *, key: str, filename: str) -> None:
    """Draws the figure, and for a long text which part it shows and how to get to the rest."""
    figures.chart(fig, key=key, filename=filename)
    if window.long:
        follow_clicks(window, key)
        draw_position(window, key)


def follow_clicks(window: KeyWindow, key: str) -> None:
    """A click on a pooled cell opens the part around it."""
    marks = edges(window.start, window.end)

    def opened(point: PointEvent) -> None:
        if window.pooled and point.column is not None and point.column < len(marks) - 1:
            KEYS_FROM.set(max(0, int(marks[point.column]) - EXACT_KEYS // 2))

    plotly_bridge(key, key=f"{key}_bridge", on_point=opened)


def draw_position(window: KeyWindow, key: str) -> None:
    """Which keys are on screen, and buttons that go to the others."""
    if window.pooled:
        each = window.count / MOST_CELLS
        st.caption(
            f"{window.count:,} keys are more than a screen has: each cell is the largest weight of {each:.3g} keys. Click one for "
            "its exact cells. The CSV holds every number."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Keys {window.start:,} to {window.end - 1:,} of {window.count:,}.", width="content")
        half = EXACT_KEYS // 2
        for label, name, to, at_end in (
            ("◂ Earlier", "earlier", window.start - half, window.start == 0),
            ("Later ▸", "later", window.start + half, window.end == window.count),
        ):
            turn = (max(0, to),)
            st.button(label, key=f"{key}_{name}", type="tertiary", disabled=at_end, on_click=KEYS_FROM.set, args=turn)
        st.button("Whole text", key=f"{key}_whole", type="tertiary", on_click=KEYS_FROM.set, args=(-1,))
