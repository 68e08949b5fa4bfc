"""What is switched off, by a click: heads on their pictures, sublayers on their chips, edges on the map of a head."""

from collections.abc import Sequence
from functools import partial
from typing import Literal, get_args

import plotly.graph_objects as go
import streamlit as st

from analysis.gradients import gradient_x_attention
from analysis.knock_out import every_sublayer
from analysis.value_weighted import value_weighted
from model.edits import CutEdge, SkipSublayer, ZeroHead
from model.tap import Part, StackName
from ui import comparing, figures, heads, predictions, settings, theme, windows, worth_code
from ui import switched_off as off
from ui.comparing import Side
from ui.components.head_grid.head_grid import HeadEvent, head_grid
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import Matrix, array
from ui.head_worth import silenced
from ui.knock_out_view import Measured
from ui.runs import Run
from ui.worked_out import asked, duration, in_turn
from viz.attention import attention_heatmap, difference_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.frame import outline
from viz.theme import DIVERGING
from viz.windows import Window, pooled_difference, pooled_heatmap

Shows = Literal["weights", "change", "value-weighted", "gradient"]
SHOWS: tuple[Shows, ...] = get_args(Shows)
STACKS: tuple[StackName, ...] = ("encoder", "decoder")
PART_SHORT: dict[Part, str] = {"self": "self", "cross": "cross", "feed_forward": "ff"}
EXPLAINED: dict[Shows, str] = {
    "weights": "Exact weights with the parts off. Click a cell to cut it: that query no longer sees that key, and shares its "
    "attention among the others.",
    "change": "Weights with the parts off minus weights with everything on, on the same tokens.",
    "value-weighted": "The norm of weight x value x output projection for each pair: what the head hands over from key to query "
    "(Kobayashi et al. 2020), with the parts off.",
    "gradient": "The gradient of the measured log-probability by each weight, times the weight, in bits: to first order what "
    "going without this weight would cost, the others staying as they are. Positive: it helped.",
}


def pick_part(run: Run) -> str:
    """Which kind of attention."""
    names = heads.available(run)
    settings.keep_among("part", names, names[-1], lambda name: heads.SHORT[name])
    part = st.segmented_control(
        "Attention",
        names,
        key="part",
        format_func=lambda name: heads.SHORT[name],
        label_visibility="collapsed",
        bind="query-params",
        required=True,
    )
    return part or names[-1]


def overview(found: Measured, part: str, layer: int, head: int) -> None:
    """All heads: what they look at, or once something is off how that changed. A press switches a head off or on."""
    run, edits = found.run, off.held(found.run)
    stack, kind = heads.PARTS[part]
    made = pictures_of(found, part)
    if made is None:
        return
    pictures, captions = made
    quiet = silenced(edits, part)
    for place in quiet:
        pictures[place] = 0  # blank, grey around zero
    names = [
        [f"layer {i} · head {h}{' · off' if (i, h) in quiet else ''}" for h in range(run.lm.config.n_heads)]
        for i in range(run.lm.config.layers(stack))
    ]

    def pressed(event: HeadEvent) -> None:
        heads.pick(event)
        if event.pressed:
            off.toggle(run, ZeroHead(stack, event.layer, kind, event.head))

    st.markdown(
        "**How every head's attention changed**" if edits else "**All heads**",
        help="Click a head to switch it off, again to switch it on; arrow keys move to a head and leave it on. Once something is "
        "off the pictures show the change of attention on the same tokens: one colour for more, the other for less; a head that "
        "is off is grey.",
    )
    head_grid(
        pictures,
        selected=(layer, head),
        key="worth_grid",
        names=names,
        captions=captions,
        label=f"{heads.NAMES[part]}, all heads: press one to switch it off",
        diverging=DIVERGING[theme.current().name] if edits else (),
        on_head=pressed,
    )
    st.caption("Click a head to switch it off, again to restore it. Keys: , . [ ] move without switching.")


def pictures_of(found: Measured, part: str) -> heads.Overview | None:
    """What every head looks at, or once something is off how that changed; the pictures are the caller's own. Those of a long
    text are made when someone asks for them; None until then."""
    says = "Heads can be switched off beside this without their pictures. "
    if off.held(found.run):
        plain, edited = Side(found.plain, part), Side(found.edited, part)
        if comparing.costly(plain, edited, "number", False):
            takes = comparing.seconds(comparing.compared(plain, edited, "number", False))
            says += f"How the attention of every head changed takes about {duration(takes)} to draw."
            if not asked(found.edited, part, says, key="draw_changes"):
                return None
        small = in_turn(lambda seen: comparing.changes(plain, edited, "number", False, seen)[1])
        return small.pictures.copy(), small.captions
    view = heads.shown(found.plain, part)
    if heads.costly(view):
        says += f"What every head looks at takes about {duration(heads.seconds(view))} to draw."
        if not asked(found.plain, part, says, key="draw_all"):
            return None
    pictures, captions = in_turn(lambda seen: heads.overview(view, seen))
    return pictures.copy(), captions


def sublayers(run: Run) -> None:
    """A chip for each sublayer in the order of the forward pass; a click switches it off or on."""
    rows: list[Strip] = []
    edits: list[list[SkipSublayer]] = []
    for stack in [name for name in STACKS if name in run.stacks]:
        row = [edit for edit in every_sublayer(run.lm.config) if edit.stack == stack]
        gone = [off.is_off(run, edit) for edit in row]
        chips = [
            Chip(
                f"L{edit.layer} {PART_SHORT[edit.part]}",
                title=f"{off.name(edit, run)}: click to switch it {'on' if is_off else 'off'}",
                intensity=0.3 if is_off else None,
                role="warning",
            )
            for edit, is_off in zip(row, gone, strict=True)
        ]
        rows.append(Strip(stack, chips))
        edits.append(row)

    def clicked(event: ChipEvent) -> None:
        off.toggle(run, edits[event.row][event.index])

    st.markdown(
        "**Sublayers**",
        help="A whole sublayer adds nothing to the stream: self-attention, cross-attention or feed-forward (ff). Click one to "
        "switch it off or on.",
    )
    token_strip(rows, key="sublayers", label="Sublayers; a click switches one off or on", on_token=clicked)


def head_switch(run: Run, part: str, layer: int, head: int) -> None:
    """The head on screen, off or on, for those who do not click its picture."""
    stack, kind = heads.PARTS[part]
    edit = ZeroHead(stack, layer, kind, head)
    word = "on" if off.is_off(run, edit) else "off"
    st.button(f"Switch this head {word}", key="head_switch", on_click=off.toggle, args=(run, edit))


def cut(run: Run, part: str, layer: int, head: int, query: int, key: int) -> None:
    """Hides a key from a query of the head, or shows it again; a key that was never seen stays so."""
    stack, kind = heads.PARTS[part]
    visible_pairs = run.trace.attention(stack, layer, kind).visible
    if query < visible_pairs.shape[0] and key < visible_pairs.shape[1] and bool(visible_pairs[query, key]):
        off.toggle(run, CutEdge(stack, layer, kind, head, query, key))


def head_map(found: Measured, part: str, layer: int, head: int) -> None:
    """One head exactly; a click on a cell cuts that edge, or joins it again."""
    run, edits = found.run, off.held(found.run)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    settings.keep_among("worth_shows", SHOWS, SHOWS[0])
    shows: Shows = (
        row.segmented_control("Shown", SHOWS, key="worth_shows", bind="query-params", required=True) or SHOWS[0]
    )
    with row:
        head_switch(run, part, layer, head)
    view = heads.shown(found.edited, part)
    values = map_values(found, part, layer, head, shows)
    sides = windows.Sides(view.queries, view.keys)
    window = windows.shown(sides)
    queries, keys = sides.of(window)
    at: dict[str, int] = {"first_query": window.query, "first_key": window.key}
    cut_here = [pair for pair in cut_cells(edits, part, layer, head) if is_in(window, *pair)]
    fig = map_figure(view, values, shows, window)
    if window.exact:
        for query, key in cut_here:
            fig.add_shape(outline(theme.current(), x=(key, key), y=(query, query), colour=theme.current().warning))
    asked_for = predictions.asked(found.edited, found.which)
    figures.place(
        fig,
        key="worth_map",
        heading=f"{heads.NAMES[part]}, layer {layer}, head {head}"
        + (" · off" if (layer, head) in silenced(edits, part) else ""),
        explained=EXPLAINED[shows],
        filename=f"{shows}-{part}-layer-{layer}-head-{head}",
        csv=lambda: matrix_csv(window.of(values), queries, keys, **at),
        npz=lambda: matrix_npz(window.of(values), queries, keys, **at),
        python=lambda: worth_code.of_map(
            found.plain, found.edited, asked_for, (part, layer, head), shows, cut_here, window
        ),
        fill=len(keys) > 40,
    )
    windows.bridge("worth_map", sides, window, on_pair=lambda query, key: cut(run, part, layer, head, query, key))
    st.caption("Click a cell to cut it: the query shares its attention among the other keys. Cut cells are framed.")
    windows.where(sides, window, lambda: map_figure(view, values, shows, window, small=True), cell=CELL[shows])


CELL: dict[Shows, str] = {
    "weights": "the largest weight",
    "change": "the change furthest from zero",
    "value-weighted": "the largest norm",
    "gradient": "the value furthest from zero",
}


def is_in(window: Window, query: int, key: int) -> bool:
    return window.query <= query < window.query_end and window.key <= key < window.key_end


def map_figure(view: heads.Shown, values: Matrix, shows: Shows, window: Window, *, small: bool = False) -> go.Figure:
    """A window of weights from 0 to 1, or of anything else around zero; `small`: the whole in small, the window framed."""
    sides, now = windows.Sides(view.queries, view.keys), theme.current()
    if shows == "weights":
        exact = partial(attention_heatmap, hide_future=view.causal)
        pooled = partial(pooled_heatmap, hide_future=view.causal)
    else:
        exact = partial(difference_heatmap, name=worth_code.CALLED[shows])
        pooled = partial(pooled_difference, name=worth_code.CALLED[shows])
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


def cut_cells(edits: Sequence[off.Off], part: str, layer: int, head: int) -> list[tuple[int, int]]:
    """(query, key) of the edges of one head that are cut."""
    stack, kind = heads.PARTS[part]
    here = (stack, layer, kind, head)
    cut = [edit for edit in edits if isinstance(edit, CutEdge)]
    return [(edit.query, edit.key) for edit in cut if (edit.stack, edit.layer, edit.part, edit.head) == here]


def map_values(found: Measured, part: str, layer: int, head: int, shows: Shows) -> Matrix:
    """(query, key) of one head: what the map shows, with the parts off."""
    stack, kind = heads.PARTS[part]
    after = found.edited.trace.attention(stack, layer, kind).weights(head)
    if shows == "weights":
        return array(after)
    if shows == "change":
        return array(after - found.plain.trace.attention(stack, layer, kind).weights(head))
    if shows == "value-weighted":
        return array(value_weighted(found.edited.trace, stack, layer, kind, head))
    asked = predictions.asked(found.edited, found.which)
    return array(gradient_x_attention(found.run.lm, asked, stack, layer, kind, edits=off.held(found.run))[head])
