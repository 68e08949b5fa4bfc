"""Similar vectors: cosine similarity, neighbours in the vocabulary, and a projection onto two dimensions."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import WIDTH, Floats, Side, check_grid, label_axis, largest_cell, new_figure
from viz.grid import grid
from viz.labels import escaped, quoted, short, visible
from viz.long_rows import spans
from viz.shares import signed_trace
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

LABELLED_UP_TO = 60  # points of a projection with their text beside them


def cosine_similarity_heatmap(
    matrix: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    columns: Sequence[str] | None = None,
    tokens: bool = True,
    first: int = 0,
    first_column: int | None = None,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """The cosine similarity of each two tokens (or positions): `matrix` (time, time), always coloured from -1 to 1.

    `columns` are the labels of the columns, where they are other tokens than the rows.
    """
    names = labels if columns is None else columns
    side = Side(labels, first=first, tokens=tokens)
    across = Side(names, first=first if first_column is None else first_column, tokens=tokens)
    check_grid("Cosines", matrix, labels, names)
    trace = signed_trace(
        np.asarray(matrix),
        side,
        across,
        theme=theme,
        hover="%{y} and %{x}: cosine VALUE",
        title="cosine similarity",
        zmax=1.0,
    )
    summary = f"Cosine similarity of {len(labels)} vectors."
    off = np.where(side.positions[:, None] == across.positions, -np.inf, matrix)
    if len(labels) > 1 and np.isfinite(off).any():
        one, two = largest_cell(off)
        pair = f'"{visible(labels[one])}" and "{visible(names[two])}"'
        summary = f"{summary[:-1]}; the most alike are {pair} ({matrix[one, two]:.2f})."
    return grid(trace, side, across, theme=theme, summary=summary, width=width, height=height)


def pooled_cosines_heatmap(
    cells: Floats,
    labels: Sequence[str],
    marks: NDArray[np.intp],
    *,
    theme: Theme,
    width: int = WIDTH,
    height: int | None = None,
) -> go.Figure:
    """Cosines of a long text: `cells` (blocks, blocks), each the mean of a block of pairs; block i starts at marks[i]."""
    side = Side(spans(marks, labels), tokens=False)
    check_grid("Cosines", cells, side.labels, side.labels)
    trace = signed_trace(
        np.asarray(cells),
        side,
        side,
        theme=theme,
        hover="%{y} and %{x}: mean cosine VALUE",
        title="mean cosine",
    )
    summary = f"Cosine similarity of {len(labels)} vectors, each cell the mean of a block."
    return grid(trace, side, side, theme=theme, summary=summary, width=width, height=height)


def neighbours_chart(
    labels: Sequence[str],
    cosines: Floats,
    *,
    theme: Theme,
    word: str,
    ids: Sequence[int] | None = None,
    height: int | None = None,
) -> go.Figure:
    """The vocabulary tokens with the largest cosine similarity to `word`, nearest on top; `ids` go to customdata."""
    if len(labels) != len(cosines) or (ids is not None and len(ids) != len(labels)):
        raise ValueError(f"{len(labels)} neighbours and {len(cosines)} cosines do not belong together.")
    order = np.argsort(-np.asarray(cosines), kind="stable")
    names, values = [labels[index] for index in order], [float(cosines[index]) for index in order]
    summary = f'No neighbours of "{visible(word)}".'
    if names:
        nearest = f'"{visible(names[0])}", cosine {values[0]:.3f}'
        summary = f'The nearest of {len(names)} neighbours of "{visible(word)}" is {nearest}.'
    figure = new_figure(theme, summary, height=24 * max(len(names), 1) + 40 if height is None else height)
    figure.add_bar(
        x=np.array(values),
        y=np.arange(len(values)),
        orientation="h",
        customdata=None if ids is None else np.array([ids[index] for index in order], dtype=np.int64),
        marker={"color": [theme.key if value >= 0 else theme.query for value in values], "opacity": 0.85},
        selected={"marker": {"opacity": 0.85}},
        unselected={"marker": {"opacity": 0.85}},
        text=[f"{value:.3f}" for value in values],
        textposition="outside",
        textfont={"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        cliponaxis=False,
        hovertext=[quoted(name) for name in names],
        hovertemplate=f"{quoted(word)} and %{{hovertext}}: cosine %{{x:.4f}}<extra></extra>",
    )
    lowest = min(values, default=0.0)
    figure.update_layout(
        bargap=0.28,
        margin={"l": 132, "r": 52, "t": 4, "b": 26},
        xaxis={"range": [lowest - 0.12 if lowest < 0 else 0, 1], "nticks": 6, "zeroline": True},
        yaxis=label_axis([short(name, 16) for name in names], theme),
    )
    return figure


def projection(
    points: Floats,
    labels: Sequence[str],
    groups: Sequence[str],
    explained: Sequence[float],
    *,
    theme: Theme,
    height: int = 420,
) -> go.Figure:
    """Vectors in two dimensions: `points` (n, 2), each with a label and a group; `explained` is both shares of the variance."""
    if points.shape != (len(labels), 2) or len(groups) != len(labels) or len(explained) != 2:
        raise ValueError(f"Points of shape {points.shape} do not fit {len(labels)} labels and {len(groups)} groups.")
    both = 100 * float(sum(explained))
    summary = f"{len(labels)} vectors projected onto two directions with {both:.0f}% of their variance."
    figure = new_figure(theme, summary, height=height)
    names = list(dict.fromkeys(groups))
    for index, group in enumerate(names):
        members = [place for place, name in enumerate(groups) if name == group]
        colour = theme.series[index % len(theme.series)]
        figure.add_scatter(
            x=np.asarray(points)[members, 0],
            y=np.asarray(points)[members, 1],
            mode="markers+text" if len(labels) <= LABELLED_UP_TO else "markers",
            name=escaped(group),
            text=[short(labels[place], 14) for place in members],
            textposition="top center",
            textfont={"family": TOKEN_FONT, "size": 11, "color": theme.text},
            marker={"color": colour, "size": 8, "symbol": index % 5, "opacity": 0.85},
            customdata=np.array(members, dtype=np.int64),
            hovertext=[quoted(labels[place]) for place in members],
            hovertemplate=f"%{{hovertext}} ({escaped(group)})<br>%{{x:.3f}}, %{{y:.3f}}<extra></extra>",
            cliponaxis=False,
        )
    figure.update_layout(
        showlegend=len(names) > 1,
        margin={"l": 56, "r": 24, "t": 34, "b": 46},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "entrywidth": 8 * max(map(len, names), default=0),
        },
        xaxis={"title": {"text": f"first direction ({100 * explained[0]:.1f}% of the variance)"}, "nticks": 6},
        yaxis={"title": {"text": f"second direction ({100 * explained[1]:.1f}%)"}, "nticks": 6},
    )
    return figure
