"""The continuations of one text as a tree: a row for each along the steps, linked to the one it branches from."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from viz.beam import Node, beginning, dots, lines
from viz.frame import Part, line_at, new_figure
from viz.labels import escaped, shorten, visible
from viz.theme import Theme

WIDEST, NARROWEST = 96, 11  # px a step
ROOM = 1000  # px for all steps, where they fit
NAMES = 190  # px to the right, for names and probabilities
ROW = 54  # px, for two lines above a dot
READABLE = 52  # px a step from which on every token has its label


@dataclass(frozen=True)
class Twig:
    """One continuation, from the step where it branches from an earlier one."""

    name: str
    words: str  # about the whole text, beside its name, such as its probability
    start: int  # its first own step
    parent: int | None  # the earlier twig it branches from; None: it is the first
    labels: Sequence[str]  # its own tokens
    shares: Sequence[str]  # their probabilities
    chosen: Sequence[bool]  # whether a person chose the token
    ended: bool  # whether its last token is an end token
    here: bool = False  # whether it is on screen


def branch_tree(twigs: Sequence[Twig], *, theme: Theme, step: int) -> go.Figure:
    """The twigs, the first on top; the path to the text on screen is thick, and `step` is marked.

    Where two twigs branch, both tokens have their probabilities. Token labels are written where there is room, else on hover.
    """
    last = max(twig.start + len(twig.labels) for twig in twigs) - 1
    column = max(NARROWEST, min(WIDEST, ROOM // (last + 2)))
    way = _way(twigs)
    splits = {
        (twig.start, at) for row, twig in enumerate(twigs) if twig.parent is not None for at in (row, twig.parent)
    }
    nodes, texts = list[Node](), list[str]()
    for row, twig in enumerate(twigs):
        for n, label in enumerate(twig.labels):
            at = twig.start + n
            nodes.append(_node(twig, row, n, chosen=way[row] >= at))
            texts.append(_text(twig, n, label, parts=(at, row) in splits, room=column))
    middle = 0.0
    traces: list[Part] = [
        lines(nodes, 0, middle, colour=theme.muted, width=1.4),
        lines([node for node in nodes if node.chosen], 0, middle, colour=theme.accent, width=3),
        beginning(0, middle, theme),
        dots(nodes, theme, texts),
        _names(twigs, theme),
    ]
    layout = _layout(len(twigs), last, column, step, theme)
    width, height = column * (last + 2) + NAMES + 24, ROW * len(twigs) + 56
    return new_figure(theme, _summary(twigs), height=height, width=width, traces=traces, layout=layout)


def _way(twigs: Sequence[Twig]) -> list[int]:
    """For each twig, the last step that belongs to the text on screen; -1 where there is none."""
    way = [-1] * len(twigs)
    row = next((row for row, twig in enumerate(twigs) if twig.here), None)
    until = None if row is None else twigs[row].start + len(twigs[row].labels) - 1
    while row is not None and until is not None:
        way[row] = until
        until, row = twigs[row].start - 1, twigs[row].parent
    return way


def _node(twig: Twig, row: int, n: int, *, chosen: bool) -> Node:
    """A token of a twig; the first one is linked to the parent's row."""
    at = twig.start + n
    parent = (row if n else twig.parent) if at else None
    words = f"{twig.shares[n]} at step {at + 1} of {twig.name}" + (", your choice" if twig.chosen[n] else "")
    ended = twig.ended and n == len(twig.labels) - 1
    return Node(
        at, row, parent, twig.labels[n], "finished" if ended else "kept" if chosen else "dropped", words, chosen
    )


def _text(twig: Twig, n: int, label: str, *, parts: bool, room: int) -> str:
    """The text above a token."""
    if parts:
        mark = " ✎" if twig.chosen[n] else ""
        return f"<b>{escaped(shorten(visible(label), 12))}</b>{mark}<br>{twig.shares[n]}"
    return escaped(shorten(visible(label), max(2, room // 8))) if room >= READABLE else ""


def _names(twigs: Sequence[Twig], theme: Theme) -> Part:
    """The name of each twig, behind its last token."""
    return {
        "type": "scatter",
        "x": [twig.start + len(twig.labels) - 1 for twig in twigs],
        "y": list(range(len(twigs))),
        "mode": "text",
        "text": [
            f"   {f'<b>{escaped(twig.name)}</b>' if twig.here else escaped(twig.name)} · {escaped(twig.words)}"
            for twig in twigs
        ],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": [theme.text if twig.here else theme.muted for twig in twigs]},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "showlegend": False,
    }


def _layout(rows: int, last: int, column: int, step: int, theme: Theme) -> Part:
    every = max(1, -(-READABLE // column))
    marks = list(range(0, last + 1, every))
    return {
        "margin": {"l": 12, "r": NAMES, "t": 26, "b": 6},
        "xaxis": {
            "range": [-1.3, last + 0.6],
            "showgrid": False,
            "side": "top",
            "tickmode": "array",
            "tickvals": marks,
            "ticktext": ["step 1" if n == 0 else str(n + 1) for n in marks],
            "tickangle": 0,
            "fixedrange": True,
        },
        "yaxis": {"range": [rows - 0.6, -0.8], "visible": False, "fixedrange": True},
        "shapes": [line_at(theme, step)],
    }


def _summary(twigs: Sequence[Twig]) -> str:
    said = [f"{twigs[0].name}, {twigs[0].words}"]
    for twig in twigs[1:]:
        assert twig.parent is not None
        parts = (
            f'branches from {twigs[twig.parent].name} at step {twig.start + 1} with "{visible(twig.labels[0])}"'
            if twig.labels
            else "has the same tokens"
        )
        said.append(f"{twig.name}, {twig.words}, {parts}")
    return f"{len(twigs)} continuations of one text. " + "; ".join(said) + "."
