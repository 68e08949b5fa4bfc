"""Switching heads and sublayers off by a click on their pictures and chips."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.knock_out import every_sublayer
from model.edits import SkipSublayer, ZeroHead
from model.tap import Part, StackName
from ui import figures
from ui.compare import comparison
from ui.compare import notebook as comparison_source
from ui.compare.comparison import Side
from ui.components.head_grid.head_grid import HeadEvent, head_grid
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import TakeAway, theme
from ui.knock_out.importance import silenced
from ui.knock_out.page import Measured
from ui.maps import attention, head_grid_export, notebook, pickers, thumbnails
from ui.maps.attention import AttentionKind
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source
from ui.runs.on_demand import asked, duration, in_turn
from ui.runs.store import Run
from ui.state import edits
from viz.theme import DIVERGING

STACKS: tuple[StackName, ...] = ("encoder", "decoder")
PART_SHORT: dict[Part, str] = {"self": "self", "cross": "cross", "feed_forward": "ff"}


def draw_all_heads(found: Measured, kind: AttentionKind, layer: int, head: int) -> None:
    """Thumbnails of all heads or, once something is off, of how they changed. A click switches a head off or on."""
    run, off = found.run, edits.held(found.run)
    stack, part = kind.place
    made = pictures_of(found, kind)
    if made is None:
        return
    pictures, captions = made
    unmoved = bool(off) and np.isin(pictures, (0, UNCHANGED)).all()
    for place in silenced(off, kind):
        pictures[place] = 0  # blank, grey around zero

    def pressed(event: HeadEvent) -> None:
        pickers.choose(event)
        if event.pressed:
            edits.toggle(run, ZeroHead(stack, event.layer, part, event.head))

    title = CHANGED if off else "All heads"
    with st.container(horizontal=True, key="head_all", gap="small", vertical_alignment="center"):
        st.markdown(
            f"**{title}**",
            help="Click a head to switch it off, again to switch it on; arrow keys move to a head and leave it on. Once something "
            "is off the pictures show the change of attention on the same tokens: one colour for more, the other for less; a head "
            "that is off is grey.",
            width="stretch",
        )
        figures.take_away(files(found, kind, (layer, head), pictures, captions), key="all")
    head_grid(
        pictures,
        selected=(layer, head),
        key="worth_grid",
        names=head_names(found, kind),
        captions=captions,
        label=f"{kind.title}, all heads: press one to switch it off",
        diverging=DIVERGING[theme.current().name] if off else (),
        on_head=pressed,
    )
    st.caption(
        (NOTHING_MOVED if unmoved else "")
        + "Click a head to switch it off, again to restore it. Keys: , . [ ] move without switching."
    )


def head_names(found: Measured, kind: AttentionKind) -> list[list[str]]:
    """A name for each head of each layer, which says where one is off."""
    config, quiet = found.run.lm.config, silenced(edits.held(found.run), kind)
    return [
        [f"layer {i} · head {j}{' · off' if (i, j) in quiet else ''}" for j in range(config.n_heads)]
        for i in range(config.layers(kind.stack))
    ]


UNCHANGED = 128  # the byte of no change in a picture around zero
NOTHING_MOVED = (
    "This knock-out barely changed these weights: none by half a percent. What is off comes after them "
    "or hardly reaches them. "
)
CHANGED = "How every head's attention changed"


def files(
    found: Measured,
    kind: AttentionKind,
    selected: tuple[int, int],
    pictures: NDArray[np.uint8],
    captions: list[list[str]],
) -> TakeAway:
    """The pictures as files."""
    view, off = attention.shown(found.plain, kind), edits.held(found.run)

    made = comparison.compared(Side(found.plain, kind), Side(found.edited, kind), "number", False)

    def source() -> Source:
        cells = max(pictures.shape[2:])
        return comparison_source.all_heads(made, cells) if off else notebook.all_heads(view, Toggles(), cells)

    return head_grid_export.files(
        pictures,
        captions,
        (view.queries, view.keys),
        selected=selected,
        name=CHANGED if off else f"{kind.title}, all heads",
        about=found.run.spec.text,
        filename=f"{'changes' if off else 'attention'}-{kind.key}-all-heads",
        source=source,
        exact=comparison.exact(made) if off else head_grid_export.weights_of(view),
        signed=bool(off),
    )


def pictures_of(found: Measured, kind: AttentionKind) -> thumbnails.Overview | None:
    """Thumbnails of all heads, or, once something is off, of their change. The pictures are a copy. For a long text they are
    made on request; None until then."""
    says = "Heads can be switched off beside this without their pictures. "
    if edits.held(found.run):
        plain, edited = Side(found.plain, kind), Side(found.edited, kind)
        if comparison.costly(plain, edited, "number", False):
            takes = comparison.seconds(comparison.compared(plain, edited, "number", False))
            says += f"How the attention of every head changed takes about {duration(takes)} to draw."
            if not asked(found.edited, kind, says, key="draw_changes"):
                return None
        small = in_turn(lambda seen: comparison.changes(plain, edited, "number", False, seen)[1])
        return thumbnails.Overview(small.pictures.copy(), small.captions)
    view = attention.shown(found.plain, kind)
    if thumbnails.costly(view):
        says += f"What every head attends to takes about {duration(thumbnails.seconds(view))} to draw."
        if not asked(found.plain, kind, says, key="draw_all"):
            return None
    pictures, captions = in_turn(lambda seen: thumbnails.overview(view, seen))
    return thumbnails.Overview(pictures.copy(), captions)


def draw_sublayers(run: Run) -> None:
    """A chip for each sublayer in the order of the forward pass; a click switches it off or on."""
    rows: list[Strip] = []
    parts: list[list[SkipSublayer]] = []
    for stack in [name for name in STACKS if name in run.stacks]:
        row = [edit for edit in every_sublayer(run.lm.config) if edit.stack == stack]
        gone = [edits.is_off(run, edit) for edit in row]
        chips = [
            Chip(
                f"L{edit.layer} {PART_SHORT[edit.part]}",
                title=f"{edits.name(edit, run)}: click to switch it {'on' if is_off else 'off'}",
                intensity=0.3 if is_off else None,
                role="warning",
            )
            for edit, is_off in zip(row, gone, strict=True)
        ]
        rows.append(Strip(stack, chips))
        parts.append(row)

    def clicked(event: ChipEvent) -> None:
        edits.toggle(run, parts[event.row][event.index])

    st.markdown(
        "**Sublayers**",
        help="A whole sublayer adds nothing to the stream: self-attention, cross-attention or feed-forward (ff). Click one to "
        "switch it off or on.",
    )
    token_strip(rows, key="sublayers", label="Sublayers; a click switches one off or on", on_token=clicked)
