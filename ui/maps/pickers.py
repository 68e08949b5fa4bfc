"""The pickers of attention, layer and head."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.errors import InputError
from ui.components.head_grid.head_grid import HeadEvent
from ui.figures import markdown
from ui.maps.attention import KINDS, PAIRS, AttentionKind, AttentionView, available
from ui.runs import runner
from ui.runs.runner import Run, RunSpec
from ui.state import address


def pick_target(run: Run) -> Run:
    """For an encoder-decoder: the run, or one whose decoder reads what the person typed."""
    if run.lm.kind != "encoder-decoder" or not st.session_state.get("own_target"):
        return run
    address.start_with("target", run.lm.text([token.id for token in run.written]))
    target = st.text_input(
        "What the decoder reads", key="target", live="50ms", bind="query-params", placeholder="Type a target sentence"
    )
    if not (target or "").strip():
        st.info("No target yet: the decoder reads its start token alone. Type a sentence.", icon="✏️")
    try:
        return runner.get(RunSpec(run.spec.model, run.spec.device, run.spec.text, target=target or ""))
    except InputError as error:
        st.warning(markdown.sentence(str(error)) + " Shown below: what the model itself wrote.", icon="⚠️")
        return run


def pick_pairs(run: Run) -> None:
    """For two sentences: all attention, within each of them, or between them."""
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
    """The head, of heads (query, key), whose queries put the largest share, on average, on a single key."""
    return int(np.argmax([head.max(axis=-1).mean() for head in weights]))


def choose(event: HeadEvent) -> None:
    """A click on a thumbnail writes the pickers' keys."""
    st.session_state["layer"], st.session_state["head"] = event.layer, event.head


def pick_head(view: AttentionView) -> tuple[int, int]:
    """Layer and head, by picker; brought into range where the model changed. At first the sharpest head of the last layer."""
    if all(key not in st.session_state and key not in st.query_params for key in ("layer", "head")):
        last = view.layers - 1
        each = (view.head_weights(last, head) for head in range(view.heads))
        st.session_state["layer"], st.session_state["head"] = last, sharpest(each)
    address.settle("layer", view.layers)
    address.settle("head", view.heads)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    return pick_number(row, "Layer", "layer", view.layers), pick_number(row, "Head", "head", view.heads)


def pick_number(where: st.delta_generator.DeltaGenerator, label: str, key: str, count: int) -> int:
    """A number from 0 to count - 1: buttons where they fit, a menu where they do not."""
    if count <= 12:
        chosen = where.segmented_control(label, range(count), key=key, bind="query-params", required=True)
    else:
        chosen = where.selectbox(label, range(count), key=key, bind="query-params", width=110)
    return int(chosen) if chosen is not None else 0


def move(action: str, view: AttentionView, layer: int, head: int) -> None:
    """A key pressed anywhere on the page: one head or layer on from the one on screen, round the end.

    Not from what the pickers say: where keys follow fast, the browser sends the second with the pickers as they were
    before the first.
    """
    steps = {"previous head": -1, "next head": 1, "layer up": -view.heads, "layer down": view.heads}
    place = (layer * view.heads + head + steps[action]) % (view.layers * view.heads)
    st.session_state["layer"], st.session_state["head"] = divmod(place, view.heads)


def pick_attention(run: Run, *, pairs: bool = False) -> AttentionKind:
    """The kind of attention and whose target the decoder reads; with `pairs` also which pairs of two sentences. One choice for
    every page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        kind = pick_kind(available(run))
        if run.lm.kind == "encoder-decoder":
            st.toggle(
                "Type the target myself",
                key="own_target",
                bind="query-params",
                help="Off: the decoder reads what the model itself wrote. On: it reads the sentence you type.",
            )
        if pairs:
            pick_pairs(run)
    return kind


def pick_kind(offered: Sequence[AttentionKind], *, labelled: bool = False) -> AttentionKind:
    """One of the kinds of attention, at first the last of them; `labelled` shows the name of the control."""
    keys = [kind.key for kind in offered]
    address.keep_among("part", keys, keys[-1], lambda key: KINDS[key].short)
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
