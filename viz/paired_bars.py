"""Two or more distributions over the same tokens, as bars side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import WIDTH, Floats, new_figure, position_axis
from viz.labels import quoted, ticks, visible
from viz.percent import format_percent
from viz.theme import Theme


def paired_bars(
    labels: Sequence[str],
    shares: Mapping[str, Floats],
    *,
    theme: Theme,
    said: str,
    width: int = WIDTH,
    height: int = 300,
) -> go.Figure:
    """A group of bars for each token, one for each of the named `shares` (token,); `said` begins the description."""
    wrong = [name for name, values in shares.items() if values.shape != (len(labels),)]
    if wrong or not shares:
        raise ValueError(f"{len(labels)} tokens do not fit the shares of {', '.join(wrong) or 'nothing'}.")
    marks = ticks(labels, cell=(width - 60) / max(len(labels), 1), upright=False)
    bars = [
        go.Bar(
            x=np.arange(len(labels)),
            y=np.asarray(values, dtype=np.float32),
            name=name,
            marker={"color": colour},
            hovertext=[quoted(label) for label in labels],
            hovertemplate=f"%{{hovertext}}: {name} %{{y:.2%}} (%{{y:.4g}}) · key %{{x:d}}<extra></extra>",
        )
        for (name, values), colour in zip(shares.items(), theme.series, strict=False)
    ]
    most = [
        f'{name} is largest for "{visible(labels[int(values.argmax())])}" ({format_percent(float(values.max()))})'
        for name, values in shares.items()
        if len(labels)
    ]
    return new_figure(
        theme,
        f"{said}: {'; '.join(most)}.",
        height=height,
        width=width,
        traces=bars,
        layout={
            "bargap": 0.25,
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "margin": {"l": 48, "r": 8, "t": 28, "b": marks.extent + 12},
            "xaxis": position_axis(marks, len(labels), theme),
            "yaxis": {"tickformat": ".0%", "nticks": 5, "rangemode": "tozero"},
        },
    )
