"""One attention score: query, key and their product coordinate by coordinate, and the row of scores of the query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import WIDTH, Floats, Part, new_figure, position_axis
from viz.labels import escaped, quoted, ticks, visible
from viz.percent import format_percent
from viz.shares import largest_size
from viz.theme import FONT_SIZE, TOKEN_FONT, TOKEN_SIZE, Theme, diverging_scale

STRIP = 22  # px a row of a vector
SUM_HEIGHT = 90  # px for the running sum
LABELS = 128  # px for the names of rows
MOST_MARKED = 256  # coordinates, or keys, with a line between them


@dataclass(frozen=True, eq=False)
class Row:
    """A vector (d_head,) with its name; rows with the same `scale` have the same colour range."""

    name: str
    values: Floats
    scale: int = 0


def score_strips(rows: Sequence[Row], product: Floats, *, theme: Theme, width: int = WIDTH) -> go.Figure:
    """Vectors as strips, a column for each coordinate, and below them the running sum of `product` (d_head,), which ends at q.k.

    Colours are signed around zero; each `scale` of rows has its own colour range.
    """
    size = len(product)
    if any(row.values.shape != (size,) for row in rows):
        raise ValueError(f"Vectors of shapes {[row.values.shape for row in rows]} do not fit {size} coordinates.")
    running = np.cumsum(product)
    tops = {
        scale: largest_size(np.concatenate([row.values for row in rows if row.scale == scale]))
        for scale in {row.scale for row in rows}
    }
    traces = [_strip(place, row, tops[row.scale], theme) for place, row in enumerate(rows)]
    traces += _running(running, theme)
    strips = STRIP * len(rows)
    height = strips + SUM_HEIGHT + 58
    share = strips / (strips + SUM_HEIGHT + 10)
    names = {
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "showgrid": False,
        "ticklabelstandoff": 6,
    }
    layout: Part = {
        "dragmode": False,  # no zooming, so no buttons that would cover the columns under the pointer
        "margin": {"l": LABELS, "r": 64, "t": 8, "b": 40},
        "xaxis": {"range": [-0.5, size - 0.5], "showgrid": False, "title": {"text": "coordinate"}, "anchor": "y2"},
        "yaxis": names
        | {
            "domain": [1 - share, 1],
            "range": [len(rows) - 0.5, -0.5],
            "tickmode": "array",
            "tickvals": list(range(len(rows))),
            "ticktext": [escaped(row.name) for row in rows],
        },
        "yaxis2": {"domain": [0, 1 - share - 0.05], "nticks": 3, "title": {"text": "sum so far"}, "zeroline": True},
        "annotations": [_end(running, theme)],
    }
    most = int(np.abs(product).argmax())
    summary = (
        f"{size} coordinates of query and key and their products, which add up to {running[-1]:.4g}; the largest single "
        f"product is {product[most]:+.4g}, at coordinate {most}."
    )
    return new_figure(theme, summary, height=height, width=width, traces=traces, layout=layout)


def _strip(place: int, row: Row, top: float, theme: Theme) -> Part:
    return {
        "type": "heatmap",
        "name": row.name,
        "z": np.asarray(row.values, dtype=np.float32)[None],
        "x": np.arange(len(row.values)),
        "y": [place],
        "zmin": -top,
        "zmax": top,
        "colorscale": diverging_scale(theme),
        "showscale": False,
        "ygap": 2,
        "hovertemplate": f"{escaped(row.name)}, coordinate %{{x:d}}: %{{z:.4g}}<extra></extra>",
    }


def _running(running: Floats, theme: Theme) -> list[Part]:
    return [
        {
            "type": "scatter",
            "name": "sum so far",
            "x": np.arange(len(running)),
            "y": np.asarray(running, dtype=np.float32),
            "yaxis": "y2",
            "mode": "lines",
            "line": {"color": theme.accent, "width": 2, "shape": "hv"},
            "hovertemplate": "coordinates 0 to %{x:d}: %{y:.4g}<extra></extra>",
        }
    ]


def _end(running: Floats, theme: Theme) -> Part:
    """The final sum, written at the end of the line."""
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 4,
        "y": float(running[-1]),
        "yref": "y2",
        "text": f"{running[-1]:.4f}",
        "showarrow": False,
        "font": {"size": FONT_SIZE, "color": theme.accent},
    }


def score_row(
    scores: Floats, weights: Floats, keys: Sequence[str], *, query: str, selected: int, theme: Theme, width: int = WIDTH
) -> go.Figure:
    """The softmax over one row: `scores` (key,) above and `weights` (key,) below; masked keys have no bar."""
    if not scores.shape == weights.shape == (len(keys),):
        raise ValueError(f"Scores {scores.shape} and weights {weights.shape} do not fit {len(keys)} keys.")
    marks = ticks(keys, cell=(width - 80) / max(len(keys), 1), upright=False)
    seen = np.where(np.isfinite(scores), scores, np.nan).astype(np.float32)
    at, hover = np.arange(len(keys)), [quoted(key) for key in keys]
    bars = [
        _bars(at, seen, hover, selected, theme.muted, "y", "score %{y:.4f}", theme),
        _bars(at, np.asarray(weights, dtype=np.float32), hover, selected, theme.accent, "y2", "weight %{y:.4f}", theme),
    ]
    layout: Part = {
        "dragmode": False,
        "bargap": 0.25 if len(keys) <= MOST_MARKED else 0,
        "margin": {"l": 56, "r": 8, "t": 10, "b": marks.extent + 10},
        "xaxis": position_axis(marks, len(keys), theme) | {"anchor": "y2"},
        "yaxis": {"domain": [0.55, 1], "nticks": 4, "title": {"text": "score"}, "zeroline": True},
        "yaxis2": {
            "domain": [0, 0.45],
            "nticks": 4,
            "title": {"text": "weight"},
            "tickformat": ".0%",
            "rangemode": "tozero",
        },
    }
    summary = f'The scores of "{visible(query)}" with {len(keys)} keys, and the weights after the softmax'
    if len(keys):
        share = format_percent(float(weights[selected]))
        summary += f'; "{visible(keys[selected])}" gets {share}'
    return new_figure(theme, summary + ".", height=300, width=width, traces=bars, layout=layout)


def _bars(
    at: NDArray[np.integer],
    values: Floats,
    hover: list[str],
    selected: int,
    colour: str,
    axis: str,
    says: str,
    theme: Theme,
) -> Part:
    chosen = at == selected
    return {
        "type": "bar",
        "x": at,
        "y": values,
        "yaxis": axis,
        "marker": {"color": [theme.query if is_chosen else colour for is_chosen in chosen]},
        "hovertext": hover,
        "hovertemplate": f"%{{hovertext}}, key %{{x:d}}: {says}<extra></extra>",
    }
