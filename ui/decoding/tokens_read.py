"""Which tokens were read for a new token: a row of attention for each head, and the alignment of the text so far."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.alignment_heads import LEAST, MOST_TOKENS, Heads, alignment_heads, mean_of
from model.decoding.step import Step
from model.trace import AttentionPart, Trace
from ui import figures
from ui.components.attention_lines.attention_lines import MOST_LINE_TOKENS, Lines, LineWords, attention_lines
from ui.figures import Matrix, array, theme
from ui.maps import attention, key_window
from ui.maps.key_window import KeyWindow
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.shell import requirements
from ui.state import address
from viz.attention import alignment, heads_by_key
from viz.export import matrix_csv
from viz.frame import WIDTH

MEAN, ALIGNED, ALL = "mean", "aligned", "all"
MOST_BUTTONS = 12  # of layers; more are a menu
MOST_HEADS = 48  # of all layers in one figure
MOST_ROWS = 120  # of the alignment, one for each new token
HEAD_NAMES = {MEAN: "mean of its heads", ALIGNED: "mean of the alignment heads"}
DRAWN_AS = {"map": "Map", "lines": "Lines"}
WORDS = LineWords(
    queries="was written", keys="was read", hint="Hover a written token for its sources, or a source for who read it."
)


def layer_name(layer: str | int) -> str:
    """A layer as its picker shows it."""
    return "all layers" if layer == ALL else f"layer {layer}"


def head_name(head: str) -> str:
    """A head as its picker shows it."""
    return HEAD_NAMES.get(head, f"head {head}")


def part_read(run: Run) -> str:
    """The kind of attention by which a decoder reads the text: cross-attention, or its own self-attention."""
    return "cross" if run.lm.kind == "encoder-decoder" else "decoder"


def keys_read(run: Run, step: Step) -> list[str]:
    return [token.label for token in step.trace.tokens("encoder" if part_read(run) == "cross" else "decoder")]


def draw_heads(run: Run, step: Step) -> None:
    """A row of attention for each head, from the token read last while the new one was chosen."""
    if not requirements.has_attention(run.lm):
        requirements.draw_no_tokens_read()
        return
    part = attention.KINDS[part_read(run)].part
    config = run.lm.config
    options: list[str] = [ALL] if config.decoder_layers * config.n_heads <= MOST_HEADS else []
    options += [str(i) for i in range(config.decoder_layers)]
    layer = address.keep_among("read_layer", options, options[0], layer_name)
    chosen = range(config.decoder_layers) if layer == ALL else [int(layer)]
    weights = np.concatenate([array(step.trace.attention("decoder", i, part).weights_from(-1)[:, 0]) for i in chosen])
    names = [f"L{i} H{h}" for i in chosen for h in range(config.n_heads)]
    keys = keys_read(run, step)
    window = key_window.shown(len(keys))
    fig = rows_of_heads(weights, names, keys, step.token.label, window, height=400)
    figures.head(
        fig,
        key="readers",
        heading=f"{'Source tokens' if part == 'cross' else 'Tokens'} attended to at this step",
        explained="A row for each head: its attention from the token read last, while this one is being chosen.",
        filename=f"read-at-step-{step.index}",
        csv=lambda: matrix_csv(weights, names, keys),
    )
    pick_layer(options, key="read_layer")
    key_window.draw(fig, window, key="readers", filename=f"read-at-step-{step.index}")


def rows_of_heads(
    weights: Matrix, names: list[str], keys: list[str], query: str, window: KeyWindow, *, height: int
) -> go.Figure:
    """Weights (heads, key) of one query: a row for each head."""

    def exact(cells: Matrix, labels: Sequence[str]) -> go.Figure:
        return heads_by_key(
            cells,
            labels,
            theme=theme.current(),
            query=query,
            names=names,
            verb="reads",
            title_key="",
            first=window.start,
            width=430,
            height=height,
        )

    return key_window.figure(window, weights, names, keys, exact, width=430, height=height)


def pick_layer(options: Sequence[str] | range, *, key: str) -> None:
    """The picker of a layer, a menu where there are many; `address.keep_among` has brought its value into range before."""
    if len(options) > MOST_BUTTONS:
        st.selectbox(
            "Layer",
            options,
            key=key,
            bind="query-params",
            width=150,
            label_visibility="collapsed",
            format_func=layer_name,
        )
        return
    st.segmented_control(
        "Layer",
        options,
        key=key,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        format_func=layer_name,
    )


def draw_alignment(run: Run, step: Step) -> None:
    """The alignment so far, with a row for each new token. Draws nothing for a model without attention."""
    if not requirements.has_attention(run.lm):
        return
    part = attention.KINDS[part_read(run)].part
    layer, head = alignment_choice(run)
    first = len(run.steps[0].read["decoder"]) - 1 + max(0, step.index + 1 - MOST_ROWS)
    every = heads_rows(step.trace, part, layer, head, heads_that_align(run.trace, head), first)
    weights = every.mean(axis=0)
    keys = keys_read(run, step)
    labels = [one.token.label for one in run.steps[: step.index + 1]][-MOST_ROWS:]
    filename = f"alignment-to-step-{step.index}"
    window = key_window.shown(len(keys))
    fig = alignment_map(weights, labels, keys, min(len(run.steps), MOST_ROWS), window)
    figures.head(
        fig,
        key="alignment",
        heading="Alignment so far" if part == "cross" else "Self-attention so far",
        explained="A row for each token written: its attention when it was chosen. It grows as the sentence grows.",
        filename=filename,
        csv=lambda: matrix_csv(weights, labels, keys),
    )
    draw_alignment_pickers(run, run.trace)
    if step.index + 1 > MOST_ROWS:
        st.caption(f"The last {MOST_ROWS} of {step.index + 1:,} rows.")
    if pick_lines(max(len(labels), len(keys))):
        names = [head] if head.isdecimal() else None
        attention_lines(
            Lines(every, labels, keys, names, transposed=True, words=WORDS, filename="alignment-lines"),
            key="alignment_lines",
        )
    else:
        key_window.draw(fig, window, key="alignment", filename=filename)


def alignment_map(
    weights: Matrix, labels: list[str], keys: list[str], total: int, window: KeyWindow, width: int = WIDTH
) -> go.Figure:
    """The map, of the size it will have when all `total` rows are written."""
    height = 140 + min(400, 34 * total)

    def exact(cells: Matrix, shown: Sequence[str]) -> go.Figure:
        return alignment(
            cells,
            labels,
            shown,
            theme=theme.current(),
            rows_total=total,
            verb="reads",
            title_query="written",
            title_key="",
            first_key=window.start,
            width=width,
            height=height,
        )

    return key_window.figure(
        window,
        weights,
        labels,
        keys,
        exact,
        tokens=True,
        title_row="written",
        rows_total=total,
        width=width,
        height=height,
    )


def pick_lines(longest: int) -> bool:
    """Whether the alignment is drawn as lines between the two texts. A longer text is drawn as a map."""
    if longest > MOST_LINE_TOKENS:
        return False
    address.keep_among("align_as", list(DRAWN_AS), "map", DRAWN_AS.__getitem__)
    picked = st.segmented_control(
        "Drawn as",
        list(DRAWN_AS),
        key="align_as",
        format_func=DRAWN_AS.__getitem__,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        help="Lines: hover a written token and what it read lights up, hover a token that was read and who read it lights up.",
    )
    return picked == "lines"


def heads_rows(trace: Trace, part: AttentionPart, layer: int, head: str, aligned: Heads, first: int) -> Matrix:
    """(heads, query, key) from query `first` on: every head of a layer, one of them, or the mean of those that align."""
    if aligned:
        return mean_of(trace, aligned, first)[None]
    every = array(trace.attention("decoder", layer, part).weights_from(first))
    return every[int(head), None] if head.isdecimal() else every


def heads_that_align(trace: Trace, head: str) -> Heads:
    """The alignment heads of a whole text, worked out once for it; an empty list where their mean is not the chosen `head`."""
    if head != ALIGNED:
        return []
    heads: Heads = kept(trace, ("alignment heads",), list, lambda: alignment_heads(trace))
    return heads


def head_options(run: Run) -> list[str]:
    """What the head picker offers."""
    across = [ALIGNED] if part_read(run) == "cross" else []
    return [MEAN, *across, *(str(i) for i in range(run.lm.config.n_heads))]


def alignment_choice(run: Run) -> tuple[int, str]:
    """The layer and head, or the mean, whose alignment is on screen."""
    config = run.lm.config
    layer = address.keep_among("align_layer", range(config.decoder_layers), config.decoder_layers - 1, layer_name)
    return layer, address.keep_among("align_head", head_options(run), MEAN, head_name)


def draw_alignment_pickers(run: Run, trace: Trace) -> None:
    """The pickers of layer and head, or of a mean; without a layer where the mean is of heads of all layers.

    `trace` is that of the whole text.
    """
    head = st.session_state["align_head"]
    aligned = heads_that_align(trace, head)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not aligned:
            pick_layer(range(run.lm.config.decoder_layers), key="align_layer")
        st.selectbox(
            "Head",
            head_options(run),
            key="align_head",
            bind="query-params",
            width=250,
            label_visibility="collapsed",
            format_func=head_name,
        )
        if head == ALIGNED:
            names = " ".join(f"{layer}.{at}" for layer, at in aligned)
            st.caption(
                f"Heads {names}" if aligned else "No head aligns this text; the mean of the layer's heads instead.",
                width="content",
                help="Layer and head of those that, in the whole text, give a one-to-one pairing of the tokens written and read at "
                f"least {LEAST:.0%} of their attention; not sought where both sides have more than {MOST_TOKENS} tokens.",
            )


def pick_alignment(run: Run, trace: Trace) -> tuple[int, str]:
    """The layer and the head, or the mean of heads, by their pickers."""
    chosen = alignment_choice(run)
    draw_alignment_pickers(run, trace)
    return chosen
