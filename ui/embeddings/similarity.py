"""How alike the embeddings of a text's tokens are: exact cells, or of a long text a pooled map that opens where it is clicked."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from analysis.similarity import cosines, mean_cosines
from model.tap import StackName
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import array, theme
from ui.runs.store import Run
from ui.state.linked import Linked
from viz.export import matrix_csv
from viz.similarity import cosine_similarity_heatmap, pooled_cosines_heatmap
from viz.windows import MOST_CELLS, edges

EXACT_TOKENS = 64  # a side of the part that a click opens
WIDTH, HEIGHT = 520, 420
EXPLAINED = "The cosine between token embeddings, before any position is added."


def _read(text: str) -> tuple[int, int] | None:
    parts = text.split("-")
    one, other = (int(part) if part.isdecimal() and len(part) < 9 else -1 for part in (*parts, "")[:2])
    return (one, other) if len(parts) == 2 and min(one, other) >= 0 else None


PART = Linked[tuple[int, int] | None]("alike", None, _read, lambda at: "" if at is None else f"{at[0]}-{at[1]}")
"""The first row and column of the part on screen; None: the whole."""


def draw_similarity(run: Run, stack: StackName) -> None:
    """Draws the cosine between the embeddings of any two tokens of the text."""
    labels = [token.label for token in run.trace.tokens(stack)]
    if len(labels) <= MOST_CELLS:
        PART.link(None)
        draw_part(run, stack, labels, (0, 0), len(labels))
        return
    part = PART.get()
    if part is None:
        draw_pooled(run, stack, labels)
    else:
        most = len(labels) - EXACT_TOKENS
        start = (min(part[0], most), min(part[1], most))
        draw_part(run, stack, labels, start, EXACT_TOKENS)
        st.caption(
            f"Rows {start[0]:,} to {start[0] + EXACT_TOKENS - 1:,} and columns {start[1]:,} to "
            f"{start[1] + EXACT_TOKENS - 1:,} of {len(labels):,} tokens; the CSV holds this part."
        )
        st.button("Whole text", key="alike_whole", on_click=PART.set, args=(None,))
    PART.link(part)


def draw_part(run: Run, stack: StackName, labels: list[str], start: tuple[int, int], size: int) -> None:
    """Draws exact cells from a row and a column on."""
    rows, columns = (slice(at, at + size) for at in start)
    vectors = run.trace.embedding(stack)
    like = array(cosines(vectors[rows], vectors[columns]))
    down, across = labels[rows], labels[columns]
    fig = cosine_similarity_heatmap(
        like,
        down,
        theme=theme.current(),
        columns=across,
        first=start[0],
        first_column=start[1],
        width=WIDTH,
        height=HEIGHT,
    )
    place(fig, lambda: matrix_csv(like, down, across))


def draw_pooled(run: Run, stack: StackName, labels: list[str]) -> None:
    """Draws the whole of a long text, each cell the mean cosine of a block; a click opens the block's exact cells."""
    marks = edges(0, len(labels))
    cells = array(mean_cosines(run.trace.embedding(stack), marks.tolist()))
    fig = pooled_cosines_heatmap(cells, labels, marks, theme=theme.current(), width=WIDTH, height=HEIGHT)
    names = [f"{start} {labels[start]}" for start in marks[:-1].tolist()]
    place(fig, lambda: matrix_csv(cells, names, names))

    def opened(point: PointEvent) -> None:
        if point.column is not None and max(point.row, point.column) < len(marks) - 1:
            half = EXACT_TOKENS // 2
            PART.set((max(0, int(marks[point.row]) - half), max(0, int(marks[point.column]) - half)))

    plotly_bridge("alike_tokens", key="alike_tokens_bridge", on_point=opened)
    each = len(labels) / (len(marks) - 1)
    st.caption(
        f"{len(labels):,} tokens are more cells than a screen has: each one here is the mean cosine of {each:.3g} by "
        f"{each:.3g}. Click one for its exact cells."
    )


def place(fig: go.Figure, csv: Callable[[], str]) -> None:
    """Places the map under its heading."""
    figures.place(
        fig,
        key="alike_tokens",
        heading="How alike these tokens start",
        explained=EXPLAINED,
        filename="token-similarity",
        csv=csv,
        fill=False,
    )
