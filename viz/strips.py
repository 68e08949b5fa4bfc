"""Small figures for the overview, one for each stage of the model, without axes that are not needed."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.attention import weights_summary
from viz.frame import WIDTH, Floats, Side, check_grid, label_axis, new_figure, numbered
from viz.grid import grid
from viz.labels import escaped, quoted, short, ticks, visible
from viz.percent import format_percent
from viz.shares import Ceiling, colour_bar, share_trace, signed_trace
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme, sequential_scale

LOW, MIDDLE, HIGH = 120, 160, 220  # px, the heights of strips
MOST_PIECES = 24
TITLE_ROOM = 28  # px for the two titles of logits_strip


def ids_strip(
    labels: Sequence[str], ids: Sequence[int], *, theme: Theme, width: int = WIDTH, height: int = LOW
) -> go.Figure:
    """Each piece with its vocabulary id below it; the number of pieces that do not fit is written at the end."""
    if len(labels) != len(ids):
        raise ValueError(f"{len(labels)} pieces and {len(ids)} ids do not belong together.")
    summary = f"{len(labels)} pieces and their ids: " + ", ".join(
        f'"{visible(label)}" {token}' for label, token in zip(labels[:MOST_PIECES], ids, strict=False)
    )
    more = len(labels) - MOST_PIECES
    figure = new_figure(theme, summary + (f" and {more} more." if more > 0 else "."), height=height)
    shown = list(zip(labels, ids, strict=True))[:MOST_PIECES]
    turned = len(shown) > 10
    limit = 7 if turned else max(int(width / max(len(shown), 8) / 7.2) - 1, 4)
    texts = [short(label, limit) for label, _ in shown] + ([f"+ {more} more"] if more > 0 else [])
    numbers = [str(token) for _, token in shown] + ([""] if more > 0 else [])
    count = len(texts)
    for index, (text, number) in enumerate(zip(texts, numbers, strict=True)):
        for y, words, colour in ((1.0, text, theme.text), (0.0, number, theme.muted)):
            figure.add_annotation(
                x=index,
                y=y,
                text=words,
                showarrow=False,
                textangle=-60 if turned else 0,
                font={"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": colour},
            )
    figure.add_scatter(
        x=np.arange(len(shown)),
        y=np.full(len(shown), 0.5),
        mode="markers",
        marker={"size": 24, "opacity": 0, "color": theme.accent},
        hovertext=[quoted(label) for label, _ in shown],
        customdata=np.array([token for _, token in shown], dtype=np.int64),
        hovertemplate="%{hovertext} has id %{customdata} · position %{x:d}<extra></extra>",
    )
    plain = {"visible": False, "fixedrange": True}
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 6, "b": 6},
        xaxis=plain | {"range": [-0.5, max(count, 8) - 0.5]},
        yaxis=plain | {"range": [-0.7, 1.7]},
    )
    return figure


def vector_strip(
    values: Floats, labels: Sequence[str], *, theme: Theme, name: str, zmax: float | None = None, height: int = MIDDLE
) -> go.Figure:
    """Vectors (time, d_model) as thin rows, without a colour bar and without numbers for the dimensions."""
    rows = Side(labels, limit=12, width=96)
    columns = Side(numbered(values.shape[-1]), tokens=False)
    check_grid("Vectors", values, labels, columns.labels)
    trace = signed_trace(
        np.asarray(values),
        rows,
        columns,
        theme=theme,
        hover="%{y}, dimension %{x:d}: VALUE",
        title=escaped(name),
        zmax=zmax,
        show_bar=False,
    )
    summary = f"{name.capitalize()} of {len(labels)} tokens, {values.shape[1]} numbers each."
    figure = grid(trace, rows, columns, theme=theme, summary=summary, height=height, square=False)
    bare = {"showticklabels": False}
    figure.update_layout(margin={"t": 4, "b": 4, "r": 8}, xaxis=bare, xaxis2=bare)
    return figure


def attention_small(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    zmax: Ceiling = "own",
    height: int = HIGH,
) -> go.Figure:
    """One head at a small size, without a colour bar: `weights` (query, key), exact on hover."""
    rows, columns = Side(queries, limit=10), Side(keys, limit=10)
    check_grid("Attention weights", weights, queries, keys)
    trace = share_trace(
        np.array(weights, dtype=np.float32),
        rows,
        columns,
        theme=theme,
        hover="%{y} looks at %{x}: VALUE · query %{y:d}, key %{x:d}",
        zmax=zmax,
        show_bar=False,
    )
    summary = weights_summary(weights, queries, keys)
    return grid(trace, rows, columns, theme=theme, summary=summary, width=360, height=height, square=False)


def stream_norms(norms: Floats, labels: Sequence[str], *, theme: Theme, height: int = HIGH) -> go.Figure:
    """The norm of the residual stream at each layer and token: `norms` (layers + 1, time), the input of layer 0 first."""
    names = [f"into layer {layer}" for layer in range(max(len(norms) - 1, 0))] + ["out"] * (len(norms) > 0)
    rows, columns = Side(names, tokens=False), Side(labels, limit=12)
    check_grid("Norms", norms, names, labels)
    top = float(np.nanmax(norms, initial=0.0)) or 1.0
    trace = share_trace(
        np.asarray(norms),
        rows,
        columns,
        theme=theme,
        hover="%{x}, %{y}: length VALUE · position %{x:d}",
        zmax=top,
        colours=sequential_scale(theme),
        title="L2 norm",
    )
    trace.colorbar = colour_bar(theme, "L2 norm")
    trace.hovertemplate = "%{x}, %{y}: length %{z:.4g} · position %{x:d}<extra></extra>"
    summary = f"The L2 norm of the residual stream for {len(labels)} tokens at {len(names)} depths, up to {top:.3g}."
    return grid(trace, rows, columns, theme=theme, summary=summary, height=height, square=False)


def logits_strip(
    labels: Sequence[str], logits: Floats, probabilities: Floats, *, theme: Theme, height: int = HIGH
) -> go.Figure:
    """The top tokens with their logits on the left and their probabilities on the right, sorted by probability."""
    if not len(labels) == len(logits) == len(probabilities):
        raise ValueError(
            f"{len(labels)} tokens, {len(logits)} logits and {len(probabilities)} probabilities do not fit."
        )
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    names = [labels[index] for index in order]
    summary = "No candidates."
    if names:
        best = order[0]
        percent = format_percent(float(probabilities[best]))
        summary = (
            f'"{visible(names[0])}" has the largest logit, {logits[best]:.2f}; after the softmax it has {percent}.'
        )
    figure = new_figure(theme, summary, height=height)
    hover, y = [quoted(name) for name in names], np.arange(len(names))
    figure.add_bar(
        x=np.asarray(logits)[order],
        y=y,
        orientation="h",
        marker={"color": theme.muted, "opacity": 0.7},
        text=[f"{logits[index]:.2f}" for index in order],
        hovertext=hover,
        hovertemplate="%{hovertext}: logit %{x:.4f}<extra></extra>",
    )
    figure.add_bar(
        x=np.asarray(probabilities)[order],
        y=y,
        orientation="h",
        xaxis="x2",
        marker={"color": theme.probability, "opacity": 0.85},
        text=[format_percent(float(probabilities[index])) for index in order],
        hovertext=hover,
        hovertemplate="%{hovertext}: %{text} (%{x:.4g})<extra></extra>",
    )
    figure.update_traces(
        textposition="outside", textfont={"family": TOKEN_FONT, "size": 11, "color": theme.text}, cliponaxis=False
    )
    low, high = float(min([0.0, *logits])), float(max([1e-6, *logits]))
    side = {"showticklabels": False, "showgrid": False, "side": "top"}
    marks = ticks(names, cell=100, upright=True, limit=14)
    figure.update_layout(
        bargap=0.3,
        margin={"l": max(marks.extent + 6, 60), "r": 60, "t": TITLE_ROOM, "b": 4},
        xaxis=side | {"domain": [0, 0.42], "range": [low, high], "title": {"text": "logit"}},
        xaxis2=side | {"domain": [0.58, 1], "range": [0, 1], "title": {"text": "softmax → probability"}, "anchor": "y"},
        yaxis=label_axis([short(name, 14) for name in names], theme),
    )
    return figure
