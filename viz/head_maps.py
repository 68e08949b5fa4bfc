"""Small maps of layers by heads side by side, one for each measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, largest_cell, new_figure, outline
from viz.labels import escaped
from viz.percent import format_percent
from viz.shares import transformed
from viz.theme import TOKEN_FONT, Scale, Theme, evenly, probability_scale, sequential_scale

Unit = Literal["share", "bits", "tokens"]
UNITS: tuple[Unit, ...] = ("share", "bits", "tokens")
MAPS_WIDTH = 720  # px
TITLE_ROOM, GAP = 38, 14  # px over each map, and between maps
NUMBERS = 20  # px under each map for the numbers of its heads
LEFT = 22  # px for the numbers of the layers
ROW = (9.0, 24.0)  # px, the smallest and the largest height of a row
NUMBERED = 12  # up to so many rows or columns, each has its number


@dataclass(frozen=True, eq=False)
class HeadMap:
    """One number for every head."""

    title: str
    values: Floats  # (layers, heads), NaN where there is no number
    unit: Unit = "share"
    note: str = ""  # shown under the title where there are no numbers


def as_number(value: float, unit: Unit) -> str:
    """A head's number with its unit."""
    if unit == "share":
        return format_percent(value)
    return f"{value:.2f} bits" if unit == "bits" else f"{value:.1f} tokens"


def head_maps(
    maps: Sequence[HeadMap],
    *,
    theme: Theme,
    selected: tuple[int, int] | None = None,
    columns: int = 3,
    width: int = MAPS_WIDTH,
) -> go.Figure:
    """Heatmaps of layers (rows) by heads (columns), `columns` maps in a row, in the order given: trace i is map i.

    Shares are coloured from 0 to 1 by their square root, so that maps can be compared; bits and tokens from 0 to the largest.
    `selected` (layer, head) is framed in each map.
    """
    if not maps or len({one.values.shape for one in maps}) != 1:
        raise ValueError("Maps side by side have one number of layers and heads, and there is at least one.")
    layers, heads = maps[0].values.shape
    rows = -(-len(maps) // columns)
    low, high = ROW
    tall = min(max((width / columns - LEFT - GAP) / heads, low), high) * layers
    height = rows * (tall + TITLE_ROOM + NUMBERS)
    layout: Part = {"margin": {"l": LEFT, "r": 4, "t": 0, "b": 0}, "plot_bgcolor": theme.panel}
    titles: list[Part] = []
    frames: list[Part] = []
    for index, one in enumerate(maps):
        row, column = divmod(index, columns)
        left, right = _span(column, columns, GAP + LEFT, width - LEFT - 4)
        top = 1 - (row * (tall + TITLE_ROOM + NUMBERS) + TITLE_ROOM) / height
        bottom = top - tall / height
        number = "" if index == 0 else str(index + 1)
        layout[f"xaxis{number}"] = _axis(heads, theme) | {"domain": [left, right], "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = _axis(layers, theme, down=True) | {"domain": [bottom, top], "anchor": f"x{number}"}
        titles.append(_title(one, left, top, theme))
        if selected is not None:
            layer, head = selected
            frames.append(
                outline(theme, x=(head, head), y=(layer, layer)) | {"xref": f"x{number}", "yref": f"y{number}"}
            )
    return new_figure(
        theme,
        maps_summary(maps),
        height=round(height),
        width=width,
        traces=[_trace(one, "" if i == 0 else str(i + 1), theme) for i, one in enumerate(maps)],
        layout=layout | {"annotations": titles, "shapes": frames},
    )


def _span(column: int, columns: int, gap: float, width: float) -> tuple[float, float]:
    """The left and right edge of a map, as shares of the plot."""
    each = (width - gap * (columns - 1)) / columns
    left = column * (each + gap)
    return left / width, (left + each) / width


def _axis(count: int, theme: Theme, down: bool = False) -> Part:
    step = 1 if count <= NUMBERED else 4
    ends = [count - 0.5, -0.5] if down else [-0.5, count - 0.5]
    return {
        "range": ends,
        "tickmode": "array",
        "tickvals": list(range(0, count, step)),
        "tickfont": {"family": TOKEN_FONT, "size": 9, "color": theme.muted},
        "tickangle": 0,
        "showgrid": False,
        "fixedrange": True,
        "ticklabelstandoff": 0,
    }


def colours(unit: Unit, theme: Theme) -> Scale:
    """The colour scale: of attention for shares, of probabilities for bits, of positions for distances."""
    if unit == "share":
        return sequential_scale(theme)
    return probability_scale(theme) if unit == "bits" else evenly([theme.background, theme.position])


def _trace(one: HeadMap, axes: str, theme: Theme) -> go.Heatmap:
    values = np.asarray(one.values, dtype=np.float32)
    most = float(np.nanmax(values, initial=0.0))
    share = one.unit == "share"
    number = {"share": "%{customdata:.1%} (%{customdata:.4g})", "bits": "%{customdata:.3f} bits"}
    return go.Heatmap(
        z=transformed(values, "sqrt") if share else values,
        customdata=values,
        x=np.arange(values.shape[1]),
        y=np.arange(values.shape[0]),
        xaxis=f"x{axes}",
        yaxis=f"y{axes}",
        zmin=0,
        zmax=1 if share else most or 1,
        colorscale=colours(one.unit, theme),
        showscale=False,
        hoverongaps=False,
        xgap=1,
        ygap=1,
        name=one.title,
        hovertemplate=f"layer %{{y:d}}, head %{{x:d}}<br>{escaped(one.title)} "
        + number.get(one.unit, "%{customdata:.2f} tokens")
        + "<extra></extra>",
    )


def extreme(one: HeadMap) -> str:
    """The head with the largest number, as "highest: L2 H5, 91%"; the note where there is none."""
    if not np.isfinite(one.values).any():
        return one.note
    layer, head = largest_cell(one.values)
    return f"highest: L{layer} H{head}, {as_number(float(one.values[layer, head]), one.unit)}"


def _title(one: HeadMap, left: float, top: float, theme: Theme) -> Part:
    return {
        "x": left,
        "xref": "paper",
        "xanchor": "left",
        "y": top,
        "yref": "paper",
        "yanchor": "bottom",
        "align": "left",
        "text": f'{escaped(one.title)}<br><span style="color:{theme.muted};font-size:11px">{escaped(extreme(one))}</span>',
        "showarrow": False,
        "font": {"size": 12, "color": theme.text},
    }


def maps_summary(maps: Sequence[HeadMap]) -> str:
    """The number of heads, and for each map the head with the largest number."""
    layers, heads = maps[0].values.shape
    each = "; ".join(f"{one.title}, {extreme(one) or 'no number'}" for one in maps)
    return f"{layers} layers of {heads} heads. {each}."
