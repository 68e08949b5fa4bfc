"""How the model represents positions: a section for each position scheme, with the values of this run."""

import numpy as np
import streamlit as st
import torch

from analysis.similarity import cosines
from model.positions import AlibiBias, Positions, RelativeBias, relative_bucket
from model.tap import StackName
from ui import figures
from ui.embeddings import rotary
from ui.figures import Matrix, array, theme
from ui.maps import pickers
from ui.maps.row_pages import RowPage
from ui.runs.store import Run
from ui.state import address
from viz import positions as chart
from viz.embedding import position_table_heatmap, waves
from viz.export import matrix_csv, table_csv
from viz.similarity import cosine_similarity_heatmap

WAVES = 3  # wavelengths drawn
MOST_POSITIONS = 128  # compared with each other
WAVE_POSITIONS = 64  # drawn of each wave
LEAST_REACH = 32  # positions the map of distances covers, however short the text
SAYS = {
    "sinusoidal": "A fixed wave for each position is added to the embedding, so that equal pieces in different places differ.",
    "learned": "A learned vector for each position is added to the embedding: a row of a table, trained like any other weight.",
    "rotary": "Nothing is added to the embedding: inside attention, pairs of each query's and key's numbers turn by an angle that "
    "grows with position, so that their product depends on how far apart they stand.",
    "alibi": "Nothing is added to the embedding: every attention score is lowered by the distance times a slope of the head's own.",
    "relative": "Nothing is added to the embedding: every attention score gets a learned bias for its distance, which falls into "
    "one of a few buckets.",
    "none": "This model is told nothing about positions; a decoder can only tell them by how much it may look at.",
}

IN_TURN = (
    "Nothing tells this model where a token stands: it reads one after another, and order is the order of reading."
)


def draw_positions(run: Run, stack: StackName, focus: int, page: RowPage) -> None:
    """Draws the section of the page about the model's position scheme; of a long text for the tokens of the page."""
    scheme = run.lm.config.positions
    st.subheader("How it knows the order", anchor=False)
    st.caption(SAYS[scheme] if run.lm.config.recurrence == "none" else IN_TURN)
    if scheme == "sinusoidal":
        draw_sinusoids(run, stack, focus)
    elif scheme == "learned":
        draw_learned(run, stack, page)
    elif scheme == "rotary":
        rotary.draw_rotary(run, stack, focus, page)
    elif scheme == "alibi":
        draw_alibi(run, stack, page)
    elif scheme == "relative":
        draw_relative(run, stack, page)


def labels_of(run: Run, stack: StackName, page: RowPage) -> list[str]:
    return [token.label for token in run.trace.tokens(stack)[page.rows]]


def scheme_of(run: Run, stack: StackName) -> Positions:
    """The position scheme of a stack, with its weights."""
    net = run.lm.net.encoder if stack == "encoder" else run.lm.net.decoder
    assert net is not None
    return net.positions


def table_of(run: Run, stack: StackName, count: int, first: int = 0) -> Matrix:
    """(count, d_model): the vectors the model adds from position `first` on; fewer rows where it has fewer positions."""
    most, end = run.lm.config.max_positions, first + count
    at = torch.arange(first, end if most is None else min(end, most), device=run.lm.device)
    with torch.inference_mode():
        table = scheme_of(run, stack).embed(at)
    assert table is not None
    return array(table)


def draw_sinusoids(run: Run, stack: StackName, at: int) -> None:
    """Draws a few waves, and how similar positions are."""
    start = at // MOST_POSITIONS * MOST_POSITIONS  # of a long text the part that holds the token in focus
    table = table_of(run, stack, MOST_POSITIONS, start)
    left, right = st.columns(2, gap="large")
    with left:
        draw_waves(table, at, start)
    with right:
        draw_similarity(table, start)


def draw_waves(table: Matrix, at: int, start: int) -> None:
    """Draws a sine and a cosine of three wavelengths; the table's first row is position `start`."""
    half = table.shape[1] // 2
    first = [int(i) for i in np.linspace(0, half // 2, WAVES, dtype=int)]
    dims = sorted({*first, *(half + i for i in first)})
    shown = table[: max(WAVE_POSITIONS, at - start + 1)]
    chosen = at if at - start < len(shown) else None
    fig = waves(shown, dims, theme=theme.current(), selected=chosen, first=start, height=340)
    figures.place(
        fig,
        key="waves",
        heading="A few dimensions along the text",
        explained="Each dimension of a sinusoidal position vector is a wave: the first turn fast, later ones slowly. Sines fill "
        "the first half of the vector, cosines the second. The dotted line is the token chosen above.",
        filename="positions",
        csv=lambda: matrix_csv(table, numbers(len(table), start), numbers(table.shape[1])),
    )


def draw_similarity(table: Matrix, start: int) -> None:
    """Draws the cosine between the vectors of any two positions; the table's first row is position `start`."""
    names = numbers(len(table), start)
    like = array(cosines(torch.from_numpy(table)))
    fig = cosine_similarity_heatmap(
        like, names, theme=theme.current(), tokens=False, first=start, width=460, height=340
    )
    figures.place(
        fig,
        key="alike_positions",
        heading="How alike positions are",
        explained="The cosine between position vectors: 1 where they point the same way, 0 where they have nothing in common.",
        filename="position-similarity",
        csv=lambda: matrix_csv(like, names, names),
        fill=False,
    )


def numbers(count: int, start: int = 0) -> list[str]:
    return [str(i) for i in range(start, start + count)]


def draw_learned(run: Run, stack: StackName, page: RowPage) -> None:
    """The rows of the table this text used, and how alike positions are."""
    used = run.trace.position(stack)
    assert used is not None
    rows, offset = array(used[page.rows]), run.lm.config.position_offset
    left, right = st.columns(2, gap="large")
    with left:
        fig = position_table_heatmap(rows, theme=theme.current(), first=page.start, height=340)
        counts = f" This model's table starts counting at row {offset}." if offset else ""
        figures.place(
            fig,
            key="rows_used",
            heading="The rows of the table this text used",
            explained=f"A learned vector a position, as it was added in this run.{counts}",
            filename=f"positions-{stack}",
            csv=lambda: matrix_csv(rows, numbers(len(rows), page.start), numbers(rows.shape[1])),
        )
    with right:
        draw_similarity(table_of(run, stack, MOST_POSITIONS, page.start), page.start)


def draw_alibi(run: Run, stack: StackName, page: RowPage) -> None:
    """Draws the slope of every head, and the bias one head adds to its scores."""
    bias = scheme_of(run, stack).bias()
    assert isinstance(bias, AlibiBias)
    slopes = array(bias.slopes)
    left, right = st.columns(2, gap="large")
    with left:
        figures.place(
            chart.slopes_chart(slopes, theme=theme.current(), height=340),
            key="slopes",
            heading="The slope of every head",
            explained="ALiBi: how much a head's score falls for each step of distance. A steep head sees only what is near, a flat "
            "one the whole text. Slopes are fixed, not learned.",
            filename="alibi-slopes",
            csv=lambda: table_csv({"head": list(range(len(slopes))), "slope": [float(x) for x in slopes]}),
        )
    with right:
        head = pick_head(run)
        names = labels_of(run, stack, page)
        attention = run.trace.attention(stack, 0)
        at = torch.arange(page.start, page.end, device=run.lm.device)
        assert attention.position_bias is not None
        added = attention.position_bias(at, at)[head]
        ahead = at > at[:, None]
        shown = array(added.masked_fill(ahead, float("nan")) if attention.causal else added)
        fig = chart.bias_heatmap(shown, names, names, theme=theme.current(), first=page.start, width=520)
        figures.place(
            fig,
            key="bias",
            heading=f"What head {head} adds to its scores",
            explained="Before the softmax: the distance from query to key times the head's slope, taken away. The same in every "
            "layer. Keys ahead of their query stay blank.",
            filename=f"alibi-bias-head-{head}",
            csv=lambda: matrix_csv(shown, names, names),
            fill=False,
        )


def draw_relative(run: Run, stack: StackName, page: RowPage) -> None:
    """Draws each head's learned bias at every distance, and for one head the bias of each pair of this text."""
    bias, config = scheme_of(run, stack).bias(), run.lm.config
    assert isinstance(bias, RelativeBias)
    names, both = labels_of(run, stack, page), stack == "encoder"
    # From `relative_reach` on all distances share a bucket, so a longer map would say nothing more.
    reach = max(LEAST_REACH, min(page.count - 1, config.relative_reach + 1))
    offsets = torch.arange(-reach, reach + 1 if both else 1)
    buckets = relative_bucket(offsets, config.relative_buckets, config.relative_reach, bidirectional=both).numpy()
    table = array(bias.table).T  # (heads, buckets)
    by_offset = np.ascontiguousarray(table[:, buckets])
    left, right = st.columns(2, gap="large")
    with left:
        figures.place(
            chart.offsets_heatmap(by_offset, offsets.numpy(), theme=theme.current(), buckets=buckets, width=620),
            key="offsets",
            heading="Every head's bias at every distance",
            explained="Learned: what is added to a score for a key that many places before (-) or after (+) its query. Near "
            "distances have a bucket each, far ones share. "
            + ("The encoder looks both ways." if both else "The decoder only looks back."),
            filename=f"relative-bias-{stack}",
            csv=lambda: matrix_csv(by_offset, [f"head {h}" for h in range(len(table))], [str(int(o)) for o in offsets]),
        )
    with right:
        head = pick_head(run)
        at = np.arange(len(names))
        pairs = buckets[np.clip(at[None, :] - at[:, None], -reach, 0 if not both else reach) + reach]
        fig = chart.bucket_heatmap(
            pairs, table[head], names, names, theme=theme.current(), hide_future=not both, first=page.start, width=520
        )
        figures.place(
            fig,
            key="buckets",
            heading=f"What head {head} adds in this text",
            explained=f"Each pair's distance falls into one of {config.relative_buckets} buckets; the head has a learned bias for "
            "each, the same in every layer. The bucket stands in the hover text.",
            filename=f"relative-bias-{stack}-head-{head}",
            csv=lambda: matrix_csv(np.ascontiguousarray(table[head][pairs]), names, names),
            fill=False,
        )


def pick_head(run: Run) -> int:
    """The head whose bias is shown."""
    address.settle("head", run.lm.config.n_heads)
    return pickers.pick_number(st.container(), "Head", "head", run.lm.config.n_heads)
