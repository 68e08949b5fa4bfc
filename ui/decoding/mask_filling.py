"""The decoding page of an encoder: its masks filled one at a time, and what each mask read."""

import numpy as np
import streamlit as st

from analysis.mask_filling import Order
from ui import figures
from ui.components.player.player import player
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import mask_branches, mask_export, page, typed_tokens
from ui.decoding.filled_masks import (
    FILL_FIRST,
    Filled,
    MaskTokens,
    choose_token,
    fill_first,
    filled,
    possible,
    run_after,
)
from ui.decoding.tokens_read import layer_name, pick_layer, rows_of_heads
from ui.figures import array, markdown, theme, tokens
from ui.maps import key_window
from ui.runs.store import Run
from ui.shell import encoder_input, masks
from ui.state import address, choices
from ui.state.shown_step import move_step, show_step, shown_step
from viz.export import matrix_csv, table_csv
from viz.next_token import next_token_chart
from viz.percent import format_percent

CANDIDATES = 12
ORDERS: dict[Order, str] = {"certain": "Most certain first", "left": "Left to right"}
MASKS_A_SECOND = (0.5, 1.0, 2.0)


def draw(run: Run) -> None:
    """The whole page, for an encoder that fills masks."""
    if not encoder_input.can_mask(run.lm):
        st.info("This encoder names no mask token: it reads, and there is nothing it could fill.")
        st.stop()
    masks.draw_clickable_text(run)
    masks.draw_hint(run)
    positions = masks.mask_positions(run)
    if not positions:
        st.info(
            "An encoder writes where it is masked: click a few tokens above, and they are filled here one at a time."
        )
        st.stop()
    order = pick_order()
    first = fill_first(positions)
    chosen = possible(run, positions, choices.chosen())

    def fill(tokens: MaskTokens) -> list[Filled]:
        return filled(run, order, first, possible(run, positions, tokens))

    every = fill(chosen)
    at = shown_step(len(every))
    draw_controls(at, len(every) - 1, first)
    draw_text(run, every, at)
    held = mask_branches.draw_rows(run, chosen, fill, at)
    draw_choices(every)
    left, right = st.columns(2, gap="large")
    with left:
        draw_candidates(run, every[at], at)
        draw_typed_token(run, every[at])
    with right:
        draw_tokens_read(run, every[at], at)
    mask_branches.draw_comparison(run, chosen, held, fill, at)
    mask_export.draw_buttons(run, every, [(branch, fill(branch.tokens)) for branch in held])
    page.draw_keys(at, len(every) - 1, key="fill_keys")


def pick_order() -> Order:
    """In which order masks are filled that nobody clicked."""
    address.keep_among("fill_order", list(ORDERS), "certain", ORDERS.__getitem__)
    picked = st.segmented_control(
        "Which mask is filled next",
        list(ORDERS),
        key="fill_order",
        format_func=ORDERS.__getitem__,
        bind="query-params",
        required=True,
        help="Each filled token is read when the next one is filled, so the order matters. Click a mask below to have it "
        "filled next.",
    )
    return "left" if picked == "left" else "certain"


def draw_controls(at: int, last: int, first: tuple[int, ...]) -> None:
    """The buttons to the mask before and the next one, the player, and a button to forget the clicked order."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("◂ Back", key="fill_back", on_click=move_step, args=("back", at, last), disabled=at == 0)
        st.button(
            "Fill ▸", key="fill_step", on_click=move_step, args=("step", at, last), disabled=at == last, type="primary"
        )
        player(
            MASKS_A_SECOND, pace=1.0, key="fill_player", at_end=at == last, on_tick=lambda: move_step("step", at, last)
        )
        st.caption(f"Mask {at + 1} of {last + 1}.", width="content")
        if first:
            st.button(
                "Forget the order I clicked",
                key="fill_forget",
                type="tertiary",
                on_click=FILL_FIRST.set,
                args=((),),
            )


def draw_text(run: Run, every: list[Filled], at: int) -> None:
    """The text after this mask is filled. A click on another mask fills that one next."""
    done = {fill.at: fill for fill in every[: at + 1]}
    chips = []
    for place, token in enumerate(run.source):
        fill = done.get(place)
        if fill is not None:
            chips.append(mask_branches.chip(fill, current=fill is every[at]))
        elif token.id == run.lm.special.mask:
            chips.append(
                Chip(token.label, note="click: next", title=f"position {place}", role="warning", intensity=0.3)
            )
        else:
            chips.append(tokens.chip(token))
    before = tuple(fill.at for fill in every[: at + 1])

    def clicked(event: ChipEvent) -> None:
        if event.index in every[at].left and event.index != every[at].at:
            FILL_FIRST.set((*before, event.index))
            show_step(at + 1)

    token_strip([Strip("filled so far", chips)], key="filled", label="Filled so far", on_token=clicked)


def draw_choices(every: list[Filled]) -> None:
    """How many tokens a person chose, and a button to undo it."""
    count = sum(fill.by_person for fill in every)
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        many = "tokens are" if count > 1 else "token is"
        st.caption(f"{count} {many} your choice (✎); what is filled after it reads it.", width="content")
        st.button("Let the model choose", key="unforce", on_click=choices.choose, args=((),), type="tertiary")


def draw_typed_token(run: Run, fill: Filled) -> None:
    """A field for any other token."""
    st.text_input(
        "Click a bar, or type another token",
        key="fill_typed",
        placeholder="One piece; start with a space for a new word",
        on_change=lambda: take_typed(run, fill),
        help="What is filled afterwards reads it. A word of several pieces needs as many masks.",
    )
    typed_tokens.draw_refusal()


def take_typed(run: Run, fill: Filled) -> None:
    """Puts a typed piece where the mask was."""
    text, ids = typed_tokens.taken(run, "fill_typed")
    if len(ids) > 1:
        typed_tokens.refuse(
            f"“{text}” is {len(ids)} pieces, and one mask holds one: type a piece of it, or mask more tokens"
        )
    elif ids and ids[0] == run.lm.special.mask:
        typed_tokens.refuse("the mask token itself is no answer: type another piece")
    elif ids:
        choose_token(fill, ids[0])


def draw_candidates(run: Run, fill: Filled, at: int) -> None:
    """The full softmax at the mask. A click on a bar chooses that token."""
    trace = run_after(run, fill.before).trace
    shares = trace.probabilities(fill.at)
    ids = [int(i) for i in shares.topk(min(CANDIDATES, len(shares))).indices]
    if fill.token.id not in ids:
        ids = [*ids[:-1], fill.token.id]
    values = array(shares[ids])
    labels = [run.lm.token(i).label for i in ids]
    fig = next_token_chart(
        labels,
        values,
        len(shares) - len(ids),
        max(0.0, 1.0 - float(values.sum(dtype=np.float64))),
        theme=theme.current(),
        ids=ids,
        chosen=fill.token.id,
        height=380,
    )
    figures.place(
        fig,
        key="fill",
        heading=f"What fits at position {fill.at}",
        explained="The full softmax over the vocabulary at the mask, with all that was filled before it read.",
        filename=f"fill-{at}",
        csv=lambda: table_csv({"id": ids, "token": labels, "probability": [float(v) for v in values]}),
    )

    def clicked(point: PointEvent) -> None:
        if 0 <= point.row < len(ids):
            choose_token(fill, ids[point.row])

    plotly_bridge("fill", key="fill_bridge", on_point=clicked)
    was = run.original[fill.at]
    if fill.at in run.spec.masks:
        share = format_percent(float(shares[was.id]))
        same = "the same" if was.id == fill.token.id else "another"
        st.caption(markdown.plain(f"“{was.label}” stood there, {same}: {share}."))


def draw_tokens_read(run: Run, fill: Filled, at: int) -> None:
    """Which tokens each head of a layer attends to from the mask."""
    config = run.lm.config
    layers = range(config.encoder_layers)
    layer = address.keep_among("fill_layer", layers, config.encoder_layers - 1, layer_name)
    trace = run_after(run, fill.before).trace
    weights = array(trace.attention("encoder", layer).weights_from(fill.at, fill.at + 1)[:, 0])
    names = [f"L{layer} H{head}" for head in range(config.n_heads)]
    labels = [token.label for token in trace.tokens("encoder")]
    window = key_window.shown(len(labels))
    fig = rows_of_heads(weights, names, labels, run.source[fill.at].label, window, height=380)
    figures.head(
        fig,
        key="fill_read",
        heading="What this mask read",
        explained="A row for each head of the layer: its attention from the mask, in the pass that filled it.",
        filename=f"fill-{at}-read",
        csv=lambda: matrix_csv(weights, names, labels),
    )
    pick_layer(layers, key="fill_layer")
    key_window.draw(fig, window, key="fill_read", filename=f"fill-{at}-read")
