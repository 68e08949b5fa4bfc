"""Who was read for a token: every head's row for it, and the alignment as it grows."""

from weakref import WeakKeyDictionary

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.alignment_heads import LEAST, MOST_TOKENS, Heads, alignment_heads, mean_of
from model.decoding.step import Step
from model.trace import AttentionPart, Trace
from ui import figures
from ui.components.attention_lines.attention_lines import MOST, Lines, LineWords, attention_lines
from ui.figures import Matrix, array, theme
from ui.maps import attention
from ui.runs.runner import Run
from ui.shell import requirements
from ui.state import address
from viz.attention import alignment, heads_by_key
from viz.export import matrix_csv

MEAN, ALIGNED, ALL = "mean", "aligned", "all"
ROWS_AT_ONCE = 48
MOST_ROWS = 120  # of the alignment
HEAD_NAMES = {MEAN: "mean of its heads", ALIGNED: "mean of the alignment heads"}
DRAWN_AS = {"map": "Map", "lines": "Lines"}
_ALIGNING: WeakKeyDictionary[Trace, Heads] = WeakKeyDictionary()
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
    """Where a decoder reads the text: across, or within itself."""
    return "cross" if run.lm.kind == "encoder-decoder" else "decoder"


def keys_read(run: Run, step: Step) -> list[str]:
    return [token.label for token in step.trace.tokens("encoder" if part_read(run) == "cross" else "decoder")]


def readers(run: Run, step: Step) -> None:
    """Each head's row for the token being written."""
    if not requirements.has_attention(run.lm):
        requirements.nothing_is_looked_back_at()
        return
    part = attention.KINDS[part_read(run)].part
    config = run.lm.config
    options: list[str] = [ALL] if config.decoder_layers * config.n_heads <= ROWS_AT_ONCE else []
    options += [str(i) for i in range(config.decoder_layers)]
    layer = address.keep_among("read_layer", options, options[0], layer_name)
    chosen = range(config.decoder_layers) if layer == ALL else [int(layer)]
    weights = np.concatenate([array(step.trace.attention("decoder", i, part).weights_from(-1)[:, 0]) for i in chosen])
    names = [f"L{i} H{h}" for i in chosen for h in range(config.n_heads)]
    keys = keys_read(run, step)
    fig = heads_by_key(
        weights,
        keys,
        theme=theme.current(),
        query=step.token.label,
        names=names,
        verb="reads",
        title_key="",
        width=430,
        height=400,
    )
    figures.head(
        fig,
        key="readers",
        heading="Who is read for it",
        explained="A row for each head: its attention from the token read last, while this one is being chosen.",
        filename=f"read-at-step-{step.index}",
        csv=lambda: matrix_csv(weights, names, keys),
    )
    st.segmented_control(
        "Layer",
        options,
        key="read_layer",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        format_func=layer_name,
    )
    figures.chart(fig, key="readers", filename=f"read-at-step-{step.index}")


def growing(run: Run, step: Step) -> None:
    """The alignment so far: a row for each token written; nothing where there is no attention."""
    if not requirements.has_attention(run.lm):
        return
    part = attention.KINDS[part_read(run)].part
    layer, head = alignment_at(run)
    first = len(run.steps[0].read["decoder"]) - 1 + max(0, step.index + 1 - MOST_ROWS)
    every = heads_rows(step.trace, part, layer, head, aligning(run.trace, head), first)
    weights = every.mean(axis=0)
    keys = keys_read(run, step)
    labels = [one.token.label for one in run.steps[: step.index + 1]][-MOST_ROWS:]
    filename = f"alignment-to-step-{step.index}"
    fig = alignment_map(weights, labels, keys, min(len(run.steps), MOST_ROWS))
    figures.head(
        fig,
        key="alignment",
        heading="Alignment so far",
        explained="A row for each token written: where the heads looked while it was chosen. It grows as the sentence grows.",
        filename=filename,
        csv=lambda: matrix_csv(weights, labels, keys),
    )
    alignment_pickers(run, run.trace)
    if step.index + 1 > MOST_ROWS:
        st.caption(f"The last {MOST_ROWS} of {step.index + 1:,} rows.")
    if as_lines(max(len(labels), len(keys))):
        names = [head] if head.isdecimal() else None
        attention_lines(
            Lines(every, labels, keys, names, transposed=True, words=WORDS, filename="alignment-lines"),
            key="alignment_lines",
        )
    else:
        figures.chart(fig, key="alignment", filename=filename)


def alignment_map(weights: Matrix, labels: list[str], keys: list[str], total: int) -> go.Figure:
    """The map, of the size it will have when all `total` rows are written."""
    return alignment(
        weights,
        labels,
        keys,
        theme=theme.current(),
        rows_total=total,
        verb="reads",
        title_query="written",
        title_key="",
        height=140 + min(400, 34 * total),
    )


def as_lines(longest: int) -> bool:
    """Whether the alignment is drawn as lines between the two texts; where one is too long there is no choice."""
    if longest > MOST:
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


def aligning(trace: Trace, head: str) -> Heads:
    """The heads that align in a whole text, where their mean was chosen; worked out once for it."""
    if head != ALIGNED:
        return []
    if trace not in _ALIGNING:
        _ALIGNING[trace] = alignment_heads(trace)
    return _ALIGNING[trace]


def offered(run: Run) -> list[str]:
    """What the head picker offers."""
    across = [ALIGNED] if part_read(run) == "cross" else []
    return [MEAN, *across, *(str(i) for i in range(run.lm.config.n_heads))]


def alignment_at(run: Run) -> tuple[int, str]:
    """The layer and head, or the mean, whose alignment is on screen."""
    config = run.lm.config
    layer = address.keep_among("align_layer", range(config.decoder_layers), config.decoder_layers - 1, layer_name)
    return layer, address.keep_among("align_head", offered(run), MEAN, head_name)


def alignment_pickers(run: Run, trace: Trace) -> None:
    """Layer and head, or a mean; no layer where the mean is of heads of all layers. `trace` is of the whole text."""
    head = st.session_state["align_head"]
    aligned = aligning(trace, head)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not aligned:
            st.segmented_control(
                "Layer",
                range(run.lm.config.decoder_layers),
                key="align_layer",
                bind="query-params",
                required=True,
                format_func=layer_name,
                label_visibility="collapsed",
            )
        st.selectbox(
            "Head",
            offered(run),
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
    """The same, with its pickers drawn here."""
    chosen = alignment_at(run)
    alignment_pickers(run, trace)
    return chosen
