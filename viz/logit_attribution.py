"""Direct logit attribution of a token against a rival: a map of heads and feed-forward sublayers, and the largest parts."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import WIDTH, Floats, Part, Side, check_grid, label_axis, new_figure, numbered, outline
from viz.grid import grid
from viz.labels import escaped, visible
from viz.shares import signed_trace
from viz.theme import DIVERGING, TOKEN_FONT, TOKEN_SIZE, Theme

NAMES_WIDTH = 142  # px
VALUES_WIDTH = 64
MINUS = "\u2212"


def signed(value: float) -> str:
    """A number with its sign: +1.23, −0.04, and 0.00 where it rounds to nothing."""
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def parts_map(
    values: Floats,
    columns: Sequence[str],
    token: str,
    rival: str,
    *,
    theme: Theme,
    chosen: tuple[int, int] | None = None,
    width: int = WIDTH,
) -> go.Figure:
    """`values` (layers, parts) of a logit difference: each head and feed-forward sublayer; `columns` names the parts.

    Positive values, in the colour of keys, favour the token; negative ones, in the colour of queries, its rival. `chosen`
    (row, column) is framed.
    """
    rows = Side(numbered(len(values), "layer"), tokens=False)
    across = Side(columns, tokens=False)
    check_grid("Parts", values, rows.labels, columns)
    trace = signed_trace(
        np.asarray(values),
        rows,
        across,
        theme=theme,
        hover=f"%{{y}}, %{{x}}: VALUE logits for {_quoted(token)} against {_quoted(rival)}",
        title="logits",
    )
    row, column = divmod(int(np.abs(values).argmax()), values.shape[1]) if values.size else (0, 0)
    largest = f"{rows.labels[row]}, {columns[column]} ({signed(float(values[row, column]))})" if values.size else "none"
    summary = f'The parts of the logit difference between "{visible(token)}" and "{visible(rival)}"; the largest is {largest}.'
    framed = [] if chosen is None else [outline(theme, x=(chosen[1], chosen[1]), y=(chosen[0], chosen[0]))]
    return grid(
        trace,
        rows,
        across,
        theme=theme,
        summary=summary,
        width=width,
        height=34 * len(rows.labels) + 92,
        square=False,
        framed=framed,
    )


def parts_in_order(
    names: Sequence[str], values: Floats, rest: float, rest_count: int, token: str, rival: str, *, theme: Theme
) -> go.Figure:
    """The largest parts as bars, to the right for the token and to the left for its rival; all other parts as one bar."""
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names and {len(values)} parts do not belong together.")
    shown = [float(value) for value in values] + ([rest] if rest_count else [])
    labels = [escaped(name) for name in names] + ([f"{rest_count} others"] if rest_count else [])
    against, for_it = DIVERGING[theme.name][1], DIVERGING[theme.name][-2]
    muted = len(names)
    colours = [theme.muted if i == muted else for_it if v >= 0 else against for i, v in enumerate(shown)]
    bars: Part = {
        "type": "bar",
        "x": np.array(shown),
        "y": np.arange(len(shown)),
        "orientation": "h",
        "marker": {"color": colours, "line": {"width": 0}},
        "text": [signed(value) for value in shown],
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hovertext": labels,
        "hovertemplate": "%{hovertext}: %{x:.5g} logits<extra></extra>",
    }
    low, high = min([0.0, *shown]), max([1e-9, *shown])
    layout: Part = {
        "bargap": 0.3,
        "margin": {"l": NAMES_WIDTH, "r": VALUES_WIDTH, "t": 4, "b": 46},
        "xaxis": {
            "range": [low - (0.5 * (high - low) if low < 0 else 0), high],  # room for the text of the longest bar
            "zeroline": True,
            "zerolinecolor": theme.muted,
            "nticks": 6,
            "title": {"text": f"{MINUS} for {_quoted(rival)}  ·  + for {_quoted(token)}"},
        },
        "yaxis": label_axis(labels, theme),
    }
    best = max(zip(shown, labels, strict=True), key=lambda pair: abs(pair[0]), default=(0.0, "nothing"))
    summary = (
        f'The largest part between "{visible(token)}" and "{visible(rival)}" is {best[1]}, {signed(best[0])} logits.'
    )
    return new_figure(theme, summary, height=26 * len(shown) + 74, traces=[bars], layout=layout)


def _quoted(label: str) -> str:
    return f"“{escaped(label)}”"
