"""The pickers of attention, layer and head."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.errors import InputError
from ui.components.head_grid.head_grid import HeadEvent
from ui.components.keys.keys import keys
from ui.figures import markdown
from ui.maps.attention import KINDS, PAIRS, AttentionKind, AttentionView, available
from ui.runs import runner
from ui.runs.store import Run, RunSpec, read_alone
from ui.state import address
from ui.state.shown_head import begin_with, is_head_chosen, show_head


def pick_target(run: Run) -> Run:
    """The run on screen, or the one asked for by the switch beside the kind of attention: that of a decoder's prompt alone, or
    that of an encoder-decoder whose decoder reads a target typed by the person."""
    if run.lm.kind == "decoder" and run.steps and st.session_state.get("prompt_only"):
        return runner.get(read_alone(run.spec))
    if run.lm.kind != "encoder-decoder" or not st.session_state.get("own_target"):
        return run
    address.start_with("target", run.lm.text([token.id for token in run.generated]))
    target = st.text_area(
        "What the decoder reads",
        key="target",
        height="content",
        bind="query-params",
        placeholder="Type a target sentence",
    )
    if not (target or "").strip():
        st.info("No target yet: the decoder reads its start token alone. Type a sentence.", icon="✏️")
    try:
        return runner.get(
            RunSpec(run.spec.model, run.spec.device, run.spec.text, target=target or "", ids=run.spec.ids)
        )
    except InputError as error:
        st.warning(markdown.sentence(str(error)) + " Shown below: what the model itself wrote.", icon="⚠️")
        return run


def pick_pairs(run: Run) -> None:
    """For two sentences: whether all attention is shown, only that within a sentence, or only that between the two."""
    if run.segments is None:
        return
    address.keep_among("pairs", PAIRS, PAIRS[0])
    st.segmented_control(
        "Sentences",
        PAIRS,
        key="pairs",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        help="Show all attention, only that within a sentence, or only that between the two. The rest is blank; the weights shown "
        "are untouched, so a row need not sum to 1.",
    )


def sharpest(weights: Iterable[NDArray[np.float32]]) -> int:
    """Index of the sharpest of some heads (query, key): the one with the largest mean, over queries, of the largest weight."""
    return int(np.argmax([head.max(axis=-1).mean() for head in weights]))


def choose(event: HeadEvent) -> None:
    """A click on a thumbnail writes the pickers' keys."""
    show_head(event.layer, event.head)


def pick_head(view: AttentionView) -> tuple[int, int]:
    """Layer and head. The default is the sharpest head of the last layer; numbers that the model does not have are brought into
    range."""
    if not is_head_chosen():
        last = view.layers - 1
        each = (view.head_weights(last, head) for head in range(view.heads))
        begin_with(last, sharpest(each), "attention")
    address.settle("layer", view.layers)
    address.settle("head", view.heads)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    return pick_number(row, "Layer", "layer", view.layers), pick_number(row, "Head", "head", view.heads)


def pick_number(where: st.delta_generator.DeltaGenerator, label: str, key: str, count: int) -> int:
    """A number from 0 to count - 1: buttons for up to 12 numbers, else a menu."""
    if count <= 12:
        chosen = where.segmented_control(label, range(count), key=key, bind="query-params", required=True)
    else:
        chosen = where.selectbox(label, range(count), key=key, bind="query-params", width=110)
    return int(chosen) if chosen is not None else 0


def draw_keys(view: AttentionView, layer: int, head: int) -> None:
    """The keys that work anywhere on the page: one head or one layer on from the head on screen, at the end back to the first.

    They do not start from what the pickers say: where keys follow fast, the browser sends the second with the pickers as
    they were before the first.
    """
    steps = {"previous head": -1, "next head": 1, "layer up": -view.heads, "layer down": view.heads}

    def move(action: str) -> None:
        place = (layer * view.heads + head + steps[action]) % (view.layers * view.heads)
        show_head(*divmod(place, view.heads))

    keys({",": "previous head", ".": "next head", "[": "layer up", "]": "layer down"}, key="head_keys", on_key=move)


def pick_attention(run: Run, *, pairs: bool = False) -> AttentionKind:
    """The kind of attention, shared by all pages. Beside it: whether the continuation is left out or the target typed, and with
    `pairs` which pairs of two sentences are shown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        kind = pick_kind(available(run))
        if run.lm.kind == "encoder-decoder":
            st.toggle(
                "Type the target myself",
                key="own_target",
                bind="query-params",
                help="Off: the decoder reads what the model itself wrote. On: it reads the sentence you type.",
            )
        if run.lm.kind == "decoder" and run.steps:
            st.toggle(
                "Prompt only",
                key="prompt_only",
                bind="query-params",
                help="Off: the prompt and its continuation. On: the prompt alone, without the tokens that the model generated.",
            )
        if pairs:
            pick_pairs(run)
    return kind


def kind_on_screen(offered: Sequence[AttentionKind]) -> AttentionKind:
    """The kind of attention that was picked, of those offered; the last where none was."""
    keys = [kind.key for kind in offered]
    return KINDS[address.keep_among("part", keys, keys[-1], lambda key: KINDS[key].short)]


def pick_kind(offered: Sequence[AttentionKind], *, labelled: bool = False) -> AttentionKind:
    """One of the kinds offered; the default is the last. `labelled` shows the label of the control."""
    kind_on_screen(offered)
    keys = [kind.key for kind in offered]
    chosen = st.segmented_control(
        "Attention",
        keys,
        key="part",
        format_func=lambda key: KINDS[key].short,
        label_visibility="visible" if labelled else "collapsed",
        bind="query-params",
        required=True,
    )
    return KINDS[chosen or keys[-1]]
