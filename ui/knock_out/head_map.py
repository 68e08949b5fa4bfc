"""The map of one head on the knock-out page: its weights, what changed of them, what they are worth; a click cuts an edge."""

from collections.abc import Sequence
from functools import partial
from typing import Literal, get_args

import plotly.graph_objects as go
import streamlit as st

from analysis.gradients import gradient_x_attention
from analysis.value_weighted import value_weighted
from model.edits import CutEdge, ZeroHead
from ui import figures
from ui.compare import predictions
from ui.figures import Matrix, array, theme
from ui.knock_out import notebook
from ui.knock_out.importance import silenced
from ui.knock_out.page import Measured
from ui.maps import attention, windows
from ui.maps.attention import AttentionKind
from ui.runs.runner import Run
from ui.state import address
from ui.state import edits as off
from viz.attention import attention_heatmap, difference_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.frame import outline
from viz.windows import Window, pooled_difference, pooled_heatmap

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


def head_switch(run: Run, kind: AttentionKind, layer: int, head: int) -> None:
    """The head on screen, off or on, for those who do not click its picture."""
    stack, part = kind.place
    edit = ZeroHead(stack, layer, part, head)
    word = "on" if off.is_off(run, edit) else "off"
    st.button(f"Switch this head {word}", key="head_switch", on_click=off.toggle, args=(run, edit))


def cut(run: Run, kind: AttentionKind, layer: int, head: int, query: int, key: int) -> None:
    """Hides a key from a query of the head, or shows it again; a key that was never seen stays so."""
    stack, part = kind.place
    visible_pairs = run.trace.attention(stack, layer, part).visible
    if query < visible_pairs.shape[0] and key < visible_pairs.shape[1] and bool(visible_pairs[query, key]):
        off.toggle(run, CutEdge(stack, layer, part, head, query, key))


def head_map(found: Measured, kind: AttentionKind, layer: int, head: int) -> None:
    """One head exactly; a click on a cell cuts that edge, or joins it again."""
    run, edits = found.run, off.held(found.run)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    address.keep_among("worth_shows", SHOWS, SHOWS[0])
    shows: Shows = (
        row.segmented_control("Shown", SHOWS, key="worth_shows", bind="query-params", required=True) or SHOWS[0]
    )
    with row:
        head_switch(run, kind, layer, head)
    view = attention.shown(found.edited, kind)
    values = map_values(found, kind, layer, head, shows)
    sides = windows.Sides(view.queries, view.keys)
    window = windows.shown(sides)
    queries, keys = sides.of(window)
    at: dict[str, int] = {"first_query": window.query, "first_key": window.key}
    cut_here = [pair for pair in cut_cells(edits, kind, layer, head) if is_in(window, *pair)]
    fig = map_figure(view, values, shows, window)
    if window.exact:
        for query, key in cut_here:
            fig.add_shape(outline(theme.current(), x=(key, key), y=(query, query), colour=theme.current().warning))
    asked_for = predictions.asked(found.edited, found.which)
    figures.place(
        fig,
        key="worth_map",
        heading=f"{kind.title}, layer {layer}, head {head}"
        + (" · off" if (layer, head) in silenced(edits, kind) else ""),
        explained=EXPLAINED[shows],
        filename=f"{shows}-{kind.key}-layer-{layer}-head-{head}",
        csv=lambda: matrix_csv(window.of(values), queries, keys, **at),
        npz=lambda: matrix_npz(window.of(values), queries, keys, **at),
        python=lambda: notebook.of_map(
            found.plain, found.edited, asked_for, (kind, layer, head), shows, cut_here, window
        ),
        fill=len(keys) > 40,
    )
    windows.bridge("worth_map", sides, window, on_pair=lambda query, key: cut(run, kind, layer, head, query, key))
    st.caption(
        "Click a cell, or press Enter on it, to cut it: the query shares its attention among the other keys. Cut cells are framed."
    )
    windows.where(sides, window, lambda: map_figure(view, values, shows, window, small=True), cell=CELL[shows])


CELL: dict[Shows, str] = {
    "weights": "the largest weight",
    "change": "the change furthest from zero",
    "value-weighted": "the largest norm",
    "gradient": "the value furthest from zero",
}


def is_in(window: Window, query: int, key: int) -> bool:
    return window.query <= query < window.query_end and window.key <= key < window.key_end


def map_figure(
    view: attention.AttentionView, values: Matrix, shows: Shows, window: Window, *, small: bool = False
) -> go.Figure:
    """A window of weights from 0 to 1, or of anything else around zero; `small`: the whole in small, the window framed."""
    sides, now = windows.Sides(view.queries, view.keys), theme.current()
    if shows == "weights":
        exact = partial(attention_heatmap, hide_future=view.causal)
        pooled = partial(pooled_heatmap, hide_future=view.causal)
    else:
        exact = partial(difference_heatmap, name=notebook.CALLED[shows])
        pooled = partial(pooled_difference, name=notebook.CALLED[shows])
    if small:
        return windows.in_small(pooled, values, sides, window)
    if window.exact:
        return exact(
            window.of(values),
            *sides.of(window),
            theme=now,
            title_query="looks",
            title_key="is looked at",
            first_query=window.query,
            first_key=window.key,
            width=620,
        )
    return pooled(
        values, view.queries, view.keys, window, theme=now, title_query="looks", title_key="is looked at", width=620
    )


def cut_cells(edits: Sequence[off.Off], kind: AttentionKind, layer: int, head: int) -> list[tuple[int, int]]:
    """(query, key) of the edges of one head that are cut."""
    stack, part = kind.place
    here = (stack, layer, part, head)
    cut = [edit for edit in edits if isinstance(edit, CutEdge)]
    return [(edit.query, edit.key) for edit in cut if (edit.stack, edit.layer, edit.part, edit.head) == here]


def map_values(found: Measured, kind: AttentionKind, layer: int, head: int, shows: Shows) -> Matrix:
    """(query, key) of one head: what the map shows, with the parts off."""
    stack, part = kind.place
    after = found.edited.trace.attention(stack, layer, part).weights(head)
    if shows == "weights":
        return array(after)
    if shows == "change":
        return array(after - found.plain.trace.attention(stack, layer, part).weights(head))
    if shows == "value-weighted":
        return array(value_weighted(found.edited.trace, stack, layer, part, head))
    asked = predictions.asked(found.edited, found.which)
    return array(gradient_x_attention(found.run.lm, asked, stack, layer, part, edits=off.held(found.run))[head])
