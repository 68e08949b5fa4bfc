"""The effect of an edit or another text: next-token probabilities before and after, and heads ranked by how much they changed."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, label_axis, new_figure
from viz.labels import quoted, short, visible
from viz.next_token import LABELS_WIDTH, others
from viz.percent import format_percent
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

TEXTS_WIDTH = 132  # px to the right of the bars, for two shares
HEAD_WIDTH = 96  # px for names of heads


def next_token_change(
    labels: Sequence[str],
    before: Floats,
    after: Floats,
    rest_count: int,
    *,
    theme: Theme,
    chosen: int | None = None,
    height: int = 340,
) -> go.Figure:
    """Solid bars for the probabilities after a change, hollow bars for those before; a row for each token, in the order given,
    and one for the rest.

    `before` and `after` (tokens,) are probabilities of the full softmax, `chosen` is the index of a token to mark.
    """
    if not len(labels) == len(before) == len(after):
        raise ValueError(f"{len(labels)} labels and {len(before)} and {len(after)} shares do not fit.")
    was = np.append(before, max(0.0, 1.0 - float(np.sum(before, dtype=np.float64))))
    now = np.append(after, max(0.0, 1.0 - float(np.sum(after, dtype=np.float64))))
    ticks = [f"<b>▸ {short(name, 12)}</b>" if i == chosen else short(name, 14) for i, name in enumerate(labels)]
    return new_figure(
        theme,
        change_summary(labels, was, now, chosen),
        height=height,
        traces=[
            _solid(now, was, [*(quoted(name) for name in labels), others(rest_count)], theme),
            _hollow(was, theme),
            _both_shares(was, now, theme),
        ],
        layout=_layout([*ticks, f"{rest_count:,} others"], theme),
    )


def _layout(ticks: Sequence[str], theme: Theme) -> Part:
    return {
        "barmode": "overlay",
        "bargap": 0.28,
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "reversed",
            "entrywidth": 64,
        },
        "margin": {"l": LABELS_WIDTH, "r": TEXTS_WIDTH, "t": 26, "b": 24},
        "xaxis": {"range": [0, 1], "tickformat": ".0%", "nticks": 5},
        "yaxis": label_axis(ticks, theme),
    }


def _solid(now: Floats, was: Floats, names: Sequence[str], theme: Theme) -> Part:
    """The shares after the change, the last bar for all other tokens."""
    return {
        "type": "bar",
        "x": now,
        "y": np.arange(len(now)),
        "orientation": "h",
        "name": "after",
        "marker": {"color": [theme.probability] * (len(now) - 1) + [theme.muted], "opacity": 0.8},
        "customdata": was,
        "hovertext": list(names),
        "hovertemplate": "%{hovertext}: %{customdata:.4g} before, %{x:.4g} after<extra></extra>",
    }


def _hollow(was: Floats, theme: Theme) -> Part:
    """The shares before it."""
    return {
        "type": "bar",
        "x": was,
        "y": np.arange(len(was)),
        "orientation": "h",
        "name": "before",
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": theme.text}},
        "hoverinfo": "skip",
    }


def _both_shares(was: Floats, now: Floats, theme: Theme) -> Part:
    """Both in figures, beside the longer bar."""
    texts = [f" {format_percent(float(b))} → {format_percent(float(a))}" for b, a in zip(was, now, strict=True)]
    return {
        "type": "scatter",
        "x": np.maximum(was, now),
        "y": np.arange(len(was)),
        "mode": "text",
        "text": texts,
        "textposition": "middle right",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def change_summary(labels: Sequence[str], before: Floats, after: Floats, chosen: int | None) -> str:
    """The marked token, or the most probable one, before and after."""
    if not labels:
        return "No candidates for the next token."
    place = int(np.argmax(before[:-1])) if chosen is None else chosen
    shares = f"from {format_percent(float(before[place]))} to {format_percent(float(after[place]))}"
    first = int(np.argmax(after[:-1]))
    text = f'"{visible(labels[place])}" goes {shares}'
    if first == place:
        return f"{text}; it is the most probable token after the change."
    return f'{text}; after the change "{visible(labels[first])}" is the most probable ({format_percent(float(after[first]))}).'


def moved_ranking(
    names: Sequence[str], values: Floats, *, theme: Theme, selected: int | None = None, height: int | None = None
) -> go.Figure:
    """Heads as bars, in the order given: `values` (heads,) is the mean share of a query's attention that moved, from 0 to 1."""
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names and {len(values)} values do not fit.")
    summary = f"{len(names)} heads by how much their attention moved."
    if len(names):
        summary = f"Of {len(names)} heads {names[0]} moved most: {format_percent(float(values[0]))} of each query's attention."
    ticks = [f"<b>▸ {short(name, 14)}</b>" if i == selected else short(name, 16) for i, name in enumerate(names)]
    bars: Part = {
        "type": "bar",
        "x": np.asarray(values),
        "y": np.arange(len(values)),
        "orientation": "h",
        "marker": {"color": theme.accent, "opacity": [1.0 if i == selected else 0.62 for i in range(len(values))]},
        "text": [format_percent(float(value)) for value in values],
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hovertext": [short(name, 40) for name in names],
        "hovertemplate": "%{hovertext}: %{x:.4g} of a query's attention moved, on average<extra></extra>",
    }
    largest = float(np.max(values, initial=0.0)) or 1.0
    layout: Part = {
        "bargap": 0.3,
        "margin": {"l": HEAD_WIDTH, "r": 58, "t": 4, "b": 24},
        "xaxis": {"range": [0, largest], "tickformat": ".0%" if largest > 0.04 else ".1%", "nticks": 5},
        "yaxis": label_axis(ticks, theme),
    }
    tall = 24 * max(len(names), 1) + 34 if height is None else height
    return new_figure(theme, summary, height=tall, traces=[bars], layout=layout)
