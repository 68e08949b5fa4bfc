"""What a head adds to the logits: the tokens promoted and suppressed most, as bars around zero."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, label_axis, new_figure
from viz.labels import quoted, short, visible
from viz.theme import DIVERGING, TOKEN_FONT, Theme

BAR = 21  # px


def promoted_tokens_chart(
    labels: Sequence[str], added: Floats, *, theme: Theme, ids: Sequence[int], title: str
) -> go.Figure:
    """A bar for each token, in the order given: the change `added` (tokens,) to its logit; `ids` go to customdata."""
    if not len(labels) == len(added) == len(ids):
        raise ValueError(f"{len(labels)} tokens, {len(ids)} ids and {len(added)} numbers do not belong together.")
    colours = DIVERGING[theme.name]
    values = np.asarray(added, dtype=np.float32)
    summary = "Nothing is raised or lowered."
    if len(labels):
        top, bottom = int(values.argmax()), int(values.argmin())
        summary = (
            f'Of {len(labels)} tokens, "{visible(labels[top])}" is raised most ({values[top]:+.2f}), '
            f'"{visible(labels[bottom])}" is the lowest ({values[bottom]:+.2f}).'
        )
    bars = go.Bar(
        x=values,
        y=np.arange(len(values)),
        orientation="h",
        marker={"color": [colours[-2] if x > 0 else colours[1] for x in values]},
        customdata=np.array(ids, dtype=np.int64),
        hovertext=[quoted(label) for label in labels],
        hovertemplate="%{hovertext}: %{x:+.4f} to its logit · id %{customdata}<extra></extra>",
        text=[f"{x:+.2f}" for x in values],
        textposition="outside",
        textfont={"family": TOKEN_FONT, "size": 11, "color": theme.muted},
        cliponaxis=False,
    )
    most = float(np.abs(values).max(initial=0.0)) or 1.0
    low, high = min(float(values.min(initial=0.0)), 0.0), max(float(values.max(initial=0.0)), 0.0)
    return new_figure(
        theme,
        summary,
        height=BAR * max(len(values), 1) + 44,
        traces=[bars],
        layout={
            "bargap": 0.3,
            "margin": {"l": 110, "r": 20, "t": 6, "b": 34},
            "xaxis": {"range": [low - 0.22 * most, high + 0.22 * most], "title": {"text": title}, "nticks": 5},
            "yaxis": label_axis([short(label, 14) for label in labels], theme),
        },
    )
