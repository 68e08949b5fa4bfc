"""Small figures for the overview, one for each stage of the model, without axes that are not needed.

A long text is pooled: a cell then stands for a block of tokens, which is named on hover.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.attention import weights_summary
from viz.frame import WIDTH, Floats, Side, check_grid, gap, label_axis, new_figure, numbered
from viz.grid import grid
from viz.labels import escaped, quoted, short, ticks, visible
from viz.percent import format_percent
from viz.shares import Bar, Ceiling, colour_bar, share_trace, signed_trace
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme, sequential_scale
from viz.windows import edges, furthest, pooled, spans

LOW, MIDDLE, HIGH = 120, 160, 220  # px, the heights of strips
MOST_PIECES = 24
TITLE_ROOM = 28  # px for the two titles of logits_strip
NUMBER_SHARE = 0.35  # of the axis of logits, for a number such as -12.34
ROW, DENSE_ROW, SMALL_TYPE = 16, 8, 8  # px a row with a label in the usual type, in small type, and that type
TALLEST, LONG = 430, 200  # px for rows that all have a label, and for more of them than that
COLUMN_LABELS = 100  # px above the rows
MASSIVE = 10.0  # times the median: one such norm leaves the others without colour


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


@dataclass(frozen=True, eq=False)
class Blocks:
    """One side of a map: its tokens, or blocks of them where there are more than MOST_CELLS."""

    side: Side
    edges: NDArray[np.intp]

    @property
    def pooled(self) -> bool:
        return len(self.edges) - 1 < int(self.edges[-1])


def blocks(labels: Sequence[str], limit: int, width: int | None = None, *, tokens: bool = True) -> Blocks:
    """A side in blocks of one, or of as many as are needed."""
    marks = edges(0, len(labels))
    if len(marks) - 1 == len(labels):
        return Blocks(Side(labels, limit=limit, width=width, tokens=tokens), marks)
    return Blocks(Side(spans(marks, labels), limit=limit, width=width, tokens=False), marks)


def row_height(rows: Side, tallest: int) -> int:
    """Pixels a row at which every row has its label, in small type if need be; 0 where `tallest` has no room for that."""
    fitting = (each for each in (ROW, DENSE_ROW) if len(rows.labels) * each <= tallest)
    return next(fitting, 0)


def rows_height(rows: Side, least: int, tallest: int, around: int = 8) -> int:
    """The height of a figure; `around` is what stands above and below the rows."""
    each = row_height(rows, tallest)
    return max(least, (len(rows.labels) * each if each else LONG) + around)


def label_every_row(figure: go.Figure, rows: Side, tallest: int) -> go.Figure:
    """Writes all labels of rows where they fit, in small type where the usual type has no room for all."""
    if each := row_height(rows, tallest):
        texts = [short(label, rows.limit) for label in rows.labels]
        every: dict[str, object] = {"tickvals": rows.positions.tolist(), "ticktext": texts}
        if each == DENSE_ROW:
            every["tickfont"] = {"size": SMALL_TYPE}
        figure.update_layout({"yaxis2" if "yaxis2" in figure.layout else "yaxis": every})
    return figure


def vector_strip(
    values: Floats, labels: Sequence[str], *, theme: Theme, name: str, zmax: float | None = None, tallest: int = TALLEST
) -> go.Figure:
    """Vectors (time, d_model) as thin rows, without a colour bar and without numbers for the dimensions.

    Of a block of tokens or dimensions the value furthest from zero is shown. Every row has its label where the rows fit
    into `tallest` px.
    """
    rows, columns = blocks(labels, 12, 96), blocks(numbered(values.shape[-1]), 12, tokens=False)
    check_grid("Vectors", values, labels, numbered(values.shape[-1]))
    each = rows.pooled or columns.pooled
    trace = signed_trace(
        np.asarray(furthest(values, rows.edges, columns.edges) if each else values),
        rows.side,
        columns.side,
        theme=theme,
        hover="%{y}, dimension %{x}: VALUE" if each else "%{y}, dimension %{x:d}: VALUE",
        title=escaped(name),
        zmax=zmax,
        show_bar=False,
    )
    summary = f"{name.capitalize()} of {len(labels)} tokens, {values.shape[1]} numbers each."
    tall = rows_height(rows.side, MIDDLE, tallest)
    figure = grid(trace, rows.side, columns.side, theme=theme, summary=summary, height=tall, square=False)
    bare = {"showticklabels": False}
    figure.update_layout(margin={"t": 4, "b": 4, "r": 8}, xaxis=bare, xaxis2=bare)
    return label_every_row(figure, rows.side, tallest)


def attention_small(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    zmax: Ceiling = "own",
    height: int | None = None,
    width: int = 360,
    tallest: int = TALLEST,
) -> go.Figure:
    """One head at a small size, without a colour bar: `weights` (query, key), exact on hover; of a block the largest weight.

    Without `height` every row has its label where the rows fit into `tallest` px.
    """
    rows, columns = blocks(queries, 10), blocks(keys, 10)
    check_grid("Attention weights", weights, queries, keys)
    each = rows.pooled or columns.pooled
    trace = share_trace(
        np.array(pooled(weights, rows.edges, columns.edges) if each else weights, dtype=np.float32),
        rows.side,
        columns.side,
        theme=theme,
        hover="queries %{y}<br>keys %{x}<br>largest weight VALUE"
        if each
        else "%{y} attends to %{x}: VALUE · query %{y:d}, key %{x:d}",
        zmax=zmax,
        show_bar=False,
    )
    summary = weights_summary(weights, queries, keys)
    tall = rows_height(rows.side, HIGH, tallest, COLUMN_LABELS) if height is None else height
    figure = grid(trace, rows.side, columns.side, theme=theme, summary=summary, width=width, height=tall, square=False)
    return figure if height is not None else label_every_row(figure, rows.side, tallest)


def stream_norms(norms: Floats, labels: Sequence[str], *, theme: Theme) -> go.Figure:
    """The norm of the residual stream at each layer and token: `norms` (layers + 1, time), the input of layer 0 first.

    The colours are logarithmic where the largest norm would leave the others without colour. Of a block of tokens the largest
    norm is shown.
    """
    names = [f"into layer {layer}" for layer in range(max(len(norms) - 1, 0))] + ["out"] * (len(norms) > 0)
    rows, columns = Side(names, tokens=False), blocks(labels, 12)
    check_grid("Norms", norms, names, labels)
    shown = pooled(norms, np.arange(len(norms) + 1), columns.edges) if columns.pooled else np.asarray(norms)
    top = float(np.nanmax(norms, initial=0.0)) or 1.0
    place = "%{x}, %{y}" if columns.pooled else "%{x}, %{y}: position %{x:d}"
    if logarithmic(norms):
        trace = log_norms(shown, rows, columns.side, theme)
        trace.hovertemplate = f"{place} · length %{{customdata:.4g}}<extra></extra>"
    else:
        trace = share_trace(shown, rows, columns.side, theme=theme, hover="", zmax=top, colours=sequential_scale(theme))
        trace.colorbar = colour_bar(theme, "L2 norm")
        trace.hovertemplate = f"{place} · length %{{z:.4g}}<extra></extra>"
    summary = f"The L2 norm of the residual stream for {len(labels)} tokens at {len(names)} depths, up to {top:.3g}."
    tall = rows_height(rows, HIGH, TALLEST, COLUMN_LABELS)
    return grid(trace, rows, columns.side, theme=theme, summary=summary, height=tall, square=False)


def logarithmic(norms: Floats) -> bool:
    """Whether one norm is so large that a linear scale shows the others as one colour."""
    finite = norms[np.isfinite(norms) & (norms > 0)]
    return finite.size > 0 and float(finite.max()) > MASSIVE * float(np.median(finite))


def log_norms(norms: Floats, rows: Side, columns: Side, theme: Theme) -> go.Heatmap:
    """Norms as `z` = log10 and exact in `customdata`; the colour bar is marked at powers of ten and at both ends."""
    finite = norms[np.isfinite(norms) & (norms > 0)]
    low, high = float(np.log10(finite.min())), float(np.log10(finite.max()))
    tens = [float(ten) for ten in range(int(np.ceil(low)), int(np.floor(high)) + 1)]
    inside = [ten for ten in tens if min(ten - low, high - ten) > 0.15 * (high - low)]
    marks = Bar([low, *inside, high], [f"{10**at:,.3g}" for at in (low, *inside, high)], low, high)
    return go.Heatmap(
        z=np.log10(np.where(norms > 0, norms, np.nan)),
        customdata=norms,
        x=columns.positions,
        y=rows.positions,
        zmin=low,
        zmax=high,
        colorscale=sequential_scale(theme),
        colorbar=colour_bar(theme, "L2 norm (log)", marks),
        hoverongaps=False,
        xgap=gap(*norms.shape),
        ygap=gap(*norms.shape),
    )


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
    low, high = room_for_numbers(logits)
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


def room_for_numbers(logits: Floats) -> tuple[float, float]:
    """The range of the axis of logits, with room for the numbers printed beyond the end of each bar, on either side of zero."""
    low, high = float(min([0.0, *logits])), float(max([1e-6, *logits]))
    beyond = NUMBER_SHARE * (high - low)
    return (low - beyond if low < 0 else 0.0), high
