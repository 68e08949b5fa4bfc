"""What an answer depends on, for several prompts: the shares of attention and of influence of each part of the input."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, label_axis, new_figure
from viz.labels import escaped, short
from viz.prompting import Named, percent
from viz.theme import TOKEN_FONT, Theme

LABELS_WIDTH = 118  # px kept for the names of rows


def part_colours(theme: Theme) -> dict[str, str]:
    """The colour of each part of the input."""
    return {
        "instruction": theme.position,
        "examples": theme.warning,
        "input": theme.key,
        "answer": theme.muted,
        "special": theme.border,
    }


@dataclass(frozen=True, eq=False)
class PartRow:
    """One stacked bar: the prompt, the quantity (`what`), and the shares of the parts, which sum to 1."""

    prompt: Named
    what: str
    shares: Floats  # (parts,)


def part_bars(rows: Sequence[PartRow], parts: Sequence[str], names: Sequence[str], *, theme: Theme) -> go.Figure:
    """A stacked bar for each row: the share of each of the `parts`, which are called `names` in the figure."""
    wrong = [row for row in rows if row.shares.shape != (len(parts),)]
    if wrong or not rows or len(parts) != len(names):
        raise ValueError(f"{len(parts)} parts do not fit the shares of {len(rows)} rows.")
    colours = part_colours(theme)
    table = np.array([row.shares for row in rows])
    traces = [
        _stretch(table[:, n], rows, name, colours[part], theme)
        for n, (part, name) in enumerate(zip(parts, names, strict=True))
        if table[:, n].any()
    ]
    layout: Part = {
        "barmode": "stack",
        "bargap": 0.3,
        "margin": {"l": LABELS_WIDTH, "r": 10, "t": 30, "b": 26},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        "xaxis": {"range": [0, 1], "tickformat": ".0%", "nticks": 5},
        "yaxis": label_axis([short(f"{row.prompt.number} · {row.what}", 15) for row in rows], theme),
    }
    return new_figure(theme, _shared_out(rows, names), height=72 + 30 * len(rows), traces=traces, layout=layout)


def _stretch(values: Floats, rows: Sequence[PartRow], name: str, colour: str, theme: Theme) -> Part:
    shares = [percent(value) for value in values]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": np.asarray(values, dtype=np.float64),
        "y": np.arange(len(rows)),
        "marker": {"color": colour, "opacity": 0.88, "line": {"width": 1, "color": theme.background}},
        "text": [f"{value:.0%}" if value >= 0.08 else "" for value in values],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {
            "family": TOKEN_FONT,
            "size": 11,
            "color": theme.text if colour == theme.border else theme.background,
        },
        "hovertext": [
            f"{name}: {share} of the {row.what} under {escaped(row.prompt.text)}"
            for share, row in zip(shares, rows, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _shared_out(rows: Sequence[PartRow], names: Sequence[str]) -> str:
    """The figure in words: the largest part of each row."""
    parts = [
        f"of the {row.what} under prompt {row.prompt.number} {percent(row.shares.max())} goes to the "
        f"{names[int(row.shares.argmax())]}"
        for row in rows
    ]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."
