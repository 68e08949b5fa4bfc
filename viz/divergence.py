"""Two continuations of one text: how far apart their next-token distributions and their attention are, step by step."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import WIDTH, Floats, Part, Side, check_grid, line_at, new_figure, position_axis
from viz.grid import grid
from viz.labels import quoted, ticks, visible
from viz.shares import share_trace
from viz.theme import Theme


def pair_labels(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """A label for each step that both have: the token, or both tokens where they differ."""
    return [a if a == b else f"{a} | {b}" for a, b in zip(one, other, strict=False)]


def divergence_lines(
    divergence: Floats, attention: Floats, labels: Sequence[str], *, theme: Theme, step: int, width: int = WIDTH
) -> go.Figure:
    """Two lines over the steps: the Jensen-Shannon `divergence` of the softmaxes (steps,) in bits, and `attention` (steps,), the
    mean share of attention on other keys (total variation). Both are between 0 and 1. `step` is marked."""
    if not len(divergence) == len(attention) == len(labels):
        raise ValueError(f"{len(divergence)} and {len(attention)} values do not fit {len(labels)} labels.")
    marks = ticks(labels, cell=(width - 60) / max(len(labels), 1), upright=False, limit=18)
    first = next((n for n, value in enumerate(divergence) if value > 1e-3), None)
    where = "do not differ" if first is None else f'first differ at "{visible(labels[first])}"'
    lines: list[Part] = [
        {
            "type": "scatter",
            "x": np.arange(len(labels)),
            "y": np.asarray(values),
            "mode": "lines+markers",
            "name": name,
            "line": {"color": colour, "width": 2},
            "marker": {"size": 6},
            "cliponaxis": False,
            "hovertext": [quoted(label) for label in labels],
            "hovertemplate": f"%{{hovertext}}: {name} %{{y:.4f}}<extra></extra>",
        }
        for values, name, colour in (
            (divergence, "softmax: divergence, bits", theme.probability),
            (attention, "attention: share on other keys", theme.accent),
        )
    ]
    layout: Part = {
        "margin": {"l": 40, "r": 12, "t": 30, "b": marks.extent + 8},
        "xaxis": position_axis(marks, len(labels), theme),
        "yaxis": {"range": [0, 1.02], "nticks": 5},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "shapes": [line_at(theme, step)],
    }
    summary = f"Two continuations, {len(labels)} steps: their next-token probabilities {where}."
    return new_figure(theme, summary, height=240, traces=list(lines), layout=layout)


def heads_apart(values: Floats, names: Sequence[str], labels: Sequence[str], *, theme: Theme) -> go.Figure:
    """For every head (rows) and step (columns) the share of its attention on other keys: `values` (heads, steps)."""
    rows, columns = Side(names, tokens=False, width=56), Side(labels)
    check_grid("Distances", values, names, labels)
    trace = share_trace(
        np.asarray(values),
        rows,
        columns,
        theme=theme,
        hover="%{y}: VALUE of its attention is on other keys at %{x}",
        title="share on other keys",
    )
    summary = f"How far apart the attention of {len(names)} heads is in two continuations, {len(labels)} steps."
    height = 15 * len(names) + 120
    return grid(trace, rows, columns, theme=theme, summary=summary, width=900, height=height, square=False)
