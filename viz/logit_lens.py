"""What each layer's stream would predict: a row of candidates for each depth, and where the token that came stands."""

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

RANKS_WIDTH = 124  # px to the right, for the rank and share of the token that came
ROW = 30  # px


def depths(layers: int) -> list[str]:
    """Names for what enters each layer and what leaves the last."""
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
    """`labels` and `probabilities` (layers + 1, n), the most probable leftmost; the first row is what enters layer 0.

    `came` is the token followed: its `ranks` and `shares` (layers + 1,) stand at the right of each row, and where it is
    among the candidates its cell, given by `columns_of_came`, is framed.
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
        summary=f'The prediction at {len(rows.labels)} depths. "{visible(came)}" came: {settled}.',
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
    """From which depth on the token that came is the most probable."""
    if not ranks or ranks[-1] != 1:
        return "it does not lead at the end"
    first = next(row for row in range(len(ranks)) if all(rank == 1 for rank in ranks[row:]))
    return "it leads at the end alone" if first == len(ranks) - 1 else f"it leads from what enters layer {first} on"


def _beside(row: int, rank: str, share: str, theme: Theme) -> Part:
    """Rank and share of the token that came, at the right edge of a row; row -1 is the heading."""
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
