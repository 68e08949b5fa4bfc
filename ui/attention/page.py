"""The attention page: which attention, all heads as thumbnails, and the chosen head in one of four views."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui import figures
from ui.attention import anatomy, lines, row
from ui.components.head_grid.head_grid import HeadEvent, head_grid
from ui.figures import Matrix, TakeAway, theme
from ui.maps import display_options, head_grid_export, heatmap, notebook, pickers, thumbnails
from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.runs.on_demand import duration, in_turn
from ui.state import address
from ui.state.linked import Linked
from viz.theme import sequential_scale

VIEWS = ("heatmap", "lines", "row", "anatomy")
SAYS = (
    "Heatmap: every weight of the head. Lines: several heads of the layer at once. Row: one query as bars. "
    "Anatomy: how one weight came about, number by number."
)


ALONE = Linked("alone", False, lambda text: text == "yes", lambda held: "yes")
"""Whether one head has the page to itself."""


def alone() -> bool:
    """Whether one head has the page to itself; the address is kept in step."""
    held = ALONE.get()
    ALONE.link(held)
    return held


def halves() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Containers for the chosen head and for what stands beside it, or below it if it is shown alone."""
    if alone():
        return st.container(), st.container()
    beside, main = st.columns([2, 3], gap="large")
    return main, beside


def isolate(event: HeadEvent) -> None:
    """A double click on a thumbnail shows this head alone."""
    pickers.choose(event)
    ALONE.set(True)


def restore() -> None:
    ALONE.set(False)


def draw_all_heads(view: AttentionView, toggles: Toggles, layer: int, head: int) -> None:
    """Thumbnails of all heads of all layers."""
    with st.container(horizontal=True, key="head_all", gap="small", vertical_alignment="center"):
        st.markdown(
            "**All heads**",
            help="One picture a head: queries down, keys across, darker is more. Click one, or move with the arrow keys; a "
            "double click, or Shift and Enter, shows it alone.",
            width="stretch",
        )
        room = st.container(width="content")
    if thumbnails.costly(view) and not draw_request(view):
        return
    pictures, captions = in_turn(lambda seen: thumbnails.overview(view, seen))
    with room:
        figures.take_away(files(view, toggles, pictures, captions, (layer, head)), key="all")
    head_grid(
        pictures,
        selected=(layer, head),
        key="head_grid",
        captions=captions,
        label=f"{view.kind.title}, all heads",
        colours=colours(toggles),
        on_head=pickers.choose,
        on_alone=isolate,
    )
    st.caption(view.kind.meaning + shared_keys(view) + "  Keys: , . change the head, [ ] the layer.")


def colours(toggles: Toggles) -> list[str]:
    """The colours of the chosen palette; an empty list for the default, the accent colour."""
    if toggles.palette == "accent":
        return []
    return [colour for _, colour in sequential_scale(theme.current(), toggles.palette)]


def files(
    view: AttentionView,
    toggles: Toggles,
    pictures: NDArray[np.uint8],
    captions: list[list[str]],
    selected: tuple[int, int],
) -> TakeAway:
    """All heads as files: the pictures, a standalone page, and each head's strongest pair."""
    return head_grid_export.files(
        pictures,
        captions,
        (view.queries, view.keys),
        selected=selected,
        name=f"{view.kind.title}, all heads",
        about=view.run.spec.text,
        filename=f"attention-{view.kind.key}-all-heads",
        source=lambda: notebook.all_heads(view, toggles, max(pictures.shape[2:])),
        exact=head_grid_export.weights_of(view),
        palette=toggles.palette,
    )


def draw_request(view: AttentionView) -> bool:
    """For a long text: the estimated time and a button. Returns whether it was pressed."""
    st.caption(
        f"The chosen head is worked out at once. Pictures of all {view.layers * view.heads} heads over {len(view.keys):,} tokens "
        f"take about {duration(thumbnails.seconds(view))}, once."
    )
    return st.button("Draw all heads", key="draw_all")


def shared_keys(view: AttentionView) -> str:
    """A sentence for grouped-query attention, where several query heads share keys and values; else empty."""
    config = view.run.lm.config
    group = config.n_heads // config.kv_heads
    if group == 1:
        return ""
    return f" Heads share their keys and values {group} at a time: {config.kv_heads} for {config.n_heads}."


def draw_head(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The chosen head, in the view that was picked."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        address.keep_among("view", VIEWS, VIEWS[0])
        how = st.segmented_control(
            "Shown as", VIEWS, key="view", bind="query-params", required=True, label_visibility="collapsed", help=SAYS
        )
        display_options.draw_options(toggles, causal=view.causal)
        if ALONE.get():
            st.button("All heads", key="all_heads", on_click=restore, help="Back to the thumbnails")
    if how == "anatomy":
        anatomy.draw(view, layer, head)
    elif how == "lines":
        lines.draw(view, toggles, layer, head)
    elif how == "row":
        row.draw_bars(view, toggles, layer, head, weights)
    else:
        heatmap.draw(view, toggles, layer, head, weights)
    if how != "anatomy" and (said := display_options.in_words(view, toggles, layer, head)):
        st.caption(said)
