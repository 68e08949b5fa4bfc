"""How a model knows order without adding a vector: biases on scores, slopes, distance buckets, rotations."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import WIDTH, Floats, Side, check_grid, grid, new_figure, numbered
from viz.labels import quoted, short, visible
from viz.shares import signed_trace
from viz.theme import TOKEN_FONT, Theme


def bias_heatmap(
    bias: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    zmax: float | None = None,
    width: int = WIDTH,
) -> go.Figure:
    """What is added to one head's scores, `bias` (query, key), as ALiBi and T5 do; keys out of sight stay blank."""
    rows, columns = Side(queries, "query"), Side(keys, "key")
    check_grid("Biases", bias, queries, keys)
    trace = signed_trace(
        np.asarray(bias),
        rows,
        columns,
        theme=theme,
        hover="%{y} looking at %{x}: bias VALUE · query %{y:d}, key %{x:d}",
        title="added to the score",
        zmax=zmax,
    )
    finite = bias[np.isfinite(bias)]
    span = f"from {finite.min() + 0.0:.3g} to {finite.max() + 0.0:.3g}" if finite.size else "none of it finite"
    summary = f"The bias on scores of {len(queries)} queries and {len(keys)} keys, {span}."
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width)


def slopes_chart(slopes: Floats, *, theme: Theme, height: int = 220) -> go.Figure:
    """How much each head's score falls for each step of distance (ALiBi): `slopes` (heads,)."""
    summary = (
        f"The slopes of {len(slopes)} heads, from {np.min(slopes):.3g} to {np.max(slopes):.3g} a step of distance."
    )
    figure = new_figure(theme, summary, height=height)
    figure.add_bar(
        x=np.arange(len(slopes)),
        y=np.asarray(slopes),
        marker={"color": theme.position, "opacity": 0.85},
        text=[f"{slope:.3g}" for slope in slopes] if len(slopes) <= 16 else None,
        textposition="outside",
        textfont={"family": TOKEN_FONT, "size": 11, "color": theme.text},
        cliponaxis=False,
        hovertemplate="head %{x:d}: slope %{y:.5g}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.3,
        margin={"l": 52, "r": 8, "t": 20, "b": 42},
        xaxis={"title": {"text": "head"}, "dtick": 1 if len(slopes) <= 32 else 8, "showgrid": False},
        yaxis={"title": {"text": "slope"}, "nticks": 5},
    )
    return figure


def bucket_heatmap(
    buckets: NDArray[np.integer],
    bias_per_bucket: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    zmax: float | None = None,
    width: int = WIDTH,
) -> go.Figure:
    """One head's bias for every pair through its distance bucket (T5).

    `buckets` (query, key) are numbers of buckets, `bias_per_bucket` (buckets,) the learned bias of each.
    """
    check_grid("Buckets", buckets.astype(np.float32), queries, keys)
    if buckets.size and not (buckets.min() >= 0 and buckets.max() < len(bias_per_bucket)):
        raise ValueError(
            f"Buckets run from {buckets.min()} to {buckets.max()}, but {len(bias_per_bucket)} have a bias."
        )
    rows, columns = Side(queries, "query"), Side(keys, "key")
    trace = signed_trace(
        np.asarray(bias_per_bucket)[buckets],
        rows,
        columns,
        theme=theme,
        hover="%{y} looking at %{x}: bucket %{customdata}, bias VALUE",
        title="added to the score",
        zmax=zmax,
    )
    trace.customdata = buckets
    used = len(np.unique(buckets))
    total = len(bias_per_bucket)
    summary = f"The bias of {len(queries)} queries and {len(keys)} keys, which fall into {used} of {total} buckets."
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width)


def rotation_circle(
    angles: Floats, labels: Sequence[str], *, theme: Theme, pair: int, selected: int | None = None, height: int = 320
) -> go.Figure:
    """Where a rotary embedding turns one pair of dimensions at each position: `angles` (time,) in radians."""
    if angles.shape != (len(labels),):
        raise ValueError(f"Angles of shape {angles.shape} do not fit {len(labels)} labels.")
    names = numbered(len(labels), "position")
    summary = f"Pair {pair} of dimensions, turned at {len(labels)} positions."
    if len(labels):
        summary = f'{summary[:-1]}, by {float(angles[-1]):.3g} radians at the last one, "{visible(labels[-1])}".'
    figure = new_figure(theme, summary, height=height)
    turn = np.linspace(0, 2 * np.pi, 121)
    figure.add_scatter(
        x=np.cos(turn), y=np.sin(turn), mode="lines", line={"color": theme.border, "width": 1}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=np.cos(angles),
        y=np.sin(angles),
        mode="markers+text" if len(labels) <= 16 else "markers",
        text=[short(label, 10) for label in labels],
        textposition=["middle right" if np.cos(angle) >= 0 else "middle left" for angle in angles],
        textfont={"family": TOKEN_FONT, "size": 11, "color": theme.text},
        marker={
            "color": theme.position,
            "size": [14 if index == selected else 9 for index in range(len(labels))],
            "opacity": np.linspace(0.35, 1, max(len(labels), 1))[: len(labels)],
            "line": {"width": 1, "color": theme.background},
        },
        customdata=np.asarray(angles),
        hovertext=[f"{quoted(label)}, {name}" for label, name in zip(labels, names, strict=True)],
        hovertemplate="%{hovertext}: turned by %{customdata:.4g} radians<extra></extra>",
    )
    plain = {"visible": False, "range": [-1.25, 1.25]}
    figure.update_layout(xaxis=plain | {"constrain": "domain"}, yaxis=plain | {"scaleanchor": "x"})
    return figure
