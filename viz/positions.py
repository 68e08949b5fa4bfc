"""Position schemes that add no vector: biases on scores, slopes, distance buckets, rotations."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import WIDTH, Floats, Part, Side, check_grid, new_figure, numbered
from viz.grid import grid
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
    first: int = 0,
    width: int = WIDTH,
) -> go.Figure:
    """The bias on one head's scores, `bias` (query, key), of ALiBi or T5; masked keys stay blank. `first` is the first position."""
    rows, columns = Side(queries, "query", first), Side(keys, "key", first)
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
    """How much each head's score falls per position of distance (ALiBi): `slopes` (heads,)."""
    summary = f"The slopes of {len(slopes)} heads, from {np.min(slopes):.3g} to {np.max(slopes):.3g} per position of distance."
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
    hide_future: bool = False,
    first: int = 0,
    width: int = WIDTH,
) -> go.Figure:
    """One head's bias for every pair, from its distance bucket (T5).

    `buckets` (query, key) are bucket numbers, `bias_per_bucket` (buckets,) is the learned bias of each; `hide_future` leaves keys
    after the query blank. `first` is the position of the first query and key.
    """
    check_grid("Buckets", buckets.astype(np.float32), queries, keys)
    if buckets.size and not (buckets.min() >= 0 and buckets.max() < len(bias_per_bucket)):
        raise ValueError(
            f"Buckets run from {buckets.min()} to {buckets.max()}, but {len(bias_per_bucket)} have a bias."
        )
    rows, columns = Side(queries, "query", first), Side(keys, "key", first)
    bias = np.array(bias_per_bucket, dtype=np.float32)[buckets]
    seen = buckets
    if hide_future:
        future = columns.positions[None, :] > rows.positions[:, None]
        bias[future] = np.nan
        seen = buckets[~future]
    trace = signed_trace(
        bias,
        rows,
        columns,
        theme=theme,
        hover="%{y} looking at %{x}: bucket %{customdata}, bias VALUE",
        title="added to the score",
        zmax=zmax,
    )
    trace.customdata = buckets
    used = len(np.unique(seen))
    total = len(bias_per_bucket)
    summary = f"The bias of {len(queries)} queries and {len(keys)} keys, which fall into {used} of {total} buckets."
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width)


def rotation_circle(
    angles: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    pair: int,
    selected: int | None = None,
    first: int = 0,
    height: int = 320,
) -> go.Figure:
    """The rotation of one pair of dimensions at each position (rotary embedding): `angles` (time,) in radians."""
    if angles.shape != (len(labels),):
        raise ValueError(f"Angles of shape {angles.shape} do not fit {len(labels)} labels.")
    names = numbered(len(labels), "position", first)
    summary = f"Pair {pair} of dimensions, rotated at {len(labels)} positions."
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


def offsets_heatmap(
    bias: Floats,
    offsets: NDArray[np.integer],
    *,
    theme: Theme,
    buckets: NDArray[np.integer] | None = None,
    width: int = WIDTH,
) -> go.Figure:
    """The bias of every head at each offset: `bias` (heads, offsets), `offsets` (offsets,) key position minus query position.

    Offsets are consecutive; `buckets` (offsets,) is the distance bucket of each (T5).
    """
    first = int(offsets[0]) if len(offsets) else 0
    rows = Side(numbered(len(bias), "head"), "", tokens=False)
    columns = Side([f"{offset:+d}" if offset else "0" for offset in offsets], "key - query", first, tokens=False)
    check_grid("Biases", bias, rows.labels, columns.labels)
    named = "" if buckets is None else ", bucket %{customdata}"
    trace = signed_trace(
        np.asarray(bias),
        rows,
        columns,
        theme=theme,
        hover=f"%{{y}}, a key %{{x}} from its query{named}: VALUE added",
        title="added to the score",
    )
    if buckets is not None:
        trace.customdata = np.broadcast_to(np.asarray(buckets), bias.shape)
    summary = f"The bias of {len(bias)} heads at {len(offsets)} distances"
    if bias.size:
        summary += f", from {np.min(bias) + 0.0:.3g} to {np.max(bias) + 0.0:.3g}"
    return grid(trace, rows, columns, theme=theme, summary=f"{summary}.", width=width, square=False)


def angles_heatmap(
    angles: Floats, labels: Sequence[str], *, theme: Theme, first: int = 0, width: int = WIDTH
) -> go.Figure:
    """The rotation of each pair of dimensions at each token: `angles` (time, pairs) in radians; `first` is the first position.

    The colour shows the angle between minus half a turn and half a turn; the hover text gives the whole angle.
    """
    rows, columns = Side(labels, first=first), Side(numbered(angles.shape[-1]), "pair of dimensions", tokens=False)
    check_grid("Angles", angles, labels, columns.labels)
    ends = np.remainder(np.asarray(angles) + np.pi, 2 * np.pi) - np.pi
    trace = signed_trace(
        ends.astype(np.float32),
        rows,
        columns,
        theme=theme,
        hover="%{y}, pair %{x}: turned by %{customdata:.4g} radians · position %{y:d}",
        title="ends at (radians)",
        zmax=float(np.pi),
    )
    trace.customdata = np.asarray(angles)
    summary = f"The angles of {angles.shape[-1]} pairs of dimensions at {len(labels)} positions."
    tall = min(22 * len(labels) + 70, 640)
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width, height=tall, square=False)


def rotation_plane(
    before: Floats, after: Floats, names: Sequence[str], colours: Sequence[str], *, theme: Theme, height: int = 320
) -> go.Figure:
    """Some vectors in the plane of one pair of dimensions: `before` rotation (n, 2) dotted, `after` it (n, 2) solid."""
    if before.shape != after.shape or before.shape != (len(names), 2) or len(colours) != len(names):
        raise ValueError(f"{len(names)} names do not fit vectors of shapes {before.shape} and {after.shape}.")
    summary = f"{' and '.join(names)} in the plane of one pair of dimensions, before and after rotation."
    figure = new_figure(theme, summary, height=height)
    for name, colour, start, end in zip(names, colours, before, after, strict=True):
        for what, vector, dash in (("before", start, "dot"), ("after", end, "solid")):
            figure.add_scatter(
                x=[0.0, float(vector[0])],
                y=[0.0, float(vector[1])],
                mode="lines+markers",
                name=f"{short(name, 16)} {what}",
                line={"color": colour, "width": 2, "dash": dash},
                marker={"size": [0, 9], "color": colour if what == "after" else theme.background, "opacity": 1}
                | {"line": {"color": colour, "width": 2}},
                hovertemplate=f"{short(name, 40)} {what} rotation: (%{{x:.4g}}, %{{y:.4g}})<extra></extra>",
            )
    reach = 1.15 * (float(np.abs(np.concatenate([before, after])).max(initial=0.0)) or 1.0)
    plain: Part = {"range": [-reach, reach], "zeroline": True, "showgrid": False, "nticks": 5}
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        margin={"l": 44, "r": 8, "t": 52, "b": 40},
        xaxis=plain | {"constrain": "domain", "title": {"text": "first of the pair"}},
        yaxis=plain | {"scaleanchor": "x"},
    )
    return figure


def distance_curve(
    scores: Floats, *, theme: Theme, at: int | None = None, name: str = "q·k", height: int = 320
) -> go.Figure:
    """The score of one query and key if they were at other distances: `scores` (distances,) from 0; `at` is the actual one."""
    summary = f"{name} of one query and one key at distances 0 to {len(scores) - 1}"
    if len(scores):
        summary += f", from {float(np.min(scores)):.3g} to {float(np.max(scores)):.3g}"
    figure = new_figure(theme, f"{summary}.", height=height)
    figure.add_scatter(
        x=np.arange(len(scores)),
        y=np.asarray(scores),
        mode="lines",
        line={"color": theme.position, "width": 2},
        hovertemplate=f"%{{x:d}} positions back: {name} %{{y:.4g}}<extra></extra>",
    )
    if at is not None and 0 <= at < len(scores):
        figure.add_scatter(
            x=[at],
            y=[float(scores[at])],
            mode="markers",
            marker={"color": theme.position, "size": 10, "line": {"color": theme.text, "width": 1.5}},
            hovertemplate=f"actual distance, %{{x:d}} back: {name} %{{y:.4g}}<extra></extra>",
        )
    figure.update_layout(
        margin={"l": 52, "r": 8, "t": 10, "b": 44},
        xaxis={"title": {"text": "positions from key to query"}, "showgrid": False, "rangemode": "tozero"},
        yaxis={"title": {"text": name}, "nticks": 5},
    )
    return figure
