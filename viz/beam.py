"""Beam search as a tree: the candidates of each step, and which were kept, finished or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from viz.frame import Part, new_figure
from viz.labels import escaped, quoted, short, visible
from viz.theme import TOKEN_FONT, Theme

Fate = Literal["kept", "finished", "dropped"]
COLUMN, ROW = 104, 34  # px
LIMIT = 10  # characters of a label


@dataclass(frozen=True)
class Node:
    """One candidate: its step, its place among the candidates of that step, and the place of its parent."""

    step: int
    place: int  # from the top, 0 is the best
    parent: int | None  # a place at the step before; None: the root
    label: str
    fate: Fate
    words: str  # its numbers, for hover
    chosen: bool = False  # on the path to the text on screen


def beam_tree(nodes: Sequence[Node], *, theme: Theme, first: int, last: int) -> go.Figure:
    """The nodes of steps `first` to `last`, a column for each step, each linked to its parent.

    Dropped nodes are hollow and muted, finished ones have the colour of probabilities, the path to the chosen text is thick.
    """
    shown = [node for node in nodes if first <= node.step <= last]
    rows = max((node.place for node in shown), default=0) + 1
    middle = (rows - 1) / 2
    traces: list[Part] = [
        lines([node for node in shown if node.fate == "dropped"], first, middle, colour=theme.border, width=1),
        lines([node for node in shown if node.fate != "dropped"], first, middle, colour=theme.muted, width=1.4),
        lines([node for node in shown if node.chosen], first, middle, colour=theme.accent, width=3),
        beginning(first, middle, theme),
        dots(shown, theme),
    ]
    columns = last - first + 1
    fates = {fate: sum(node.fate == fate for node in shown) for fate in ("kept", "finished", "dropped")}
    best = " ".join(visible(node.label) for node in shown if node.chosen)
    summary = (
        f"Beam search, steps {first + 1} to {last + 1}: {fates['kept']} continuations were read on, {fates['finished']} ended, "
        f'{fates["dropped"]} were dropped. The text on screen: "{best}".'
    )
    layout: Part = {
        "margin": {"l": 12, "r": 12, "t": 26, "b": 8},
        "xaxis": {
            "range": [first - 1.3, last + 0.9],
            "showgrid": False,
            "side": "top",
            "tickmode": "array",
            "tickvals": list(range(first, last + 1)),
            "ticktext": [f"step {step + 1}" for step in range(first, last + 1)],
            "fixedrange": True,
        },
        "yaxis": {"range": [rows - 0.4, -0.6], "visible": False, "fixedrange": True},
    }
    return new_figure(
        theme,
        summary,
        height=ROW * rows + 40,
        width=COLUMN * (columns + 1),
        traces=traces,
        layout=layout,
    )


def lines(nodes: Sequence[Node], first: int, middle: float, *, colour: str, width: float) -> Part:
    """From each node's parent to the node; None breaks the line."""
    x: list[float | None] = []
    y: list[float | None] = []
    for node in nodes:
        above = middle if node.parent is None or node.step == first else node.parent
        x += [node.step - 1 + (0 if node.step > first else 0.35), node.step, None]
        y += [above, node.place, None]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": colour, "width": width, "shape": "spline", "smoothing": 0.4},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def beginning(first: int, middle: float, theme: Theme) -> Part:
    """Where the tree hangs from: nothing yet, or what was written before the steps on screen."""
    return {
        "type": "scatter",
        "x": [first - 0.65],
        "y": [middle],
        "mode": "markers+text",
        "marker": {"size": 9, "color": theme.muted},
        "text": ["start" if first == 0 else "…"],
        "textposition": "top center",
        "textfont": {"size": 11, "color": theme.muted},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def dots(nodes: Sequence[Node], theme: Theme, texts: Sequence[str] | None = None) -> Part:
    """The nodes themselves, each with its token above it, or with other texts fit for Plotly."""
    colour = {"kept": theme.accent, "finished": theme.probability, "dropped": theme.background}
    edge = {"kept": theme.accent, "finished": theme.probability, "dropped": theme.muted}
    if texts is None:
        texts = [f"<b>{short(node.label, LIMIT)}</b>" if node.chosen else short(node.label, LIMIT) for node in nodes]
    return {
        "type": "scatter",
        "x": np.array([node.step for node in nodes]),
        "y": np.array([node.place for node in nodes]),
        "mode": "markers+text",
        "marker": {
            "size": 9,
            "color": [colour[node.fate] for node in nodes],
            "line": {"width": 1.4, "color": [edge[node.fate] for node in nodes]},
        },
        "text": list(texts),
        "textposition": "top center",
        "textfont": {
            "family": TOKEN_FONT,
            "size": 11,
            "color": [theme.muted if node.fate == "dropped" else theme.text for node in nodes],
        },
        "customdata": np.array([[node.step, node.place] for node in nodes], dtype=np.int64).reshape(-1, 2),
        "hovertext": [f"{quoted(node.label)}: {escaped(node.words)}" for node in nodes],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
        "showlegend": False,
    }
