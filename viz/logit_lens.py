"""The logit lens: a row of candidates for each depth, with the rank of the actual next token."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from viz.cells import printed
from viz.frame import Floats, Part, Side, check_grid, numbered, outline
from viz.grid import grid
from viz.labels import quoted, short, visible
from viz.percent import format_percent
from viz.shares import share_trace
from viz.theme import TOKEN_FONT, Theme, probability_scale

RANKS_WIDTH = 124  # px to the right, for rank and probability of the actual token
ROW = 30  # px


def depths(layers: int) -> list[str]:
    """Names for the input of each layer and the output of the last."""
    return [f"into layer {layer}" for layer in range(layers)] + ["out"]


def lens_table(
    labels: Sequence[Sequence[str]],
    probabilities: Floats,
    came: str,
    ranks: Sequence[int],
    shares: Floats,
    *,
    theme: Theme,
    columns_of_came: Sequence[int | None],
    width: int = 560,
) -> go.Figure:
    """`labels` and `probabilities` (layers + 1, n), the most probable on the left; the first row is the input of layer 0.

    `came` is the actual token: its `ranks` and `shares` (layers + 1,) are written to the right of each row, and its cell, given by
    `columns_of_came`, is framed where it is among the candidates.
    """
    count = probabilities.shape[1] if probabilities.ndim == 2 else 0
    rows = Side(depths(len(probabilities) - 1), tokens=False, width=96)
    columns = Side(numbered(count, first=1), "rank", first=1, tokens=False)
    check_grid("Probabilities", probabilities, rows.labels, columns.labels)
    if not len(labels) == len(ranks) == len(shares) == len(columns_of_came) == len(rows.labels):
        raise ValueError(f"Candidates, ranks and shares are needed for each of {len(rows.labels)} depths.")
    trace = share_trace(
        np.asarray(probabilities),
        rows,
        columns,
        theme=theme,
        hover="%{hovertext}: VALUE · rank %{x}, %{y}",
        colours=probability_scale(theme),
        title="probability",
        show_bar=False,
    )
    trace.hovertext = [[quoted(label) for label in row] for row in labels]
    room = max(int(((width - 96 - RANKS_WIDTH) / max(count, 1) - 4) / 6.6), 3)
    text = np.array([[short(label, room) for label in row] for row in labels], dtype=object).reshape(
        probabilities.shape
    )
    settled = _settled(list(ranks))
    fig = grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=f'The prediction at {len(rows.labels)} depths. "{visible(came)}" {settled}.',
        width=width,
        height=ROW * len(rows.labels) + 52,
        square=False,
        text=printed(trace, text, probability_scale(theme)),
        framed=[
            outline(theme, x=(at + 1, at + 1), y=(row, row)) for row, at in enumerate(columns_of_came) if at is not None
        ],
    )
    beside = [
        _beside(row, f"{rank:,}", format_percent(float(share)), theme)
        for row, (rank, share) in enumerate(zip(ranks, shares, strict=True))
    ]
    heading = _beside(-1, "rank", "share", theme)
    return fig.update_layout(margin={"r": RANKS_WIDTH}, annotations=[*fig.layout.annotations, heading, *beside])


def _settled(ranks: list[int]) -> str:
    """The depth from which the actual token is the most probable."""
    if not ranks or ranks[-1] != 1:
        return "is not the most probable token at the end"
    first = next(row for row in range(len(ranks)) if all(rank == 1 for rank in ranks[row:]))
    where = "only at the end" if first == len(ranks) - 1 else f"from the input of layer {first} on"
    return f"is the most probable token {where}"


def _beside(row: int, rank: str, share: str, theme: Theme) -> Part:
    """Rank and probability of the actual token, to the right of a row; row -1 is the heading."""
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 8,
        "y": row if row >= 0 else 1,
        "yref": "y" if row >= 0 else "paper",
        "yanchor": "middle" if row >= 0 else "bottom",
        "text": f"{rank:>6} {share:>8}".replace(" ", "\u00a0"),
        "showarrow": False,
        "font": {"family": TOKEN_FONT, "size": 11, "color": theme.text if row >= 0 else theme.muted},
    }
