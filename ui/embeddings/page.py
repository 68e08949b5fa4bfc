"""The embeddings page: each token's embedding, what its position adds, and which embeddings are near."""

import numpy as np
import streamlit as st
import torch

from analysis.similarity import Projection, nearest, projection
from model.tap import StackName
from model.tokenizers.tokens import Token
from ui import figures
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import array, markdown, theme
from ui.maps import row_pages
from ui.maps.row_pages import RowPage
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state import address
from ui.state.linked import Linked, linked_number
from viz.embedding import sum_of_parts, vectors_heatmap
from viz.export import matrix_csv, table_csv
from viz.similarity import neighbours_chart
from viz.similarity import projection as projection_chart

NEIGHBOURS = 12
ROW, PANEL, LONG_PANEL = 16.0, 256.0, 144.0  # px of a row, and at most of all rows of a part
TOKENS_A_PAGE = 32
FROM = linked_number("tokens_from")  # the first token of the page on screen
TOKEN = Linked("token", -1, address.whole_number, str)  # the token in focus; -1: nobody chose one
STACKS: dict[StackName, str] = {"encoder": "Encoder: the text read", "decoder": "Decoder: the text written"}


def pick_stack(run: Run) -> StackName:
    """Which stack's input is shown, where there are two."""
    stacks: list[StackName] = [name for name in STACKS if name in run.stacks]
    address.keep_among("stack", stacks, stacks[0], lambda name: STACKS[name])
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


def pick_page(count: int) -> RowPage:
    """The page of a long text whose tokens the figures show, with buttons that turn to the others."""
    note = "The figures of tokens below show these; “What lies near” is of the whole text."
    return row_pages.pick(count, FROM, key="tokens", size=TOKENS_A_PAGE, note=note)


def pick_token(run: Run, tokens: tuple[Token, ...], page: RowPage) -> int:
    """The position of the token in focus, chosen by a click; at first one that shows something."""
    held = TOKEN.get()
    chosen = first_focus(run, tokens) if held < 0 else address.in_range(held, len(tokens))
    if held >= 0:
        TOKEN.set(chosen)
    TOKEN.link(chosen if held >= 0 else held)

    def focus(event: ChipEvent) -> None:
        TOKEN.set(page.start + event.index)

    chips = [
        Chip(t.label, note=str(t.id), title=f"position {i}, id {t.id}", special=t.special, current=i == chosen)
        for i, t in enumerate(tokens[page.rows], start=page.start)
    ]
    token_strip([Strip("piece, id", chips)], key="focus", label="Choose a token", on_token=focus)
    return chosen


def first_focus(run: Run, tokens: tuple[Token, ...]) -> int:
    """The token in focus before anyone chooses one: the first; with rotary positions the last one typed, because position 0
    does not turn."""
    if run.lm.config.positions != "rotary" or run.lm.config.recurrence != "none":
        return 0
    plain = [
        i for i, token in enumerate(tokens[: run.typed] if run.reader == "decoder" else tokens) if not token.special
    ]
    return plain[-1] if plain else 0


def draw_parts(run: Run, stack: StackName, page: RowPage) -> None:
    """Draws embedding, position, segment and their sum, as recorded in the run, for the tokens of the page."""
    labels = [token.label for token in run.trace.tokens(stack)[page.rows]]
    recorded = (run.trace.embedding(stack), run.trace.position(stack), run.trace.segment(stack))
    embedding, position, segment = recorded[0][page.rows], *(x if x is None else x[page.rows] for x in recorded[1:])
    total = embedding + sum(x for x in (position, segment) if x is not None)
    dims = [str(i) for i in range(total.shape[1])]
    normed = run.lm.config.embed_norm
    if position is None and segment is None:  # the sum would repeat the embedding
        fig = vectors_heatmap(
            array(embedding), labels, theme=theme.current(), name="embedding", first=page.start, width=1000
        )
    else:
        fig = sum_of_parts(
            array(embedding),
            None if position is None else array(position),
            array(total),
            labels,
            theme=theme.current(),
            segment=None if segment is None else array(segment),
            total_name="= what the first norm reads" if normed else "= what enters the first layer",
            row_height=min(ROW, (LONG_PANEL if page.long else PANEL) / len(labels)),
            first=page.start,
        )
    added = "".join(f" + {name}" for name, x in (("position", position), ("segment", segment)) if x is not None)
    then = " Segment: the vector of the sentence a token belongs to." if segment is not None else ""
    figures.place(
        fig,
        key="parts",
        heading=f"Embedding{added} = what {'the first norm reads' if normed else 'enters the first layer'}",
        explained=f"A row a token, a column a dimension, recorded in this run. One colour scale serves all.{then}",
        filename=f"embedding-{stack}",
        csv=lambda: matrix_csv(array(total), labels, dims, first_query=page.start),
    )


def draw_neighbours(run: Run, token: Token) -> None:
    """Draws the pieces of the vocabulary whose embeddings are nearest to one token's."""
    table = run.lm.net.tokens.weight
    found = nearest(table[token.id], table, NEIGHBOURS, frozenset({token.id}))
    ids, labels = [i for i, _ in found], [run.lm.token(i).label for i, _ in found]
    values = np.asarray([cosine for _, cosine in found], dtype=np.float32)
    fig = neighbours_chart(labels, values, theme=theme.current(), word=token.label, ids=ids, height=420)
    figures.place(
        fig,
        key="neighbours",
        heading=f"Pieces nearest to {markdown.quoted(token.label)}",
        explained="By the cosine of their embeddings, over the whole vocabulary. Choose another token above.",
        filename=f"neighbours-{token.id}",
        csv=lambda: table_csv({"id": ids, "token": labels, "cosine": [float(v) for v in values]}),
    )


def groups_of(run: Run, stack: StackName) -> list[str]:
    """The group of each token of a stack: read or written, or the sentence where there are two."""
    count = len(run.trace.tokens(stack))
    if run.segments is not None:
        return [("first sentence", "second sentence")[min(number, 1)] for number in run.segments]
    if run.reader == "decoder":
        return ["read"] * run.typed + ["written"] * (count - run.typed)
    return ["read" if stack == "encoder" else "written"] * count


def draw_flat_map(run: Run) -> None:
    """Draws the embeddings of all tokens in two dimensions."""
    labels = [token.label for stack in run.stacks for token in run.trace.tokens(stack)]
    groups = [group for stack in run.stacks for group in groups_of(run, stack)]
    found = kept(
        run,
        ("embeddings on two directions",),
        Projection,
        lambda: projection(torch.cat([run.trace.embedding(stack) for stack in run.stacks])),
    )
    points = array(found.points)
    fig = projection_chart(points, labels, groups, found.explained, theme=theme.current(), height=380)
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
