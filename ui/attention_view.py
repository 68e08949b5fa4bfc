"""The attention page: which attention, all heads as thumbnails, and the chosen head in one of four views."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from model.errors import InputError
from ui import (
    anatomy_view,
    attention_code,
    attention_toggles,
    figures,
    grid_ways,
    heads,
    heatmap_view,
    lines_view,
    row_view,
)
from ui.attention_toggles import Toggles
from ui.components.head_grid.head_grid import HeadEvent, head_grid
from ui.figures import Matrix, TakeAway, markdown, theme
from ui.heads import Shown
from ui.runs import runner
from ui.runs.on_demand import duration, in_turn
from ui.runs.runner import Run, RunSpec
from ui.state import address
from viz.theme import sequential_scale

VIEWS = ("heatmap", "lines", "row", "anatomy")
SAYS = (
    "Heatmap: every weight of the head. Lines: several heads of the layer at once. Row: one query as bars. "
    "Anatomy: how one weight came about, number by number."
)


def with_target(run: Run) -> Run:
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


def alone() -> bool:
    """Whether one head has the page to itself."""
    held = st.session_state.get("alone", st.query_params.get("alone") == "yes")
    address.link("alone", "yes" if held else "")
    return bool(held)


def halves() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where the chosen head goes, and where what is beside it: the thumbnails, or below it where it is alone."""
    if alone():
        return st.container(), st.container()
    beside, main = st.columns([2, 3], gap="large")
    return main, beside


def isolate(event: HeadEvent) -> None:
    """A double click on a thumbnail: this head and nothing beside it."""
    heads.pick(event)
    st.session_state["alone"] = True


def restore() -> None:
    st.session_state["alone"] = False


def overview(view: Shown, toggles: Toggles, layer: int, head: int) -> None:
    """All layers and heads."""
    with st.container(horizontal=True, key="head_all", gap="small", vertical_alignment="center"):
        st.markdown(
            "**All heads**",
            help="One picture a head: queries down, keys across, darker is more. Click one, or move with the arrow keys; a "
            "double click, or Shift and Enter, shows it alone.",
            width="stretch",
        )
        room = st.container(width="content")
    if heads.costly(view) and not asked_for_all(view):
        return
    pictures, captions = in_turn(lambda seen: heads.overview(view, seen))
    with room:
        figures.take_away(ways(view, toggles, pictures, captions, (layer, head)), key="all")
    head_grid(
        pictures,
        selected=(layer, head),
        key="head_grid",
        captions=captions,
        label=f"{heads.NAMES[view.part]}, all heads",
        colours=colours(toggles),
        on_head=heads.pick,
        on_alone=isolate,
    )
    st.caption(heads.MEANING[view.part] + shared_keys(view) + "  Keys: , . change the head, [ ] the layer.")


def colours(toggles: Toggles) -> list[str]:
    """The chosen palette's colours; none for the page's own accent."""
    if toggles.palette == "accent":
        return []
    return [colour for _, colour in sequential_scale(theme.current(), toggles.palette)]


def ways(
    view: Shown, toggles: Toggles, pictures: NDArray[np.uint8], captions: list[list[str]], selected: tuple[int, int]
) -> TakeAway:
    """All heads as files: the pictures, a page of their own, and each head's strongest pair."""
    return grid_ways.ways(
        pictures,
        captions,
        (view.queries, view.keys),
        selected=selected,
        name=f"{heads.NAMES[view.part]}, all heads",
        about=view.run.spec.text,
        filename=f"attention-{view.part}-all-heads",
        python=lambda: attention_code.of_all(view, toggles, selected, max(pictures.shape[2:])),
        palette=toggles.palette,
    )


def asked_for_all(view: Shown) -> bool:
    """For a long text: a button, with what it will take."""
    st.caption(
        f"The chosen head is worked out at once. Pictures of all {view.layers * view.heads} heads over {len(view.keys):,} tokens "
        f"take about {duration(heads.seconds(view))}, once."
    )
    return st.button("Draw all heads", key="draw_all")


def shared_keys(view: Shown) -> str:
    """A sentence where several heads ask the same keys."""
    config = view.run.lm.config
    group = config.n_heads // config.kv_heads
    if group == 1:
        return ""
    return f" Heads share their keys and values {group} at a time: {config.kv_heads} for {config.n_heads}."


def detail(view: Shown, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """One head, in the view that was picked."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        address.keep_among("view", VIEWS, VIEWS[0])
        how = st.segmented_control(
            "Shown as", VIEWS, key="view", bind="query-params", required=True, label_visibility="collapsed", help=SAYS
        )
        attention_toggles.fold(toggles, causal=view.causal)
        if st.session_state.get("alone"):
            st.button("All heads", key="all_heads", on_click=restore, help="Back to the thumbnails")
    if how == "anatomy":
        anatomy_view.draw(view, layer, head)
    elif how == "lines":
        lines_view.draw(view, toggles, layer, head)
    elif how == "row":
        row_view.bars(view, toggles, layer, head, weights)
    else:
        heatmap_view.draw(view, toggles, layer, head, weights)
    if how != "anatomy" and (said := attention_toggles.said(view, toggles, layer, head)):
        st.caption(said)
