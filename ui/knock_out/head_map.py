"""The map of one head on the page Knock out: its weights, their change, or their importance. A click cuts an edge."""

from collections.abc import Sequence
from typing import Literal, get_args

import streamlit as st

from analysis.gradients import gradient_x_attention
from analysis.value_weighted import value_weighted
from model.edits import CutEdge, ZeroHead
from ui.compare import predictions
from ui.figures import Matrix, array
from ui.knock_out.importance import silenced
from ui.knock_out.page import Measured
from ui.maps import attention, notebook, windows
from ui.maps.attention import AttentionKind
from ui.maps.attention_map import AROUND_ZERO, WEIGHTS, AttentionMap, Caption, draw_map
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source
from ui.runs.notebook import of_edits, of_trace
from ui.runs.store import Run
from ui.state import address, edits

Shows = Literal["weights", "change", "value-weighted", "gradient"]
SHOWS: tuple[Shows, ...] = get_args(Shows)
EXPLAINED: dict[Shows, str] = {
    "weights": "Exact weights with the parts off. Click a cell to cut it: that query no longer sees that key, and shares its "
    "attention among the others. Without a mouse: Tab to the map, arrow keys to the cell, Enter.",
    "change": "Weights with the parts off minus weights with everything on, on the same tokens.",
    "value-weighted": "The norm of weight x value x output projection for each pair: what the head hands over from key to query "
    "(Kobayashi et al. 2020), with the parts off.",
    "gradient": "The gradient of the measured log-probability by each weight, times the weight, in bits: to first order what "
    "going without this weight would cost, the others staying as they are. Positive: it helped.",
}


def draw_switch(run: Run, kind: AttentionKind, layer: int, head: int) -> None:
    """A button that switches the head on screen off or on."""
    stack, part = kind.place
    edit = ZeroHead(stack, layer, part, head)
    word = "on" if edits.is_off(run, edit) else "off"
    st.button(f"Switch this head {word}", key="head_switch", on_click=edits.toggle, args=(run, edit))


def cut(run: Run, kind: AttentionKind, layer: int, head: int, query: int, key: int) -> None:
    """Cuts the edge from a query to a key, or restores it. A key that the mask hides from the query is left alone."""
    stack, part = kind.place
    visible_pairs = run.trace.attention(stack, layer, part).visible
    if query < visible_pairs.shape[0] and key < visible_pairs.shape[1] and bool(visible_pairs[query, key]):
        edits.toggle(run, CutEdge(stack, layer, part, head, query, key))


def draw(found: Measured, kind: AttentionKind, layer: int, head: int) -> None:
    """The exact map of one head. A click on a cell cuts that edge or restores it."""
    run, off = found.run, edits.held(found.run)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    address.keep_among("worth_shows", SHOWS, SHOWS[0])
    shows: Shows = (
        row.segmented_control("Shown", SHOWS, key="worth_shows", bind="query-params", required=True) or SHOWS[0]
    )
    with row:
        draw_switch(run, kind, layer, head)
    shown = head_map(found, kind, layer, head, shows)
    heading = f"{kind.title}, layer {layer}, head {head}" + (" · off" if (layer, head) in silenced(off, kind) else "")
    draw_map(
        shown,
        Caption(
            "worth_map",
            heading,
            f"{EXPLAINED[shows]} {attention.about_rows(kind)}",
            f"{shows}-{kind.key}-layer-{layer}-head-{head}",
        ),
    )
    windows.bridge(
        "worth_map",
        shown.sides,
        shown.window,
        on_pair=lambda query, key: cut(run, kind, layer, head, query, key),
    )
    st.caption(
        "Click a cell, or press Enter on it, to cut it: the query shares its attention among the other keys. Cut cells are framed."
    )
    windows.draw_position(shown.sides, shown.window, shown.small, cell=CELL[shows])


CELL: dict[Shows, str] = {
    "weights": "the largest weight",
    "change": "the change furthest from zero",
    "value-weighted": "the largest norm",
    "gradient": "the value furthest from zero",
}
VALUE: dict[Shows, str] = {"change": "change of attention", "value-weighted": "norm", "gradient": "bits"}


def head_map(found: Measured, kind: AttentionKind, layer: int, head: int, shows: Shows) -> AttentionMap:
    """The map of one head: weights from 0 to 1, or other values around zero; edges that are cut are framed."""
    view = attention.shown(found.edited, kind, last=found.run.written[-1] if kind.writes else None)
    sides = windows.Sides(view.queries, view.keys)
    settings: dict[str, object] = {"hide_future": view.causal} if shows == "weights" else {"name": VALUE[shows]}
    settings |= kind.titles
    cells = map_values(found, kind, layer, head, shows)
    return AttentionMap(
        view.blank_outside(layer, cells) if shows == "weights" else cells,
        sides,
        windows.shown(sides),
        lambda: (
            notebook.labels(view, Toggles())
            + cells_source(found, kind, layer, head, shows)
            + (notebook.outside(view, layer, "cells") if shows == "weights" else Source())
        ),
        WEIGHTS if shows == "weights" else AROUND_ZERO,
        settings=settings,
        small_settings={name: value for name, value in settings.items() if name not in kind.titles},
        framed=cut_cells(edits.held(found.run), kind, layer, head),
    )


def cells_source(found: Measured, kind: AttentionKind, layer: int, head: int, shows: Shows) -> Source:
    """Lines up to `cells`, from a trace with the parts off."""
    here, edited = notebook.place(kind, layer, head), found.edited
    weights = notebook.head_weights(kind, layer, head)
    if shows == "weights":
        return Source([f"cells = {weights}"])
    if shows == "change":
        plain = notebook.head_weights(kind, layer, head, trace="plain")
        return Source([*of_trace(found.plain, "plain"), f"cells = {weights} - {plain}"])
    if shows == "value-weighted":
        made = f"cells = value_weighted(trace, {here}).cpu().numpy()"
        return Source([made], ["from analysis.value_weighted import value_weighted"])
    off = f", edits={of_edits(edited)}" if edited.spec.edits else ""
    return Source(
        [
            f"asked = {predictions.asked(edited, found.which)}",
            f"cells = gradient_x_attention(lm, asked, {notebook.place(kind, layer)}{off})[{head}].cpu().numpy()",
        ],
        ["from analysis.gradients import gradient_x_attention", "from analysis.knock_out import Prediction"],
    )


def cut_cells(off: Sequence[edits.Off], kind: AttentionKind, layer: int, head: int) -> list[tuple[int, int]]:
    """(query, key) of the edges of one head that are cut."""
    stack, part = kind.place
    here = (stack, layer, part, head)
    cut = [edit for edit in off if isinstance(edit, CutEdge)]
    return [(edit.query, edit.key) for edit in cut if (edit.stack, edit.layer, edit.part, edit.head) == here]


def map_values(found: Measured, kind: AttentionKind, layer: int, head: int, shows: Shows) -> Matrix:
    """(query, key) of one head with the parts off: the numbers that the map shows."""
    stack, part = kind.place
    after = found.edited.trace.attention(stack, layer, part).weights(head)
    if shows == "weights":
        return array(after)
    if shows == "change":
        return array(after - found.plain.trace.attention(stack, layer, part).weights(head))
    if shows == "value-weighted":
        return array(value_weighted(found.edited.trace, stack, layer, part, head))
    asked = predictions.asked(found.edited, found.which)
    return array(gradient_x_attention(found.run.lm, asked, stack, layer, part, edits=edits.held(found.run))[head])
