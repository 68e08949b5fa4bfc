"""The empty figure for all other modules, and the layout of a grid with a label for each row and column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.labels import Ticks, escaped, quoted, ticks
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme, template

Floats = NDArray[np.floating]
Part = dict[str, object]  # a piece of a figure in Plotly's own vocabulary

WIDTH = 700  # px, the default width of the layout; figures still stretch
COLOUR_BAR = 78  # px to the right of the plot
SLANT = 40  # px to the right for the last slanted label, where there is no colour bar
LARGEST_CELL = 60.0
LARGEST_ROW = 28.0  # px, where cells need not be square
SMALLEST_CELL = 4.0
READABLE_CELL = 16.0
TALLEST = 640.0
TITLE = 24  # px for the title of an axis
GAPS_UP_TO = 48  # cells a side; with more, a gap of one pixel would hide the cells


def new_figure(
    theme: Theme,
    summary: str,
    *,
    height: int,
    width: int | None = None,
    traces: Sequence[go.Heatmap | Part] = (),
    layout: Part | None = None,
) -> go.Figure:
    """A figure with Regard's template; `summary` describes it in words for people who cannot see it.

    Give traces and layout here at once: every later change of a figure takes Plotly some milliseconds.
    """
    whole = {"template": template(theme), "height": height, "width": width, "meta": {"summary": summary}}
    return go.Figure(data=list(traces), layout=whole | (layout or {}))


def line_at(theme: Theme, at: float) -> Part:
    """A dotted line from top to bottom, behind the data: the current step on an axis of steps."""
    line = {"color": theme.text, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line, "layer": "below"}


def summary(figure: go.Figure) -> str:
    """The description of the figure in words, for use as alternative text."""
    return str(figure.layout.meta["summary"])


@dataclass(frozen=True)
class Side:
    """One side of a grid: a label for each row or column, a title, and the position of the first."""

    labels: Sequence[str]
    title: str = ""
    first: int = 0
    limit: int = 14
    tokens: bool = True  # token labels are quoted in hover text, names such as "head 3" are not
    width: int | None = None  # px for the labels of rows, where their length must not move the plot
    counts: bool = False  # the labels are the positions themselves; Plotly decides how many are written

    @property
    def positions(self) -> NDArray[np.int64]:
        return np.arange(self.first, self.first + len(self.labels))

    @property
    def hover(self) -> list[str]:
        return [quoted(label) if self.tokens else escaped(label) for label in self.labels]

    def range(self, total: int | None = None) -> list[float]:
        return [self.first - 0.5, self.first + (len(self.labels) if total is None else total) - 0.5]


def numbered(count: int, name: str = "", first: int = 0) -> list[str]:
    """Labels such as "head 0", "head 1", ...; plain numbers without a name."""
    return [f"{name} {index}".strip() for index in range(first, first + count)]


def check_grid(name: str, values: Floats, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Raises ValueError where the shape of the array does not fit its labels."""
    if values.ndim != 2 or values.shape != (len(rows), len(columns)):
        raise ValueError(f"{name} of shape {values.shape} do not fit {len(rows)} row and {len(columns)} column labels.")


def largest_cell(values: Floats) -> tuple[int, int]:
    """Row and column of the largest value; NaN is ignored."""
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return int(row), int(column)


def gap(*counts: int) -> int:
    return 1 if max(counts) <= GAPS_UP_TO else 0


@dataclass(frozen=True)
class Room:
    """The layout of a grid, in px."""

    left: float
    right: float
    top: float
    bottom: float
    width: float
    height: float
    columns: Ticks
    rows: Ticks


def room(
    rows: Side, columns: Side, *, rows_total: int, width: int, height: int | None, colour_bar: bool, square: bool
) -> Room:
    """Divides the space. Cells are square if asked for and possible; a given height has priority; rows stay readable if they
    fit."""
    wide, tall = max(len(columns.labels), 1), max(rows_total, 1)
    guess = ticks(rows.labels, cell=100, upright=True, limit=rows.limit)
    left = (guess.extent if rows.width is None else rows.width) + 4 + (TITLE if rows.title else 0)
    right = COLOUR_BAR if colour_bar else SLANT
    cell_width = max((width - left - right) / wide, 0.5)
    cell_width = min(cell_width, LARGEST_CELL) if square else cell_width
    across = ticks(
        columns.labels, cell=cell_width, upright=False, first=columns.first, limit=columns.limit, turned=columns.tokens
    )
    top, bottom = across.extent + 6 + (TITLE if columns.title else 0), 10
    if height is None:
        cell_height = min(max(cell_width, SMALLEST_CELL), LARGEST_CELL if square else LARGEST_ROW, TALLEST / tall)
        cell_height = max(cell_height, min(READABLE_CELL, TALLEST / tall))
    else:
        cell_height = max(height - top - bottom, 1) / tall
    return Room(
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        width=left + right + cell_width * wide,
        height=top + bottom + cell_height * tall,
        columns=across,
        rows=ticks(rows.labels, cell=cell_height, upright=True, first=rows.first, limit=rows.limit),
    )


def hidden_axis(side: Side) -> Part:
    """An axis that has every full label for hover text and writes none."""
    return {
        "tickmode": "array",
        "tickvals": side.positions.tolist(),
        "ticktext": side.hover,
        "showticklabels": False,
        "showgrid": False,
        "ticklabeloverflow": "allow",
    }


def shown_axis(marks: Ticks, title: str, theme: Theme) -> Part:
    """An axis that writes the labels for which there is room."""
    return {
        "tickmode": "array",
        "tickvals": marks.values,
        "ticktext": marks.text,
        "tickangle": marks.angle,
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "title": {"text": escaped(title) if title else ""},
        "showgrid": False,
        "automargin": False,
        "ticklabelstandoff": 4,
        "ticklabeloverflow": "allow",  # otherwise Plotly measures every label again
    }


def counting_axis(title: str, theme: Theme) -> Part:
    """An axis of whole numbers. Plotly decides which are written by the actual width, which may be that of a telephone."""
    return {
        "tickmode": "auto",
        "tickformat": "d",
        "tickangle": 0,
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "title": {"text": escaped(title) if title else ""},
        "showgrid": False,
        "zeroline": False,
    }


def label_axis(text: Sequence[str], theme: Theme) -> Part:
    """A vertical axis with one text for each bar, the first on top; the texts are already escaped."""
    return {
        "tickmode": "array",
        "tickvals": list(range(len(text))),
        "ticktext": list(text),
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "range": [len(text) - 0.5, -0.5],
        "showgrid": False,
        "ticklabelstandoff": 6,
        "ticklabeloverflow": "allow",
    }


def position_axis(marks: Ticks, count: int, theme: Theme) -> Part:
    """A horizontal axis of tokens under a chart."""
    return {
        "tickmode": "array",
        "tickvals": marks.values,
        "ticktext": marks.text,
        "tickangle": marks.angle,
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "range": [-0.5, count - 0.5],
        "showgrid": False,
    }


def log_axis(values: Floats) -> Part:
    """A logarithmic axis around the positive `values`, each of its few ticks written in full: 200 k, 500 k, 1 M.

    Plotly writes the ticks between two powers of ten as "2" and "5", which nobody can read beside "10M".
    """
    held = np.asarray(values, dtype=np.float64)
    held = held[np.isfinite(held) & (held > 0)]
    low, high = (float(held.min()), float(held.max())) if held.size else (1.0, 10.0)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    between = (1, 2, 5) if len(powers) <= 4 else (1,)
    every = [digit * 10.0**power for power in powers for digit in between]
    first = max((n for n, tick in enumerate(every) if tick <= low), default=0)
    last = min((n for n, tick in enumerate(every) if tick >= high), default=len(every) - 1)
    shown = every[min(first, max(last - 1, 0)) : last + 1]
    return {
        "type": "log",
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [in_thousands(tick) for tick in shown],
        "range": [float(np.log10(shown[0])), float(np.log10(shown[-1]))],
    }


def in_thousands(value: float) -> str:
    """A round number in few characters: 0.5, 20, 200 k, 5 M."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def outline(theme: Theme, *, x: tuple[float, float], y: tuple[float, float], colour: str | None = None) -> Part:
    """A frame around the cells from the first to the last position on each side."""
    return {
        "type": "rect",
        "x0": x[0] - 0.5,
        "x1": x[1] + 0.5,
        "y0": y[0] - 0.5,
        "y1": y[1] + 0.5,
        "line": {"color": colour or theme.text, "width": 2},
        "layer": "above",
    }
