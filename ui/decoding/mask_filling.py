"""The decoding page of an encoder: its masks filled one at a time, and what each mask read."""

import numpy as np
import streamlit as st

from analysis.mask_filling import Order
from ui import figures
from ui.components.keys.keys import keys
from ui.components.player.player import player
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import mask_branches, mask_export, typed_tokens
from ui.decoding.filled_masks import Done, Filled, clicked_first, filled, run_after, said, say
from ui.figures import array, markdown, theme, tokens
from ui.runs.runner import Run
from ui.shell import encoder_input, masks
from ui.state import address
from ui.state import choices as state_choices
from viz.attention import heads_by_key
from viz.export import matrix_csv, table_csv
from viz.next_token import next_token_chart
from viz.percent import format_percent

CANDIDATES = 12
ORDERS: dict[Order, str] = {"certain": "Most certain first", "left": "Left to right"}
PACES = (0.5, 1.0, 2.0)


def filling(run: Run) -> None:
    """The whole page, for an encoder that fills masks."""
    if not encoder_input.can_mask(run.lm):
        st.info("This encoder names no mask token: it reads, and there is nothing it could fill.")
        st.stop()
    masks.clickable_text(run)
    masks.hint(run)
    places = masks.masks(run)
    if not places:
        st.info(
            "An encoder writes where it is masked: click a few tokens above, and they are filled here one at a time."
        )
        st.stop()
    order = pick_order()
    chosen = clicked_first(places)
    told = said(run, places, state_choices.chosen())

    def fill(choices: Done) -> list[Filled]:
        return filled(run, order, chosen, said(run, places, choices))

    every = fill(told)
    at = address.within("step", len(every))
    st.session_state["step"] = at
    address.link("step", str(at) if at else "")
    controls(at, len(every) - 1, chosen)
    standing(run, every, at)
    futures = mask_branches.rows(run, told, fill, at)
    taken_back(every)
    left, right = st.columns(2, gap="large")
    with left:
        expected(run, every[at], at)
        typed_instead(run, every[at])
    with right:
        read_for(run, every[at], at)
    mask_branches.compare(run, told, futures, fill, at)
    mask_export.buttons(run, every, [(branch, fill(branch.choices)) for branch in futures])
    keys(
        {"ArrowLeft": "back", "ArrowRight": "step", "Home": "restart", "End": "end"},
        key="fill_keys",
        on_key=lambda action: go(action, at, len(every) - 1),
    )


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


def go(to: str, now: int, last: int) -> None:
    st.session_state["step"] = {"restart": 0, "back": max(0, now - 1), "step": min(last, now + 1), "end": last}[to]


def controls(at: int, last: int, chosen: tuple[int, ...]) -> None:
    """Back, on, play."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("◂ Back", key="fill_back", on_click=go, args=("back", at, last), disabled=at == 0)
        st.button("Fill ▸", key="fill_step", on_click=go, args=("step", at, last), disabled=at == last, type="primary")
        player(PACES, pace=1.0, key="fill_player", at_end=at == last, on_tick=lambda: go("step", at, last))
        st.caption(f"Mask {at + 1} of {last + 1}.", width="content")
        if chosen:
            st.button("Forget the order I clicked", key="fill_forget", type="tertiary", on_click=forget)


def forget() -> None:
    st.session_state["fill_first"] = ()


def standing(run: Run, every: list[Filled], at: int) -> None:
    """The text as it stands once this mask is filled; a click on a mask has it filled next."""
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
            st.session_state["fill_first"] = (*before, event.index)
            st.session_state["step"] = at + 1

    token_strip([Strip("filled so far", chips)], key="filled", label="Filled so far", on_token=clicked)


def taken_back(every: list[Filled]) -> None:
    """How many tokens a person chose, and the way back."""
    count = sum(fill.said for fill in every)
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        many = "tokens are" if count > 1 else "token is"
        st.caption(f"{count} {many} your choice (✎); what is filled after it reads it.", width="content")
        st.button("Let the model choose", key="unforce", on_click=state_choices.choose, args=((),), type="tertiary")


def typed_instead(run: Run, fill: Filled) -> None:
    """Any other token, typed."""
    st.text_input(
        "Click a bar, or type what shall stand there",
        key="fill_typed",
        placeholder="one piece; a space before it counts",
        on_change=lambda: take_typed(run, fill),
        help="What is filled afterwards reads it. A word of several pieces needs as many masks.",
    )
    typed_tokens.say_what_was_wrong()


def take_typed(run: Run, fill: Filled) -> None:
    """Puts a typed piece where the mask was."""
    text, ids = typed_tokens.taken(run, "fill_typed")
    if len(ids) > 1:
        typed_tokens.refuse(
            f"“{text}” is {len(ids)} pieces, and one mask holds one: type a piece of it, or mask more tokens"
        )
    elif ids and ids[0] == run.lm.special.mask:
        typed_tokens.refuse("the mask token itself is no answer: type the piece that shall stand there")
    elif ids:
        say(run, fill, ids[0])


def expected(run: Run, fill: Filled, at: int) -> None:
    """The full softmax at the mask."""
    trace = run_after(run, fill.done).trace
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
            say(run, fill, ids[point.row])

    plotly_bridge("fill", key="fill_bridge", on_point=clicked)
    was = run.original[fill.at]
    if fill.at in run.spec.masks:
        share = format_percent(float(shares[was.id]))
        same = "the same" if was.id == fill.token.id else "another"
        st.caption(markdown.plain(f"“{was.label}” stood there, {same}: {share}."))


def read_for(run: Run, fill: Filled, at: int) -> None:
    """Each head's row at the mask."""
    config = run.lm.config
    layers = range(config.encoder_layers)
    layer = address.keep_among("fill_layer", layers, config.encoder_layers - 1, lambda n: f"layer {n}")
    trace = run_after(run, fill.done).trace
    weights = array(trace.attention("encoder", layer).weights()[:, fill.at])
    names = [f"L{layer} H{head}" for head in range(config.n_heads)]
    labels = [token.label for token in trace.tokens("encoder")]
    fig = heads_by_key(
        weights,
        labels,
        theme=theme.current(),
        query=run.source[fill.at].label,
        names=names,
        verb="reads",
        title_key="",
        width=430,
        height=380,
    )
    figures.head(
        fig,
        key="fill_read",
        heading="What this mask read",
        explained="A row for each head of the layer: its attention from the mask, in the pass that filled it.",
        filename=f"fill-{at}-read",
        csv=lambda: matrix_csv(weights, names, labels),
    )
    st.segmented_control(
        "Layer",
        layers,
        key="fill_layer",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        format_func=lambda n: f"layer {n}",
    )
    figures.chart(fig, key="fill_read", filename=f"fill-{at}-read")
