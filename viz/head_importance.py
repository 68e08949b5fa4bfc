"""One number for each head: as a map of layers by heads, as a scatter plot against another, and as rank correlations."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.cells import printed
from viz.frame import WIDTH, Floats, Part, Side, check_grid, largest_cell, new_figure, outline
from viz.grid import grid
from viz.labels import escaped
from viz.shares import share_trace, signed_trace
from viz.theme import Theme, diverging_scale, sequential_scale

BAR_TITLE = 26  # characters


def head_map(
    values: Floats,
    *,
    theme: Theme,
    title: str,
    unit: str = "",
    signed: bool = False,
    selected: tuple[int, int] | None = None,
    off: Sequence[tuple[int, int]] = (),
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """`values` (layers, heads): from zero up, or `signed` around zero; NaN where there is no number.

    `selected` (layer, head) is framed and heads in `off` are crossed out. `title` names the number, `unit` is shown on hover.
    """
    layers, heads = values.shape
    rows = Side([f"L{i}" for i in range(layers)], tokens=False)
    columns = Side([f"H{i}" for i in range(heads)], tokens=False)
    check_grid("Numbers", values, rows.labels, columns.labels)
    cells = np.asarray(values, dtype=np.float32)
    trace = _cells(cells, rows, columns, theme, short_title(title), unit, signed)
    crosses = np.full(cells.shape, "", dtype=object)
    for layer, head in off:
        crosses[layer, head] = "×"
    scale = diverging_scale(theme) if signed else sequential_scale(theme)
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=map_summary(cells, title, unit, signed),
        width=width,
        height=height,
        square=False,
        text=printed(trace, crosses, scale) if off else None,
        framed=[] if selected is None else [outline(theme, x=(selected[1], selected[1]), y=(selected[0], selected[0]))],
    )


def _cells(cells: Floats, rows: Side, columns: Side, theme: Theme, title: str, unit: str, signed: bool) -> go.Heatmap:
    """The numbers as colours and on hover; the largest has the strongest colour."""
    hover = f"layer %{{y:d}}, head %{{x:d}}: VALUE {escaped(unit)}".rstrip()
    if signed:
        return signed_trace(cells, rows, columns, theme=theme, hover=hover, title=title)
    trace = share_trace(cells, rows, columns, theme=theme, hover=hover, zmax="own", title=title)
    trace.hovertemplate = hover.replace("VALUE", "%{z:.4g}") + "<extra></extra>"
    ticks = [trace.zmax * part for part in (0, 0.25, 0.5, 0.75, 1)]
    trace.colorbar.update(tickvals=ticks, ticktext=[f"{value:.2g}" for value in ticks])
    return trace


def short_title(title: str) -> str:
    return title if len(title) <= BAR_TITLE else title.split(",")[0][:BAR_TITLE]


def map_summary(values: Floats, title: str, unit: str, signed: bool) -> str:
    """The head with the largest number."""
    lead = f"{title[:1].upper()}{title[1:]} of {values.shape[0]} layers of {values.shape[1]} heads"
    if not np.isfinite(values).any():
        return f"{lead}."
    layer, head = largest_cell(np.abs(values))
    size = f"{values[layer, head]:+.3g}" if signed else f"{values[layer, head]:.3g}"
    return f"{lead}; the largest is layer {layer}, head {head}: {size} {unit}".rstrip() + "."


def heads_scatter(
    x: Floats,
    y: Floats,
    groups: Sequence[str],
    names: Sequence[str],
    *,
    theme: Theme,
    title_x: str,
    title_y: str,
    agreement: float,
    selected: int | None = None,
    height: int = 360,
) -> go.Figure:
    """A point for each head: one number against another. `groups` colour the points, `agreement` is Spearman's correlation."""
    if not len(x) == len(y) == len(groups) == len(names):
        raise ValueError(f"{len(x)} and {len(y)} numbers, {len(groups)} groups and {len(names)} names do not fit.")
    rank = "no rank correlation" if np.isnan(agreement) else f"Spearman's rank correlation {agreement:.2f}"
    kinds = list(dict.fromkeys(groups))
    traces = [
        _points(x, y, names, group, [i for i, name in enumerate(groups) if name == group], kinds, selected, theme)
        for group in kinds
    ]
    layout: Part = {
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 64, "r": 16, "t": 30 if len(traces) > 1 else 10, "b": 46},
        "xaxis": {"title": {"text": escaped(title_x)}, "nticks": 6, "zeroline": True},
        "yaxis": {"title": {"text": escaped(title_y)}, "nticks": 6, "zeroline": True},
    }
    summary = f"{len(names)} heads, {title_x} against {title_y}: {rank}."
    return new_figure(theme, summary, height=height, traces=traces, layout=layout)


def _points(
    x: Floats,
    y: Floats,
    names: Sequence[str],
    group: str,
    members: Sequence[int],
    kinds: Sequence[str],
    selected: int | None,
    theme: Theme,
) -> Part:
    """The heads of one group; the selected one has a ring."""
    at = kinds.index(group)
    chosen = [place == selected for place in members]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": escaped(group),
        "x": np.asarray(x)[members],
        "y": np.asarray(y)[members],
        "customdata": np.array(members, dtype=np.int64),
        "marker": {
            "color": theme.series[at % len(theme.series)],
            "symbol": ("circle", "diamond", "square")[at % 3],
            "size": [13 if mark else 8 for mark in chosen],
            "opacity": 0.8,
            "line": {"color": theme.text, "width": [2 if mark else 0 for mark in chosen]},
        },
        "hovertext": [escaped(names[place]) for place in members],
        "hovertemplate": "%{hovertext}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        "cliponaxis": False,
    }


def agreement_map(
    correlations: Floats, names: Sequence[str], *, theme: Theme, width: int = WIDTH, height: int = 220
) -> go.Figure:
    """`correlations` (m, m) of ranks, each printed in its cell, coloured from -1 to 1."""
    rows, columns = Side(names, tokens=False, limit=24), Side(names, tokens=False, limit=24)
    check_grid("Correlations", correlations, names, names)
    cells = np.asarray(correlations, dtype=np.float32)
    trace = signed_trace(
        cells, rows, columns, theme=theme, hover="%{y} and %{x}: VALUE", title="rank correlation", zmax=1.0
    )
    text = np.array([[f"{v:.2f}" if np.isfinite(v) else "–" for v in row] for row in cells], dtype=object)
    off = np.where(np.eye(len(names), dtype=bool), np.nan, cells)
    summary = f"Rank correlations of {len(names)} numbers."
    if np.isfinite(off).any():
        a, b = largest_cell(off)
        summary = f"Rank correlations of {len(names)} numbers; the most alike are {names[a]} and {names[b]} ({off[a, b]:.2f})."
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=summary,
        width=width,
        height=height,
        square=False,
        text=printed(trace, text.reshape(cells.shape), diverging_scale(theme)),
    )
