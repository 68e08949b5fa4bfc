"""The KV cache step by step: how many bytes it takes, and how much work it saves."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import WIDTH, Floats, Part, line_at, log_axis, new_figure, position_axis
from viz.labels import quoted, ticks
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
LETTER = 8  # px of a bold letter


def size(count: float) -> str:
    """Bytes in words: 512 B, 24.0 KiB, 1.5 MiB."""
    for unit, name in UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} B"


def two_lines(
    with_it: Floats,
    without: Floats,
    labels: Sequence[str],
    *,
    theme: Theme,
    what: str,
    step: int,
    logarithmic: bool = True,
    width: int = WIDTH,
) -> go.Figure:
    """The cost of each step (steps,) with the cache and without it; `what` names the axis with its unit."""
    if not len(with_it) == len(without) == len(labels):
        raise ValueError(f"{len(with_it)} and {len(without)} values do not fit {len(labels)} labels.")
    names = [quoted(label) for label in labels]
    lines: list[Part] = [
        {
            "type": "scatter",
            "x": np.arange(len(labels)),
            "y": np.asarray(values),
            "mode": "lines+markers",
            "name": name,
            "line": {"color": colour, "width": 2, "dash": dash},
            "marker": {"size": 6},
            "hovertext": names,
            "hovertemplate": f"%{{hovertext}}: {name} %{{y:.4s}}<extra></extra>",
        }
        for values, name, colour, dash in (
            (with_it, "with the cache", theme.key, "solid"),
            (without, "without the cache", theme.warning, "dash"),
        )
    ]
    ratio = float(np.sum(without) / np.sum(with_it)) if np.sum(with_it) > 0 else 1.0
    summary = f"{what} over {len(labels)} steps: without the cache it is {ratio:.1f} times as much in total."
    layout = _layout(labels, theme, what, step, width)
    if logarithmic:
        layout["yaxis"] = {"title": {"text": what}} | log_axis(np.concatenate([with_it, without]))
    return new_figure(theme, summary, height=260, traces=lines, layout=layout)


def held_bytes(
    held: Floats, source: float, labels: Sequence[str], *, theme: Theme, step: int, width: int = WIDTH
) -> go.Figure:
    """Bytes of the cache after each step (steps,); `source` of them are the keys and values of cross-attention, which do not
    grow."""
    if len(held) != len(labels):
        raise ValueError(f"{len(held)} values do not fit {len(labels)} labels.")
    own = np.asarray(held, dtype=np.float64) - source
    parts = [("decoder tokens", own, theme.key)]
    if source:
        parts.insert(0, ("the source", np.full(len(labels), source), theme.muted))
    traces: list[Part] = [
        {
            "type": "bar",
            "x": np.arange(len(labels)),
            "y": values,
            "name": name,
            "marker": {
                "color": colour,
                "opacity": [1.0 if n <= step else 0.35 for n in range(len(labels))],
                "line": {"width": 0},
            },
            "hovertext": [f"{quoted(label)}: {name} {size(v)}" for label, v in zip(labels, values, strict=True)],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
        for name, values, colour in parts
    ]
    layout = _layout(labels, theme, "bytes", step, width) | {"barmode": "stack", "bargap": 0.25, "shapes": []}
    last = size(float(held[-1])) if len(held) else size(0)
    return new_figure(
        theme, f"The cache grows to {last} over {len(labels)} steps.", height=260, traces=traces, layout=layout
    )


def sharing_bars(names: Sequence[str], per_token: Floats, own: str, *, theme: Theme) -> go.Figure:
    """Bytes a token with multi-head, grouped-query and multi-query attention; the model's `own` bar is solid."""
    if len(names) != len(per_token):
        raise ValueError(f"{len(names)} names and {len(per_token)} values do not belong together.")
    bars: Part = {
        "type": "bar",
        "x": np.asarray(per_token),
        "y": np.arange(len(names)),
        "orientation": "h",
        "marker": {
            "color": theme.key,
            "opacity": [1.0 if name == own else 0.4 for name in names],
            "line": {"width": 0},
        },
        "text": [f"<b>{size(v)}</b>" if name == own else size(v) for name, v in zip(names, per_token, strict=True)],
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    layout: Part = {
        "margin": {"l": LETTER * max(map(len, names)) + 8, "r": 76, "t": 4, "b": 8},
        "bargap": 0.4,
        "xaxis": {"visible": False, "rangemode": "tozero"},
        "yaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": [f"<b>{name}</b>" if name == own else name for name in names],
            "range": [len(names) - 0.5, -0.5],
            "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        },
    }
    said = ", ".join(f"{name} {size(float(v))}" for name, v in zip(names, per_token, strict=True))
    return new_figure(theme, f"Bytes a token: {said}.", height=34 * len(names) + 16, traces=[bars], layout=layout)


def _layout(labels: Sequence[str], theme: Theme, what: str, step: int, width: int) -> Part:
    marks = ticks(labels, cell=(width - 70) / max(len(labels), 1), upright=False)
    return {
        "margin": {"l": 58, "r": 12, "t": 30, "b": marks.extent + 8},
        "xaxis": position_axis(marks, len(labels), theme),
        "yaxis": {"title": {"text": what}, "exponentformat": "SI", "nticks": 5, "rangemode": "tozero"},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "shapes": [line_at(theme, step)],
    }
