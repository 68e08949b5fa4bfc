"""Long texts: a head's whole map pooled to fit a screen, and a window of it with exact cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.attention import difference_summary, weights_summary
from viz.frame import WIDTH, Floats, Part, Side, check_grid, outline
from viz.grid import grid
from viz.labels import visible
from viz.shares import Ceiling, ShareScale, share_trace, signed_trace
from viz.theme import Palette, Theme

MOST_CELLS = 192  # a side: a few pixels for each cell, and a message of 150 kB
LEAST_CELLS = 8  # a side, the smallest window


@dataclass(frozen=True)
class Window:
    """Queries `query` to `query_end` and keys `key` to `key_end` of a map, ends not included."""

    query: int
    query_end: int
    key: int
    key_end: int

    @property
    def exact(self) -> bool:
        """Whether it is small enough that each cell is drawn."""
        return max(self.query_end - self.query, self.key_end - self.key) <= MOST_CELLS

    def of(self, weights: Floats) -> Floats:
        """Its part of weights (..., query, key)."""
        return weights[..., self.query : self.query_end, self.key : self.key_end]


def whole(queries: int, keys: int) -> Window:
    return Window(0, queries, 0, keys)


def within(window: Window, queries: int, keys: int) -> Window:
    """The window moved and cut to fit into a map of that size, with at least LEAST_CELLS a side if the map has as many."""
    query, query_end = _within(window.query, window.query_end, queries)
    key, key_end = _within(window.key, window.key_end, keys)
    return Window(query, query_end, key, key_end)


def _within(start: int, end: int, size: int) -> tuple[int, int]:
    length = min(max(end - start, LEAST_CELLS), size)
    start = max(0, min(start, size - length))
    return start, start + length


def edges(start: int, end: int, most: int = MOST_CELLS) -> NDArray[np.intp]:
    """(blocks + 1,): the starts of blocks of nearly equal size, and the end of the last one."""
    blocks = min(end - start, most)
    return start + np.arange(blocks + 1) * (end - start) // blocks


def pooled(weights: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """The largest weight of each block, (blocks of rows, blocks of columns); NaN only where all of a block is NaN."""
    down = np.fmax.reduceat(weights[: rows[-1]], rows[:-1], axis=0)
    across: Floats = np.fmax.reduceat(down[:, : columns[-1]], columns[:-1], axis=1)
    return across


def furthest(values: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """The value of each block that is furthest from zero; NaN only where all of a block is NaN."""
    high, low = pooled(values, rows, columns), -pooled(-values, rows, columns)
    found: Floats = np.where(high >= -low, high, low)
    return found


def zoomed(window: Window, x: tuple[float, float], y: tuple[float, float], *, transposed: bool = False) -> Window:
    """The window for new axis ranges of the figure of `window`; the ranges are positions if it is exact, blocks if pooled."""
    across, down = (y, x) if transposed else (x, y)
    sides = ((window.query, window.query_end, down), (window.key, window.key_end, across))
    found = []
    for start, end, (one, other) in sides:
        low, high = sorted((one + 0.5, other + 0.5))
        if not window.exact:
            marks = edges(start, end)
            low, high = _token_at(marks, low), _token_at(marks, high)
        found += [round(low), round(high)]
    return Window(*found)


def _token_at(marks: NDArray[np.intp], place: float) -> float:
    """The text position of a place on the axis of blocks, also outside the drawn range, as after panning."""
    blocks = len(marks) - 1
    each = (marks[-1] - marks[0]) / blocks
    beyond = min(place, 0.0) + max(place - blocks, 0.0)
    return float(np.interp(place, np.arange(blocks + 1), marks) + beyond * each)


def pooled_heatmap(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    window: Window,
    *,
    theme: Theme,
    title_query: str = "query",
    title_key: str = "key",
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    palette: Palette = "accent",
    transposed: bool = False,
    hide_future: bool = False,
    framed: Window | None = None,
    most: int = MOST_CELLS,
    width: int = WIDTH,
    show_bar: bool = True,
) -> go.Figure:
    """A window of `weights` (query, key), each cell the largest weight of a block, which is named on hover.

    `framed` is a window to frame. `hide_future` leaves blocks blank where every key is after every query.
    """
    check_grid("Attention weights", weights, queries, keys)
    rows, columns = edges(window.query, window.query_end, most), edges(window.key, window.key_end, most)
    cells = np.array(pooled(weights, rows, columns), dtype=np.float32)
    if hide_future:
        cells[columns[:-1][None, :] >= rows[1:][:, None]] = np.nan
    asking = Side(spans(rows, queries), title_query, tokens=False)
    asked = Side(spans(columns, keys), title_key, tokens=False)
    frame = [] if framed is None else [_frame(theme, framed, rows, columns, transposed)]
    down, across, q, k = (asked, asking, "x", "y") if transposed else (asking, asked, "y", "x")
    trace = share_trace(
        np.ascontiguousarray(cells.T) if transposed else cells,
        down,
        across,
        theme=theme,
        hover=f"queries %{{{q}}}<br>keys %{{{k}}}<br>largest weight VALUE",
        scale=scale,
        zmax=zmax,
        palette=palette,
        show_bar=show_bar,
    )
    summary = (
        f"{weights_summary(weights, queries, keys)} Shown pooled, each cell the largest of {_each(rows, columns)}."
    )
    return grid(trace, down, across, theme=theme, summary=summary, width=width, framed=frame)


def pooled_difference(
    difference: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    window: Window,
    *,
    theme: Theme,
    title_query: str = "query",
    title_key: str = "key",
    name: str = "difference in weight",
    zmax: float | None = None,
    framed: Window | None = None,
    most: int = MOST_CELLS,
    width: int = WIDTH,
    show_bar: bool = True,
) -> go.Figure:
    """A window of `difference` (query, key) around zero, each cell the value of a block that is furthest from zero."""
    check_grid("Differences", difference, queries, keys)
    rows, columns = edges(window.query, window.query_end, most), edges(window.key, window.key_end, most)
    asking = Side(spans(rows, queries), title_query, tokens=False)
    asked = Side(spans(columns, keys), title_key, tokens=False)
    trace = signed_trace(
        np.array(furthest(difference, rows, columns), dtype=np.float32),
        asking,
        asked,
        theme=theme,
        hover="queries %{y}<br>keys %{x}<br>furthest from zero VALUE",
        title=name,
        zmax=zmax,
        show_bar=show_bar,
    )
    summary = difference_summary(difference, queries, keys, name)
    return grid(
        trace,
        asking,
        asked,
        theme=theme,
        summary=f"{summary} Shown pooled, each cell the one furthest from zero of {_each(rows, columns)}.",
        width=width,
        framed=[] if framed is None else [_frame(theme, framed, rows, columns, transposed=False)],
    )


def spans(marks: NDArray[np.intp], labels: Sequence[str]) -> list[str]:
    """The name of each block: positions and tokens of its first and last element."""
    return [
        f"{start} {visible(labels[start])}" + ("" if end - start == 1 else f" – {end - 1} {visible(labels[end - 1])}")
        for start, end in pairwise(marks)
    ]


def _each(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> str:
    """The number of queries and keys in a block, in words."""
    down, across = (f"{(marks[-1] - marks[0]) / (len(marks) - 1):.3g}" for marks in (rows, columns))
    return f"about {down} by {across}"


def _frame(theme: Theme, window: Window, rows: NDArray[np.intp], columns: NDArray[np.intp], transposed: bool) -> Part:
    """The frame of a window, in block positions."""
    sides = []
    for marks, start, end in ((rows, window.query, window.query_end), (columns, window.key, window.key_end)):
        low, high = np.interp([start, end], marks, np.arange(len(marks)))
        sides.append((float(low), float(high) - 1))
    down, across = sides[::-1] if transposed else sides
    return outline(theme, x=across, y=down, colour=theme.query)
