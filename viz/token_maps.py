"""Maps of tokens by tokens other than one head's attention: over heads, over layers, or weighted by values."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.attention import ROW_LABEL
from viz.frame import WIDTH, Floats, Side, check_grid, largest_cell, outline
from viz.grid import grid
from viz.labels import escaped, visible
from viz.percent import format_percent
from viz.shares import Ceiling, ShareScale, share_trace
from viz.theme import Theme, evenly
from viz.windows import MOST_CELLS, edges, pooled

CellKind = Literal["share", "length"]


def token_map(
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    theme: Theme,
    name: str,
    verb: str,
    kind: CellKind = "share",
    title_rows: str = "",
    title_columns: str = "",
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    selected: int | None = None,
    hide_future: bool = False,
    first_row: int = 0,
    first_column: int = 0,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """`values` (row, column), exact on hover: "x `verb` y: 12%". A map of kind "length" has the colour of values.

    `selected` is a row to frame; `hide_future` leaves columns after the row blank. With more than MOST_CELLS a side, each cell is
    the largest value of a block, and the hover text names the block. For a window into a longer text, `first_row` and
    `first_column` are the positions of the first row and column.
    """
    check_grid(name, values, rows, columns)
    shown = np.array(values, dtype=np.float32)
    if hide_future:
        shown[first_column + np.arange(len(columns)) > first_row + np.arange(len(rows))[:, None]] = np.nan
    down, across = edges(0, len(rows)), edges(0, len(columns))
    is_pooled = max(len(rows), len(columns)) > MOST_CELLS
    if is_pooled:
        shown = np.array(pooled(shown, down, across), dtype=np.float32)
    first = (0, 0) if is_pooled else (first_row, first_column)
    one = Side(_blocks(rows, down), title_rows, first[0], ROW_LABEL)
    other = Side(_blocks(columns, across), title_columns, first[1])
    number = "VALUE" if kind == "share" else "%{customdata:.4g}" if scale != "linear" else "%{z:.4g}"
    trace = share_trace(
        shown,
        one,
        other,
        theme=theme,
        hover=f"%{{y}} {escaped(verb)} %{{x}}: {number}" + (" at most" if is_pooled else ""),
        scale=scale,
        zmax="own" if kind == "length" else zmax,
        colours=evenly([theme.background, theme.value]) if kind == "length" else None,
        title=name,
    )
    if kind == "length":  # ticks of shares do not fit lengths
        trace.colorbar.update(tickmode="auto", tickvals=None, ticktext=None)
    framed = []
    if selected is not None and not is_pooled:
        framed = [outline(theme, x=(first[1], first[1] + len(columns) - 1), y=(selected, selected))]
    return grid(
        trace,
        one,
        other,
        theme=theme,
        summary=map_summary(values, rows, columns, name, verb, kind),
        width=width,
        height=height,
        framed=framed,
    )


def _blocks(labels: Sequence[str], marks: NDArray[np.intp]) -> list[str]:
    """The labels, or where several share a cell, the first and the last of them."""
    return [
        labels[start] if end - start == 1 else f"{labels[start]} … {labels[end - 1]}" for start, end in pairwise(marks)
    ]


def map_summary(
    values: Floats, rows: Sequence[str], columns: Sequence[str], name: str, verb: str, kind: CellKind
) -> str:
    """The size of the map and its largest cell, in words."""
    size = f"{name.capitalize()} of {len(rows)} by {len(columns)} tokens"
    if not np.isfinite(values).any():
        return f"{size}."
    row, column = largest_cell(values)
    value = float(values[row, column])
    largest = format_percent(value) if kind == "share" else f"{value:.3g}"
    return f'{size}; the largest is {largest}: "{visible(rows[row])}" {verb} "{visible(columns[column])}".'
