"""The next token: the most probable tokens as bars, and hollow bars for the probabilities after the sampling filters."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, label_axis, new_figure, summary
from viz.labels import escaped, quoted, short, visible
from viz.percent import format_percent
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

BOTH_WIDTH = 136  # px to the right of the bars, for two probabilities, or one and a reason


def with_ghosts(
    figure: go.Figure,
    before: Floats,
    after: Floats,
    ruled_out: Sequence[str],
    *,
    theme: Theme,
    to_largest: bool = False,
) -> go.Figure:
    """A `next_token_chart` with a hollow bar for each token's probability after the sampling filters.

    `before` and `after` (bars,) are the probabilities of the bars from top to bottom, the rest last. `ruled_out` names the filter
    that removed a token, "" where it can still be drawn. The text beside each bar gives both probabilities.
    """
    bars = figure.data[0]
    if not len(bars.y) == len(before) == len(after) == len(ruled_out):
        raise ValueError(f"{len(before)}, {len(after)} and {len(ruled_out)} values do not fit {len(bars.y)} bars.")
    texts = [_both(float(b), float(a), out) for b, a, out in zip(before, after, ruled_out, strict=True)]
    rows = np.arange(len(before))
    furthest = np.maximum(before, after)
    bars.update(text=None, hovertemplate=None, hoverinfo="skip")  # the hollow bar has the hover text of its row
    ghost: Part = {
        "type": "bar",
        "x": np.asarray(after),
        "y": rows,
        "orientation": "h",
        "customdata": bars.customdata,
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": theme.text}},
        "hovertext": bars.hovertext,
        "text": texts,
        "textposition": "none",
        "hovertemplate": "%{hovertext}: %{text}<extra></extra>",
    }
    words: Part = {
        "type": "scatter",
        "x": furthest,
        "y": rows,
        "mode": "text",
        "text": [f" {text}" for text in texts],
        "textposition": "middle right",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    kept = sum(not out for out in ruled_out)
    largest = float(furthest.max(initial=0.0)) or 1.0
    layout = figure.to_dict()["layout"] | {
        "barmode": "overlay",
        "margin": {"l": LABELS_WIDTH, "r": BOTH_WIDTH, "t": 4, "b": 24},
        "meta": {
            "summary": f"{summary(figure)} After the sampling filters, {kept} of the {len(before)} bars are left."
        },
    }
    layout["xaxis"] = layout["xaxis"] | {"range": [0, largest if to_largest else 1]}
    return go.Figure(data=[bars, ghost, words], layout=layout)


def _both(before: float, after: float, out: str) -> str:
    first = format_percent(before)
    if out:
        return f"{first} → out: {escaped(out)}"
    return f"{first} → {format_percent(after)}"


REST_ID = -1  # in customdata, the bar of all other tokens


LABELS_WIDTH = 122  # px, the same for every chart, so that bars do not move between steps


def others(count: int) -> str:
    """ "all other 4,990 tokens" """
    return f"all other {count:,} tokens" if count != 1 else "the one other token"


def next_token_chart(
    labels: Sequence[str],
    probabilities: Floats,
    rest_count: int,
    rest_probability: float,
    *,
    theme: Theme,
    ids: Sequence[int],
    chosen: int | None = None,
    to_largest: bool = False,
    height: int = 340,
) -> go.Figure:
    """The most probable next tokens as bars, the largest on top, and all other tokens as one last muted bar.

    `chosen` is the id of the actual next token. `customdata` has the ids, REST_ID for the last bar, so that a click can be
    resolved. The axis ends at 1, or with `to_largest` (for narrow places) at the longest bar.
    """
    if not len(labels) == len(ids) == len(probabilities):
        raise ValueError(f"{len(labels)} labels, {len(ids)} ids and {len(probabilities)} probabilities do not fit.")
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    values = [float(probabilities[index]) for index in order]
    names = [labels[index] for index in order]
    token_ids = [int(ids[index]) for index in order]
    came = [chosen is not None and token == chosen for token in token_ids]
    hover = [quoted(name) for name in names]
    tick_text = [
        f"<b>▸ {short(name, 12)}</b>" if mark else short(name, 14) for name, mark in zip(names, came, strict=True)
    ]
    colours = [theme.probability] * len(values)
    if rest_count:
        rest = max(float(rest_probability), 0.0)
        values, token_ids, came = [*values, rest], [*token_ids, REST_ID], [*came, False]
        hover, tick_text = [*hover, others(rest_count)], [*tick_text, f"{rest_count:,} others"]
        colours = [*colours, theme.muted]
    shares = [format_percent(value) for value in values]
    bars: Part = {
        "type": "bar",
        "x": np.array(values),
        "y": np.arange(len(values)),
        "orientation": "h",
        "customdata": np.array(token_ids, dtype=np.int64),
        "marker": {"color": colours, "opacity": [1.0 if mark else 0.72 for mark in came], "line": {"width": 0}},
        "text": [f"<b>{share}</b>" if mark else share for share, mark in zip(shares, came, strict=True)],
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "cliponaxis": False,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}: %{text} (%{x:.4g})<extra></extra>",
    }
    layout: Part = {
        "hovermode": "y",  # the whole row reacts, because the bar of a rare token is thinner than a pixel
        "dragmode": False,  # nothing to zoom into
        "bargap": 0.28,
        "margin": {"l": LABELS_WIDTH, "r": 64, "t": 4, "b": 24},
        "xaxis": {
            "range": [0, (max(values, default=0.0) or 1.0) if to_largest else 1],
            "tickformat": ".0%",
            "nticks": 3 if to_largest else 5,
            "tickangle": 0,
            "fixedrange": True,
        },
        "yaxis": label_axis(tick_text, theme) | {"fixedrange": True},
    }
    summary = next_summary(names, values, token_ids, chosen)
    return new_figure(theme, summary, height=height, traces=[bars], layout=layout)


def next_summary(names: Sequence[str], values: Sequence[float], token_ids: Sequence[int], chosen: int | None) -> str:
    """The most probable token, and the actual next token where it is another one."""
    if not names:
        return "No candidates for the next token."
    text = f'The most probable next token is "{visible(names[0])}" ({format_percent(values[0])})'
    if chosen is None or chosen not in token_ids:
        return f"{text}."
    rank = token_ids.index(chosen)
    if rank == 0:
        return f"{text}; it is the token that follows."
    return f'{text}; the token that follows is "{visible(names[rank])}" ({format_percent(values[rank])}).'
