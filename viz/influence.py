"""The influence of input tokens on a prediction: by distance for several models, and token by token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, new_figure, position_axis
from viz.labels import escaped, quoted, ticks
from viz.percent import format_percent
from viz.theme import Theme

LEAST = 1e-5  # smaller shares are drawn at the bottom of the logarithmic axis
WIDTH = 300  # px, a column of the page


@dataclass(frozen=True, eq=False)
class Curve:
    """Shares by distance back, from 0; the curves of one `model` have one colour, and attention is dotted."""

    model: str
    shares: Floats  # (distances,) mean shares
    attention: bool = False
    colour: str = ""  # "": one by its place among the models of the figure


def influence_by_distance(curves: Sequence[Curve], *, theme: Theme, height: int = 360) -> go.Figure:
    """A line for each model: the share of a prediction's influence at each distance back, on a logarithmic axis."""
    if not curves or any(not len(curve.shares) for curve in curves):
        raise ValueError("Influence by distance needs at least one curve with at least one distance.")
    models = list(dict.fromkeys(curve.model for curve in curves))
    traces = [
        _line(curve, curve.colour or theme.series[models.index(curve.model) % len(theme.series)]) for curve in curves
    ]
    values = np.concatenate([np.asarray(curve.shares, dtype=np.float64) for curve in curves])
    low = max(float(values[values > 0].min(initial=1.0)), LEAST)
    furthest = max(len(curve.shares) for curve in curves) - 1
    layout: Part = {
        "margin": {"l": 64, "r": 12, "t": 8, "b": 44},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": "tokens back"}, "range": [-0.3, max(furthest, 1) + 0.3], "nticks": 12},
        "yaxis": {
            "title": {"text": "share"},
            "type": "log",
            "range": [np.floor(np.log10(low) * 2) / 2, 0.05],
            "tickvals": [10.0**power for power in range(-5, 1)],
            "ticktext": ["0.001%", "0.01%", "0.1%", "1%", "10%", "100%"],
        },
    }
    return new_figure(theme, _said(curves), height=height, traces=traces, layout=layout)


def _line(curve: Curve, colour: str) -> Part:
    what = "of its attention" if curve.attention else "of the influence"
    shares = np.asarray(curve.shares, dtype=np.float64)
    return {
        "type": "scatter",
        "mode": "lines" if curve.attention else "lines+markers",
        "name": escaped(curve.model) + (", attention" if curve.attention else ""),
        "x": np.arange(len(shares)),
        "y": np.maximum(shares, LEAST),
        "line": {"color": colour, "width": 1.6 if curve.attention else 2.2, "dash": "dot" if curve.attention else "solid"},
        "marker": {"color": colour, "size": 5},
        "hovertext": [f"{escaped(curve.model)}: {format_percent(share)} {what}" for share in shares],
        "hovertemplate": "%{hovertext} · %{x:d} tokens back<extra></extra>",
    }  # fmt: skip


def _said(curves: Sequence[Curve]) -> str:
    """The figure in words: the share of the last token, and of tokens ten or more back."""
    parts = []
    for curve in curves:
        what = f"{curve.model}'s attention" if curve.attention else f"the influence in {curve.model}"
        far = float(np.sum(curve.shares[10:]))
        reach = len(curve.shares)
        parts.append(
            f"of {what} {format_percent(float(curve.shares[0]))} is on the last token"
            + (f" and {format_percent(far)} ten or more tokens back" if reach > 10 else "")
        )
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."


def influence_bars(shares: Floats, labels: Sequence[str], *, theme: Theme, colour: str, height: int = 150) -> go.Figure:
    """The influence on one prediction as a bar for each token: (time,) shares that sum to 1."""
    if len(shares) != len(labels) or not len(labels):
        raise ValueError(f"{len(shares)} shares do not fit {len(labels)} labels.")
    marks = ticks(labels, cell=(WIDTH - 40) / len(labels), upright=False, limit=8)
    bars: Part = {
        "type": "bar",
        "x": np.arange(len(labels)),
        "y": np.asarray(shares, dtype=np.float64),
        "marker": {"color": colour, "opacity": 0.8, "line": {"width": 0}},
        "hovertext": [f"{quoted(t)}: {format_percent(float(p))} of the influence" for t, p in zip(labels, shares, strict=True)],
        "hovertemplate": "%{hovertext} · position %{x:d}<extra></extra>",
    }  # fmt: skip
    most = int(np.argmax(shares))
    layout: Part = {
        "bargap": 0.15,
        "margin": {"l": 36, "r": 4, "t": 4, "b": marks.extent + 8},
        "xaxis": position_axis(marks, len(labels), theme),
        "yaxis": {"tickformat": ".0%", "nticks": 3, "rangemode": "tozero"},
    }
    said = f"Of {len(labels)} tokens {quoted(labels[most])} has most influence, {format_percent(float(shares[most]))}."
    return new_figure(theme, said, height=height, traces=[bars], layout=layout)
