"""A heatmap with a label for each row and column; all maps use it."""

from collections.abc import Sequence

import plotly.graph_objects as go

from viz.frame import WIDTH, Part, Side, counting_axis, hidden_axis, new_figure, room, shown_axis
from viz.labels import LINE, Ticks, escaped
from viz.theme import FONT_SIZE, Theme


def grid(
    trace: go.Heatmap,
    rows: Side,
    columns: Side,
    *,
    theme: Theme,
    summary: str,
    width: int = WIDTH,
    height: int | None = None,
    rows_total: int | None = None,
    square: bool = True,
    text: Part | None = None,
    framed: Sequence[Part] = (),
    second: int | None = None,
) -> go.Figure:
    """A heatmap with the first row on top, row labels on the left and column labels on top.

    `trace` has its cells at the positions of the two sides. Positions are numbers, because equal labels on a category axis
    become one. Hover text takes its labels from an axis. Where every label is written in full, one axis for each side is enough.
    Otherwise each side has two: one with all full labels, which writes none, and one over it that writes short labels where there
    is room. Two axes take twice the time to draw, so they are used only then. `text` is a trace that prints in the cells, `framed`
    are frames around cells, and `second` is the position where a second sentence starts on both sides.
    """
    space = room(
        rows,
        columns,
        rows_total=len(rows.labels) if rows_total is None else rows_total,
        width=width,
        height=height,
        colour_bar=trace.showscale is not False,
        square=square,
    )
    if trace.showscale is not False:
        thin_colour_bar(trace, space.height - space.top - space.bottom)
    across, down = {"range": columns.range()}, {"range": rows.range(rows_total)[::-1]}
    over_x: Part = {"side": "top", "overlaying": "x", "matches": "x", "anchor": "y2"}
    over_y: Part = {"side": "left", "overlaying": "y", "matches": "y", "anchor": "x2"}
    nothing: Part = {"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip", "showlegend": False}
    full = in_full(space.rows, rows) and in_full(space.columns, columns)
    if full:
        trace.hovertemplate = quoting(trace.hovertemplate, rows, columns)
    top = shown_axis(space.columns, columns.title, theme)
    if columns.counts:
        top = counting_axis(columns.title, theme)
    axes: Part = {
        "xaxis": hidden_axis(columns) | across,
        "yaxis": hidden_axis(rows) | down,
        "xaxis2": top | across | over_x,
        "yaxis2": shown_axis(space.rows, "", theme) | down | over_y,
    }
    one_each: Part = {
        "xaxis": top | across | {"side": "top"},
        "yaxis": shown_axis(space.rows, "", theme) | down,
    }
    layout: Part = {
        "margin": {"l": space.left, "r": space.right, "t": space.top, "b": space.bottom},
        "plot_bgcolor": theme.panel,
        **(one_each if full else axes),
        "annotations": [side_title(rows.title, theme, left=space.left)] if rows.title else [],
        "shapes": [*([] if second is None else between_sentences(rows, columns, second, theme)), *framed],
    }
    return new_figure(
        theme,
        summary,
        height=round(space.height),
        width=round(space.width),
        traces=[
            trace,
            *([] if full else [nothing | {"xaxis": "x2", "yaxis": "y2"}]),
            *([] if text is None else [text]),
        ],
        layout=layout,
    )


def between_sentences(rows: Side, columns: Side, second: int, theme: Theme) -> list[Part]:
    """Thin lines where a second sentence starts."""
    line = {"color": theme.muted, "width": 1, "dash": "dot"}
    (left, right), edge = columns.range(), second - 0.5
    bottom, top = rows.range()
    return [
        {"type": "line", "x0": edge, "x1": edge, "y0": bottom, "y1": top, "line": line},
        {"type": "line", "x0": left, "x1": right, "y0": edge, "y1": edge, "line": line},
    ]


def in_full(marks: Ticks, side: Side) -> bool:
    """Whether an axis writes every label in full."""
    return marks.text == [escaped(label) for label in side.labels]


def quoting(template: str, rows: Side, columns: Side) -> str:
    """A hover template that quotes tokens, for axes with unquoted labels."""
    template = template.replace("%{y}", '"%{y}"') if rows.tokens else template
    return template.replace("%{x}", '"%{x}"') if columns.tokens else template


def side_title(title: str, theme: Theme, *, left: float) -> Part:
    """The title of the rows at the edge of the figure; Plotly's own title would move with the length of the labels."""
    return {
        "x": 0,
        "xref": "paper",
        "xshift": 11 - left,
        "xanchor": "center",
        "y": 0.5,
        "yref": "paper",
        "yanchor": "middle",
        "textangle": -90,
        "text": escaped(title),
        "showarrow": False,
        "font": {"size": FONT_SIZE, "color": theme.muted},
    }


def thin_colour_bar(trace: go.Heatmap, height: float) -> None:
    """Removes ticks that would overlap on a bar of `height` px, except both ends, and breaks a long title into two lines."""
    bar = trace.colorbar
    if len(bar.title.text) * 7 > height:
        bar.title.text = bar.title.text.replace(" ", "<br>", 1)
    if bar.tickvals is None:
        bar.nticks = min(max(int(height / 32), 3), 6)
        return
    pixels = height / (trace.zmax - trace.zmin)
    kept = [0]
    last = len(bar.tickvals) - 1
    for index in range(1, last):
        from_below = (bar.tickvals[index] - bar.tickvals[kept[-1]]) * pixels
        to_top = (bar.tickvals[last] - bar.tickvals[index]) * pixels
        if min(from_below, to_top) >= LINE:
            kept.append(index)
    kept.append(last)
    bar.tickvals = [bar.tickvals[index] for index in kept]
    bar.ticktext = [bar.ticktext[index] for index in kept]
