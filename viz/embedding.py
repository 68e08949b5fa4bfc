"""Vectors before the first layer: embeddings, positions, and their sum."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import (
    TITLE,
    WIDTH,
    Floats,
    Side,
    check_grid,
    counting_axis,
    hidden_axis,
    new_figure,
    numbered,
    shown_axis,
)
from viz.grid import grid
from viz.labels import escaped, ticks
from viz.shares import colour_bar, largest_size, signed_trace
from viz.theme import Theme, diverging_scale


def vectors_heatmap(
    values: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    name: str,
    zmax: float | None = None,
    tokens: bool = True,
    first: int = 0,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """A row for each vector, `values` (time, d_model), coloured around zero; `name` says what they are, such as "embedding"."""
    rows, columns = Side(labels, "", first, tokens=tokens), _dimensions(values)
    check_grid("Vectors", values, labels, columns.labels)
    trace = signed_trace(
        np.asarray(values),
        rows,
        columns,
        theme=theme,
        hover="%{y}, dimension %{x:d}: VALUE · position %{y:d}",
        title=escaped(name),
        zmax=zmax,
    )
    summary = f"{name.capitalize()} of {len(labels)} tokens, {values.shape[1]} numbers each, {_extremes(values)}."
    tall = min(22 * len(labels) + 70, 640) if height is None else height
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width, height=tall, square=False)


def _dimensions(values: Floats) -> Side:
    return Side(numbered(values.shape[-1]), "dimension", tokens=False, counts=True)


def _extremes(values: Floats) -> str:
    if values.size == 0:
        return "none of them recorded"
    return f"from {float(np.nanmin(values)):.3g} to {float(np.nanmax(values)):.3g}"


def sum_of_parts(
    embedding: Floats,
    position: Floats | None,
    total: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    segment: Floats | None = None,
    total_name: str = "= what enters the first layer",
    row_height: float = 16,
    first: int = 0,
) -> go.Figure:
    """Embedding plus position equals their sum: panels above each other with the same colours, each (time, d_model).

    `position` is None where the position scheme adds nothing to the embedding, `segment` where the model has no segment
    embeddings. `first` is the position of the first row, where the rows are a page of a long text.
    """
    parts = [("embedding", embedding), ("= " + total_name.removeprefix("= "), total)]
    if position is not None:
        parts.insert(1, ("+ position", position))
    if segment is not None:
        parts.insert(-1, ("+ segment", segment))
    rows, columns = Side(labels, first=first), _dimensions(embedding)
    for name, values in parts:
        check_grid(f"Values of '{name}'", values, labels, columns.labels)
    top = largest_size(np.concatenate([values.ravel() for _, values in parts]))
    panel, between = max(row_height * len(labels), 24.0), 28.0
    left_marks = ticks(labels, cell=row_height, upright=True)
    height = len(parts) * (panel + between) + TITLE + 26
    *some, last = [name.strip("=+ ") for name, _ in parts]
    summary = f"{', '.join(some).capitalize()} and {last}, for {len(labels)} tokens; the sum runs {_extremes(total)}."
    figure = new_figure(theme, summary, height=round(height))
    inner = height - TITLE - 26
    for index, (name, values) in enumerate(parts):
        high = 1 - (index * (panel + between) + between) / inner
        _panel(
            figure,
            theme,
            index,
            values,
            rows,
            columns,
            name,
            domain=(high - panel / inner, high),
            row_height=row_height,
        )
    bottom = len(parts)
    figure.update_layout(
        margin={"l": left_marks.extent + 4, "r": 76, "t": 0, "b": TITLE + 26},
        coloraxis={
            "cmin": -top,
            "cmax": top,
            "colorscale": diverging_scale(theme),
            "colorbar": colour_bar(theme, "value"),
        },
        plot_bgcolor=theme.panel,
    )
    figure.layout[f"xaxis{bottom}"].update(counting_axis(columns.title, theme) | {"showticklabels": True})
    return figure


def _panel(
    figure: go.Figure,
    theme: Theme,
    index: int,
    values: Floats,
    rows: Side,
    columns: Side,
    name: str,
    *,
    domain: tuple[float, float],
    row_height: float,
) -> None:
    """One of the stacked heatmaps; the axis with short labels lies over the axis with the full labels for hover."""
    number, over = index + 1, index + 11
    low, high = max(domain[0], 0.0), min(domain[1], 1.0)
    figure.add_heatmap(
        z=np.asarray(values),
        x=columns.positions,
        y=rows.positions,
        coloraxis="coloraxis",
        xaxis=f"x{number}" if index else "x",
        yaxis=f"y{number}" if index else "y",
        hovertemplate=f"%{{y}}, {name.strip('=+ ')}, dimension %{{x:d}}: %{{z:.4g}}<extra></extra>",
    )
    figure.add_scatter(
        x=[None], y=[None], xaxis=f"x{number}" if index else "x", yaxis=f"y{over}", hoverinfo="skip", showlegend=False
    )
    marks = ticks(rows.labels, cell=row_height, upright=True, first=rows.first)
    own, down = ("y" if index == 0 else f"y{number}"), rows.range()[::-1]
    figure.update_layout(
        {
            f"xaxis{number}": {"showticklabels": False, "showgrid": False, "range": columns.range(), "anchor": own}
            | ({} if index == 0 else {"matches": "x"}),
            f"yaxis{number}": hidden_axis(rows) | {"range": down, "domain": [low, high]},
            f"yaxis{over}": shown_axis(marks, "", theme)
            | {
                "range": down,
                "overlaying": own,
                "matches": own,
                "side": "left",
                "anchor": "x" if index == 0 else f"x{number}",
            },
        }
    )
    figure.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=high,
        yref="paper",
        yanchor="bottom",
        text=escaped(name),
        showarrow=False,
        font={"color": theme.muted},
    )


def waves(
    table: Floats,
    dims: Sequence[int],
    *,
    theme: Theme,
    selected: int | None = None,
    first: int = 0,
    height: int = 280,
) -> go.Figure:
    """A line for each of a few dimensions of a table (positions, d_model): the sinusoids of Vaswani et al. (2017).

    `first` is the position of the first row.
    """
    for dim in dims:
        if not 0 <= dim < table.shape[1]:
            raise ValueError(f"There is no dimension {dim}; the table has {table.shape[1]}.")
    summary = f"Dimensions {', '.join(map(str, dims))} of {table.shape[1]} over {table.shape[0]} positions, as waves."
    figure = new_figure(theme, summary, height=height)
    for index, dim in enumerate(dims):
        figure.add_scatter(
            x=np.arange(first, first + table.shape[0]),
            y=np.ascontiguousarray(table[:, dim]),
            mode="lines",
            name=f"dimension {dim}",
            line={"color": theme.series[index % len(theme.series)], "width": 2},
            hovertemplate=f"dimension {dim} at position %{{x:d}}: %{{y:.4f}}<extra></extra>",
        )
    if selected is not None:
        figure.add_vline(x=selected, line={"color": theme.text, "width": 1, "dash": "dot"})
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "entrywidth": 100},
        margin={"l": 48, "r": 8, "t": 52, "b": 44},
        xaxis={"title": {"text": "position"}, "showgrid": False},
        yaxis={"title": {"text": "value"}, "nticks": 5},
    )
    return figure


def position_table_heatmap(
    table: Floats,
    *,
    theme: Theme,
    name: str = "position",
    zmax: float | None = None,
    first: int = 0,
    width: int = WIDTH,
    height: int = 360,
) -> go.Figure:
    """A table of positions (positions, d_model), from `first` on: sinusoids or learned vectors, a row for each position."""
    rows = Side(numbered(table.shape[0], first=first), "position", first, tokens=False)
    columns = _dimensions(table)
    trace = signed_trace(
        np.asarray(table),
        rows,
        columns,
        theme=theme,
        hover="position %{y:d}, dimension %{x:d}: VALUE",
        title="value",
        zmax=zmax,
    )
    summary = f"The table of {table.shape[0]} {name} vectors, {table.shape[1]} numbers each, {_extremes(table)}."
    return grid(trace, rows, columns, theme=theme, summary=summary, width=width, height=height, square=False)
