"""Attention as lines between two columns of tokens, for notebooks and print; the app draws these lines in the browser."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import Floats, Part, new_figure
from viz.labels import escaped, text_width, visible
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

LINE = 22  # px a token
SPAN = 260  # px between the columns
CURVE = np.linspace(0, 1, 13, dtype=np.float32)
APART, ROOM = (
    0.13,
    0.7,
)  # rows between two heads' lines from one token to another, and what all of them may take at their ends
HEADS = {  # a head has the same colour whichever others are drawn; after twelve, colours repeat with dashes
    "light": (
        "#3b5bdb", "#c2560c", "#0b7285", "#862e9c", "#5c7c00", "#c2255c",
        "#7a5c00", "#1b8a6b", "#5f3dc4", "#a61e4d", "#495057", "#1971c2",
    ),
    "dark": (
        "#7c93ff", "#f0944d", "#3bc9db", "#da8ee7", "#a9cf3f", "#ff8fab",
        "#e3b341", "#63e6be", "#b197fc", "#ffa8a8", "#adb5bd", "#74c0fc",
    ),
}  # fmt: skip
DASHES = ("solid", "6px,4px", "2px,3px")
LEGEND = 26  # px for the names of several heads
STEPS = 8  # different strengths of a line; all lines of one head and strength are one trace


def edges_to_mass(weights: Floats, mass: float) -> NDArray[np.bool_]:
    """(..., query, key): the largest weights of each row that together reach `mass` of its sum; none in a row of zeros."""
    if not 0 < mass <= 1:
        raise ValueError(f"The mass is {mass}; more than 0 and at most 1 is needed.")
    order = np.argsort(-weights, axis=-1, kind="stable")
    ranked = np.take_along_axis(np.asarray(weights, dtype=np.float64), order, axis=-1)
    before = np.cumsum(ranked, axis=-1) - ranked
    kept = (before < mass * ranked.sum(axis=-1, keepdims=True) - 1e-6) & (ranked > 0)
    edges: NDArray[np.bool_] = np.zeros(weights.shape, dtype=bool)
    np.put_along_axis(edges, order, kept, axis=-1)
    return edges


def lines_figure(
    weights: Floats,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    theme: Theme,
    heads: Sequence[int] | None = None,
    mass: float = 0.7,
    title_query: str = "query (attends)",
    title_key: str = "key (attended to)",
) -> go.Figure:
    """`weights` (heads, query, key): queries on the left, keys on the right, a colour for each of `heads` (None: all).

    The strength of a line shows its weight, for any number of heads (BertViz, Vig 2019, divides by their number). Lines of several
    heads between the same tokens are side by side.
    """
    if weights.ndim != 3 or weights.shape[1:] != (len(queries), len(keys)):
        raise ValueError(f"Weights of shape {weights.shape} do not fit {len(queries)} queries and {len(keys)} keys.")
    shown = range(len(weights)) if heads is None else list(heads)
    edges = edges_to_mass(weights, mass)
    ends, middles = _apart(edges[list(shown)])
    traces = [
        line
        for place, head in enumerate(shown)
        for line in _lines(weights[head], edges[head], (ends[place], middles[place]), f"head {head}", _pen(theme, head))
    ]
    rows = max(len(queries), len(keys), 1)
    left, right = (max((text_width(visible(label)) for label in side), default=0) + 16 for side in (queries, keys))
    room = LEGEND * -(-len(shown) // 4) if len(shown) > 1 else 0
    summary = (
        f"Attention of {len(shown)} heads from {len(queries)} queries to {len(keys)} keys as lines: in each row the largest "
        f"weights that together reach {mass:.0%} of it, {int(edges[list(shown)].sum())} lines."
    )
    titles = [_text(title_query, 0, -0.9, "right", theme.muted), _text(title_key, 1, -0.9, "left", theme.muted)]
    tokens = [_text(escaped(label), 0, i, "right", theme.text) for i, label in enumerate(queries)]
    tokens += [_text(escaped(label), 1, i, "left", theme.text) for i, label in enumerate(keys)]
    bare: Part = {"showgrid": False, "showticklabels": False, "fixedrange": True}
    layout: Part = {
        "margin": {"l": left, "r": right, "t": 8 + room, "b": 8},
        "showlegend": len(shown) > 1,
        "legend": {"orientation": "h", "x": 0.5, "xanchor": "center", "y": 1, "yanchor": "bottom"},
        "xaxis": bare | {"range": [0, 1]},
        "yaxis": bare | {"range": [rows - 0.5, -1.5]},
        "annotations": titles + tokens,
    }
    size = {"height": 16 + room + LINE * (rows + 1), "width": round(SPAN + left + right)}
    return new_figure(theme, summary, traces=traces, layout=layout, **size)


def _pen(theme: Theme, head: int) -> Part:
    """A head's colour and dash."""
    colours = HEADS[theme.name]
    return {"color": colours[head % len(colours)], "dash": DASHES[head // len(colours) % len(DASHES)]}


def _apart(edges: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(heads, query, key) twice: the shift of a line beside other lines, at its ends and in its middle."""
    lanes = edges.sum(axis=0)
    lane = np.cumsum(edges, axis=0) - 1 - (lanes - 1) / 2
    ends = lane * np.minimum(APART, ROOM / np.maximum(1, lanes - 1))
    return ends.astype(np.float32), (lane * APART).astype(np.float32)


def _lines(weights: Floats, edges: NDArray[np.bool_], apart: tuple[Floats, Floats], name: str, pen: Part) -> list[Part]:
    """A head's lines: one trace for each strength, its lines separated by NaN."""
    query, key = np.nonzero(edges)
    strength = np.minimum((weights[query, key] * STEPS).astype(int), STEPS - 1)
    bend, middle = CURVE**2 * (3 - 2 * CURVE), 3 * CURVE * (1 - CURVE)
    end, centre = (part[query, key][:, None] for part in apart)
    traces: list[Part] = []
    for step in np.unique(strength):
        chosen = strength == step
        y = query[chosen, None] + (key[chosen] - query[chosen])[:, None] * bend
        y = y + end[chosen] * (1 - middle) + centre[chosen] * middle
        x = np.broadcast_to(CURVE, y.shape)
        gap = np.full((len(y), 1), np.nan)
        weight = (step + 0.5) / STEPS
        traces.append(
            {
                "type": "scatter",
                "name": name,
                "x": np.hstack([x, gap]).ravel().astype(np.float32),
                "y": np.hstack([y, gap]).ravel().astype(np.float32),
                "mode": "lines",
                "opacity": 0.25 + 0.7 * weight,
                "line": pen | {"width": 1 + 2.5 * weight},
                "legendgroup": name,
                "showlegend": not traces,
                "hoverinfo": "skip",
            }
        )
    return traces


def _text(text: str, x: float, y: float, side: str, colour: str) -> Part:
    """A token beside its column."""
    return {
        "x": x,
        "y": y,
        "xanchor": side,
        "xshift": -6 if side == "right" else 6,
        "text": text,
        "showarrow": False,
        "font": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": colour},
    }
