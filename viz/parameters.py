"""The parameters of a model: a bar for each part."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import Part, label_axis, new_figure
from viz.labels import escaped
from viz.percent import format_percent
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

ROW = 30  # px


def many(count: int) -> str:
    """A count with three digits: 7078912 is "7.08 million"."""
    for unit, name in ((1e9, " billion"), (1e6, " million"), (1e3, " thousand")):
        if count >= unit:
            return f"{count / unit:.3g}{name}" if count < 999.5 * unit else f"{count / unit:,.0f}{name}"
    return str(count)


def parameter_bars(parts: Sequence[tuple[str, int]], *, theme: Theme) -> go.Figure:
    """Bars for (part, parameters), in the order given, each with its count and its share of all."""
    total = sum(count for _, count in parts)
    if not total:
        raise ValueError("A model without parameters has no parts to draw.")
    shares = [format_percent(count / total) for _, count in parts]
    bars: Part = {
        "type": "bar",
        "x": np.array([count for _, count in parts], dtype=np.float64),
        "y": np.arange(len(parts)),
        "orientation": "h",
        "marker": {"color": theme.accent, "opacity": 0.8, "line": {"width": 0}},
        "text": [f"{many(count)} · {share}" for (_, count), share in zip(parts, shares, strict=True)],
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hovertext": [f"{escaped(name)}: {count:,} parameters" for name, count in parts],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    largest = max(count for _, count in parts)
    layout: Part = {
        "bargap": 0.35,
        "margin": {"l": 96, "r": 8, "t": 4, "b": 4},
        "xaxis": {"range": [0, largest * 2.3], "visible": False, "fixedrange": True},
        "yaxis": label_axis([escaped(name) for name, _ in parts], theme) | {"fixedrange": True},
        "dragmode": False,
    }
    listed = ", ".join(f"{name} {share}" for (name, _), share in zip(parts, shares, strict=True))
    return new_figure(
        theme, f"{many(total)} parameters: {listed}.", height=ROW * len(parts) + 8, traces=[bars], layout=layout
    )
