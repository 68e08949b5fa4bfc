"""Attention weights: one head, one query, all heads for one query, and differences."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.cells import TEXT_UP_TO, printed, weights_text
from viz.frame import WIDTH, Floats, Side, check_grid, largest_cell, new_figure, numbered, outline, position_axis
from viz.grid import grid
from viz.labels import escaped, quoted, ticks, visible
from viz.percent import format_percent
from viz.shares import Ceiling, ShareScale, ceiling, share_trace, signed_trace
from viz.strongest import sinks, strongest
from viz.theme import TOKEN_FONT, Palette, Theme, sequential_scale

ROW_LABEL = 18  # characters of a row's label: a decoder's names two tokens
ALIGNMENT_LABELS = 104  # px for the target tokens, fixed so that a long one does not move the plot


def attention_heatmap(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    title_query: str = "query",
    title_key: str = "key",
    query_name: str = "query",
    key_name: str = "key",
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    palette: Palette = "accent",
    transposed: bool = False,
    selected: tuple[int, int] | None = None,
    hide_future: bool = False,
    values: bool | None = None,
    first_query: int = 0,
    first_key: int = 0,
    second: int | None = None,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """One head: `weights` (query, key), a row for each query, exact on hover.

    `selected` is the (query, key) to frame, `hide_future` leaves keys after the query blank, and `transposed` puts keys in
    the rows. `values` prints the weights in the cells (None: for at most 10 tokens a side). For a window into a longer text,
    `first_query` and `first_key` are the positions of the first row and column, and `selected` is in these positions too.
    `second` is the position where a second sentence starts. Cells are square at the figure's own width (in Streamlit
    `width="content"`).
    """
    check_grid("Attention weights", weights, queries, keys)
    asking = Side(queries, title_query, first_query, ROW_LABEL)
    asked = Side(keys, title_key, first_key)
    shown = np.array(weights, dtype=np.float32)
    if hide_future:
        shown[asked.positions[None, :] > asking.positions[:, None]] = np.nan
    rows, columns, q, k = (asked, asking, "x", "y") if transposed else (asking, asked, "y", "x")
    cells = np.ascontiguousarray(shown.T) if transposed else shown
    trace = share_trace(
        cells,
        rows,
        columns,
        theme=theme,
        hover=f"%{{{q}}} looks at %{{{k}}}: VALUE · {escaped(query_name)} %{{{q}:d}}, {escaped(key_name)} %{{{k}:d}}",
        scale=scale,
        zmax=zmax,
        palette=palette,
    )
    framed = []
    if selected is not None:
        across, down = selected if transposed else selected[::-1]
        framed = [outline(theme, x=(across, across), y=(down, down))]
    in_cells = max(weights.shape) <= TEXT_UP_TO if values is None else values
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=weights_summary(weights, queries, keys),
        width=width,
        height=height,
        text=printed(trace, weights_text(cells), sequential_scale(theme, palette)) if in_cells else None,
        framed=framed,
        second=second,
    )


def weights_summary(weights: Floats, queries: Sequence[str], keys: Sequence[str]) -> str:
    """The size of the matrix and its largest weight, in words."""
    size = f"Attention of {len(queries)} queries over {len(keys)} keys"
    if weights.size == 0:
        return f"{size}."
    query, key = strongest(weights)
    largest = format_percent(float(weights[query, key]))
    taken = "".join(f' "{visible(keys[sink])}" is an attention sink.' for sink in sinks(weights))
    apart = " apart from sinks" if taken else ""
    pair = f'"{visible(queries[query])}" looks at "{visible(keys[key])}"'
    return f"{size}; the largest weight{apart} is {largest}: {pair}.{taken}"


def attention_rows(
    weights_row: Floats,
    keys: Sequence[str],
    *,
    query: str,
    theme: Theme,
    zmax: Ceiling = None,
    selected: int | None = None,
    title_key: str = "key",
    width: int = WIDTH,
    height: int = 260,
) -> go.Figure:
    """One query: a bar for each key, `weights_row` (key,), in the order of the text."""
    if weights_row.shape != (len(keys),):
        raise ValueError(f"Weights of shape {weights_row.shape} do not fit {len(keys)} keys.")
    marks = ticks(keys, cell=(width - 60) / max(len(keys), 1), upright=False)
    percents = [format_percent(float(weight)) for weight in weights_row]
    summary = f'"{visible(query)}" spreads its attention over {len(keys)} keys.'
    if len(keys):
        most = int(np.argmax(weights_row))
        summary = f'"{visible(query)}" looks mostly at "{visible(keys[most])}" ({percents[most]}), of {len(keys)} keys.'
    figure = new_figure(theme, summary, height=height)
    edges = [theme.text if index == selected else theme.accent for index in range(len(keys))]
    figure.add_bar(
        x=np.arange(len(keys)),
        y=np.asarray(weights_row, dtype=np.float32),
        marker={
            "color": theme.accent,
            "line": {"color": edges, "width": [2 * (index == selected) for index in range(len(keys))]},
        },
        text=percents if len(keys) <= TEXT_UP_TO else None,
        textposition="outside",
        textfont={"family": TOKEN_FONT, "size": 11, "color": theme.text},
        cliponaxis=False,
        hovertext=[quoted(key) for key in keys],
        hovertemplate=f"{quoted(query)} looks at %{{hovertext}}: %{{y:.3p}} (%{{y:.4g}}) · key %{{x:d}}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.25,
        margin={"l": 52, "r": 8, "t": 20, "b": marks.extent + 30},
        xaxis=position_axis(marks, len(keys), theme) | {"title": {"text": escaped(title_key) if title_key else ""}},
        yaxis={"range": [0, ceiling(weights_row, zmax)], "tickformat": ".0%", "nticks": 5},
    )
    return figure


def heads_by_key(
    weights: Floats,
    keys: Sequence[str],
    *,
    theme: Theme,
    query: str,
    names: Sequence[str] | None = None,
    verb: str = "looks at",
    title_key: str = "key",
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    palette: Palette = "accent",
    selected: int | None = None,
    first: int = 0,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """One query in several heads: `weights` (heads, key), a row for each head; `selected` is the row to frame, `first` the
    position of the first key.

    `names` names the rows, unless they are the heads of one layer in order.
    """
    rows = Side(numbered(len(weights), "head") if names is None else names, tokens=False)
    columns = Side(keys, title_key, first)
    check_grid("Attention weights", weights, rows.labels, keys)
    cells = np.array(weights, dtype=np.float32)
    trace = share_trace(
        cells,
        rows,
        columns,
        theme=theme,
        hover=f"%{{y}}: {quoted(query)} {verb} %{{x}}: VALUE · key %{{x:d}}",
        scale=scale,
        zmax=zmax,
        palette=palette,
    )
    summary = f'Attention of {len(weights)} heads for "{visible(query)}" over {len(keys)} keys.'
    if weights.size:
        head, key = largest_cell(weights)
        largest = format_percent(float(weights[head, key]))
        who = f'"{visible(keys[key])}" ({largest})'
        summary = f'For "{visible(query)}", {rows.labels[head]} of {len(weights)} {verb} most {who}.'
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=summary,
        width=width,
        height=height,
        square=False,
        text=printed(trace, weights_text(cells), sequential_scale(theme, palette))
        if max(cells.shape) <= TEXT_UP_TO
        else None,
        framed=[] if selected is None else [outline(theme, x=(first, first + len(keys) - 1), y=(selected, selected))],
    )


def alignment(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    rows_total: int,
    verb: str = "looks at",
    title_query: str = "written",
    title_key: str = "read",
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    palette: Palette = "accent",
    latest: bool = True,
    first_key: int = 0,
    width: int = WIDTH,
    height: int = 320,
) -> go.Figure:
    """`weights` (query, key) of the tokens generated so far, in a figure with the size of `rows_total` rows.

    Later rows are blank; `latest` frames the newest one. With more rows than `rows_total` the cells become lower.
    """
    rows = Side(queries, title_query, width=ALIGNMENT_LABELS)
    columns = Side(keys, title_key, first_key)
    check_grid("Attention weights", weights, queries, keys)
    trace = share_trace(
        np.array(weights, dtype=np.float32),
        rows,
        columns,
        theme=theme,
        hover=f"%{{y}} {verb} %{{x}}: VALUE · query %{{y:d}}, key %{{x:d}}",
        scale=scale,
        zmax=zmax,
        palette=palette,
    )
    total = max(rows_total, len(queries), 1)
    summary = f"{len(queries)} of {total} rows written. {weights_summary(weights, queries, keys)}"
    framed = []
    if latest and len(queries):
        newest = len(queries) - 1
        framed = [outline(theme, x=(first_key, first_key + len(keys) - 1), y=(newest, newest), colour=theme.query)]
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=summary,
        width=width,
        height=height,
        rows_total=total,
        square=False,
        framed=framed,
    )


def difference_heatmap(
    difference: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    title_query: str = "query",
    title_key: str = "key",
    name: str = "difference in weight",
    zmax: float | None = None,
    first_query: int = 0,
    first_key: int = 0,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """`difference` (query, key) around zero, for example with an edit minus without it."""
    check_grid("Differences", difference, queries, keys)
    rows, columns = Side(queries, title_query, first_query, ROW_LABEL), Side(keys, title_key, first_key)
    trace = signed_trace(
        np.array(difference, dtype=np.float32),
        rows,
        columns,
        theme=theme,
        hover="%{y} looking at %{x}: VALUE · query %{y:d}, key %{x:d}",
        title=name,
        zmax=zmax,
    )
    summary = difference_summary(difference, queries, keys, name)
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width, height=height)


def difference_summary(difference: Floats, queries: Sequence[str], keys: Sequence[str], name: str) -> str:
    """The size of the map and its largest difference, in words."""
    if not difference.size or not np.isfinite(difference).any():
        return f"{name.capitalize()} for {len(queries)} queries and {len(keys)} keys."
    query, key = largest_cell(np.abs(difference))
    return (
        f"{name.capitalize()}: the largest is {difference[query, key]:+.3g}, "
        f'"{visible(queries[query])}" looking at "{visible(keys[key])}".'
    )
