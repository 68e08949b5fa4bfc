"""The embeddings page: what a token starts as, where its place enters, and what lies near it."""

import numpy as np
import streamlit as st
import torch

from analysis.similarity import cosines, nearest, projection
from model.tap import StackName
from model.tokens import Token
from ui import attention_view, figures, settings, theme
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import Matrix, array
from ui.runs import Run
from viz import embedding as draw
from viz.export import matrix_csv, table_csv
from viz.similarity import cosine_similarity_heatmap, neighbours_chart
from viz.similarity import projection as projection_chart

WAVES = 3
NEIGHBOURS = 12
POSITIONS_MOST = 128
WAVE_POSITIONS = 64
STACKS: dict[StackName, str] = {"encoder": "Encoder: the text read", "decoder": "Decoder: the text written"}


def pick_stack(run: Run) -> StackName:
    """Which stack's input is shown, where there are two."""
    stacks: list[StackName] = [name for name in STACKS if name in run.stacks]
    settings.keep_among("stack", stacks, stacks[0])
    if len(stacks) == 1:
        return stacks[0]
    picked = st.segmented_control(
        "Stack",
        stacks,
        key="stack",
        format_func=lambda name: STACKS[name],
        label_visibility="collapsed",
        bind="query-params",
        required=True,
    )
    return picked or stacks[0]


def pick_token(tokens: tuple[Token, ...]) -> int:
    """The token in focus, by click."""
    chosen = settings.settle("token", len(tokens))

    def focus(event: ChipEvent) -> None:
        st.session_state["token"] = event.index

    chips = [
        Chip(t.label, note=str(t.id), title=f"position {i}, id {t.id}", special=t.special, current=i == chosen)
        for i, t in enumerate(tokens)
    ]
    token_strip([Strip("piece, id", chips)], key="focus", label="Choose a token", on_token=focus)
    return chosen


def parts(run: Run, stack: StackName) -> None:
    """Embedding, position and their sum, as recorded."""
    labels = [token.label for token in run.trace.tokens(stack)]
    embedding, position = run.trace.embedding(stack), run.trace.position(stack)
    total = embedding + sum(x for x in (position, run.trace.segment(stack)) if x is not None)
    dims = [str(i) for i in range(total.shape[1])]
    fig = draw.sum_of_parts(
        array(embedding),
        None if position is None else array(position),
        array(total),
        labels,
        theme=theme.current(),
        width=1000,
    )
    figures.place(
        fig,
        key="parts",
        heading="Embedding + position = what enters the first layer",
        explained="A row a token, a column a dimension, recorded in this run. One colour scale serves all three.",
        filename=f"embedding-{stack}",
        csv=lambda: matrix_csv(array(total), labels, dims),
    )


def position_table(run: Run, stack: StackName) -> Matrix | None:
    """(positions, d_model): the scheme's vector for each position, as the model itself adds them; None where it adds none."""
    net = run.lm.net.encoder if stack == "encoder" else run.lm.net.decoder
    assert net is not None
    shown = min(POSITIONS_MOST, run.lm.config.max_positions or POSITIONS_MOST)
    with torch.inference_mode():
        table = net.positions.embed(torch.arange(shown, device=run.lm.device))
    return None if table is None else array(table)


def positions(run: Run, stack: StackName, at: int) -> None:
    """The position scheme's own vectors: a few dimensions as lines, and how alike positions are."""
    table = position_table(run, stack)
    if table is None:
        scheme = run.lm.config.positions
        st.info(f"This model adds no position vector: its scheme is “{scheme}”, which acts inside attention.")
        return
    names = [str(i) for i in range(len(table))]
    left, right = st.columns(2, gap="large")
    with left:
        waves(table, names, at, fixed=run.lm.config.positions == "sinusoidal")
    with right:
        like = array(cosines(torch.from_numpy(table)))
        fig = cosine_similarity_heatmap(like, names, theme=theme.current(), tokens=False, width=460, height=340)
        figures.place(
            fig,
            key="alike_positions",
            heading="How alike positions are",
            explained="The cosine between position vectors: places close together are alike.",
            filename="position-similarity",
            csv=lambda: matrix_csv(like, names, names),
            fill=False,
        )


def waves(table: Matrix, names: list[str], at: int, *, fixed: bool) -> None:
    """Some dimensions of the table as lines; for sinusoids a sine and a cosine of three wavelengths."""
    half = table.shape[1] // 2
    first = [int(i) for i in np.linspace(0, half // 2, WAVES, dtype=int)]
    dims = sorted({*first, *(half + i for i in first)}) if fixed else first
    shown = table[: max(WAVE_POSITIONS, at + 1)]
    fig = draw.waves(shown, dims, theme=theme.current(), selected=at if at < len(shown) else None, height=340)
    figures.place(
        fig,
        key="waves",
        heading="A few dimensions along the text",
        explained="Each dimension of a sinusoidal position vector is a wave: the first turn fast, later ones slowly. Sines fill "
        "the first half of the vector, cosines the second. The dotted line is the token chosen above.",
        filename="positions",
        csv=lambda: matrix_csv(table, names, [str(i) for i in range(table.shape[1])]),
    )


def likeness(run: Run, stack: StackName) -> None:
    """Cosine between the embeddings of the sentence's tokens."""
    labels = [token.label for token in run.trace.tokens(stack)]
    like = array(cosines(run.trace.embedding(stack)))
    fig = cosine_similarity_heatmap(like, labels, theme=theme.current(), width=520, height=420)
    figures.place(
        fig,
        key="alike_tokens",
        heading="How alike these tokens start",
        explained="The cosine between token embeddings, before any position is added.",
        filename="token-similarity",
        csv=lambda: matrix_csv(like, labels, labels),
        fill=False,
    )


def neighbours(run: Run, token: Token) -> None:
    """The vocabulary's pieces nearest to one token."""
    table = run.lm.net.tokens.weight
    found = nearest(table[token.id], table, NEIGHBOURS, frozenset({token.id}))
    ids, labels = [i for i, _ in found], [run.lm.token(i).label for i, _ in found]
    values = np.asarray([cosine for _, cosine in found], dtype=np.float32)
    fig = neighbours_chart(labels, values, theme=theme.current(), word=token.label, ids=ids, height=420)
    figures.place(
        fig,
        key="neighbours",
        heading=f"Pieces nearest to {attention_view.quoted(token.label)}",
        explained="By the cosine of their embeddings, over the whole vocabulary. Choose another token above.",
        filename=f"neighbours-{token.id}",
        csv=lambda: table_csv({"id": ids, "token": labels, "cosine": [float(v) for v in values]}),
    )


def flat(run: Run) -> None:
    """All the sentence's tokens in two dimensions, as they start."""
    names = {"encoder": "read", "decoder": "written"}
    labels = [token.label for stack in run.stacks for token in run.trace.tokens(stack)]
    groups = [names[stack] for stack in run.stacks for _ in run.trace.tokens(stack)]
    found = projection(torch.cat([run.trace.embedding(stack) for stack in run.stacks]))
    points = array(found.points)
    fig = projection_chart(points, labels, groups, found.explained, theme=theme.current(), height=440)
    figures.place(
        fig,
        key="flat",
        heading="The embeddings on a flat map",
        explained="Principal components: the two directions along which these tokens differ most, and the share of the "
        "variance each holds.",
        filename="embedding-projection",
        csv=lambda: table_csv(
            {
                "token": labels,
                "group": groups,
                "x": [float(x) for x in points[:, 0]],
                "y": [float(y) for y in points[:, 1]],
            }
        ),
    )
