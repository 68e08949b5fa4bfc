"""Ghost bars: what sampling's stages made of a softmax, drawn over the softmax itself."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Part, summary
from viz.labels import escaped
from viz.probabilities import LABELS_WIDTH, format_percent
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

BOTH_WIDTH = 136  # px to the right of the bars, for two shares or a share and a reason


def with_ghosts(
    figure: go.Figure,
    before: Floats,
    after: Floats,
    ruled_out: Sequence[str],
    *,
    theme: Theme,
    to_largest: bool = False,
) -> go.Figure:
    """A `next_token_chart` with a hollow bar for the share each token is drawn with once the choice was narrowed.

    `before` and `after` (bars,) are the shares of the bars as drawn, from the top, the rest last; `ruled_out` names for
    each what took its share away, "" where it kept one. The text beside each bar gives both shares.
    """
    bars = figure.data[0]
    if not len(bars.y) == len(before) == len(after) == len(ruled_out):
        raise ValueError(f"{len(before)}, {len(after)} and {len(ruled_out)} values do not fit {len(bars.y)} bars.")
    texts = [_both(float(b), float(a), out) for b, a, out in zip(before, after, ruled_out, strict=True)]
    rows = np.arange(len(before))
    furthest = np.maximum(before, after)
    bars.update(text=None, hovertemplate=None, hoverinfo="skip")  # the hollow bar answers for its row, with both shares
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
        "meta": {"summary": f"{summary(figure)} Narrowed, {kept} of the {len(before)} bars keep a share."},
    }
    layout["xaxis"] = layout["xaxis"] | {"range": [0, largest if to_largest else 1]}
    return go.Figure(data=[bars, ghost, words], layout=layout)


def _both(before: float, after: float, out: str) -> str:
    first = format_percent(before)
    if out:
        return f"{first} → out: {escaped(out)}"
    return f"{first} → {format_percent(after)}"
