"""The decoding page: the text so far, the controls, and what is shown beside the candidates."""

from typing import Literal

import streamlit as st

from ui.components.keys.keys import keys
from ui.components.player.player import player
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding.timeline import certainty
from ui.figures import tokens
from ui.runs.store import Run
from ui.shell import requirements, streaming
from ui.state import address, choices
from ui.state.choices import PlacedTokens
from ui.state.shown_step import Move, counted, move_step, show_step
from viz.percent import format_percent

VIEWS = {"read": "Tokens attended to", "inside": "Inside the step", "branches": "Branches", "cache": "KV cache"}
WINDOW_TOKENS = 60  # shown before the step on screen, and after it
TOKENS_A_SECOND = (0.5, 1.0, 2.0, 4.0, 8.0)
WHY_ENDED = {
    "end": "It wrote its end token.",
    "limit": "It reached the limit of {limit} tokens.",
    "positions": "It ran out of positions.",
}
KEYS: dict[str, Move] = {"ArrowLeft": "back", "ArrowRight": "step", "Home": "restart", "End": "end"}
BUTTONS: tuple[tuple[Move, str, str], ...] = (
    ("restart", "Restart", "Back to the first token (Home)"),
    ("back", "◂ Back", "One token back (Left arrow)"),
    ("step", "Step ▸", "One token on (Right arrow)"),
    ("end", "To the end", "On to the last token (End)"),
)


def draw_keys(now: int, last: int, *, key: str) -> None:
    """The keys that work anywhere on the page: from step `now` back, on, to the first and to the last step."""
    keys(KEYS, key=key, on_key=lambda how: move_step(how, now, last))


def draw_controls(run: Run, step: int) -> None:
    """The buttons to other steps, the player, the slider, and why the decode ended."""
    last = len(run.steps) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        for action, label, explained in BUTTONS:
            stuck = step == 0 if action in ("restart", "back") else step == last
            kind: Literal["primary", "secondary"] = "primary" if action == "step" else "secondary"
            st.button(
                label,
                key=f"go_{action}",
                help=explained,
                on_click=move_step,
                args=(action, step, last),
                disabled=stuck,
                type=kind,
            )
        player(TOKENS_A_SECOND, key="player", at_end=step == last, on_tick=lambda: move_step("step", step, last))
        if last:
            st.select_slider(
                "Step",
                range(last + 1),
                key="step",
                format_func=counted,
                width=260,
                label_visibility="collapsed",
                help="Drag to any token; going back costs nothing.",
            )
        ended = run.steps[-1].ended if step == last else None
        why = " " + WHY_ENDED[ended].format(limit=run.limit) if ended else ""
        st.caption(f"Step {step + 1} of {last + 1}.{why}", width="content")
        streaming.draw_go_on(run)


def pick_view(run: Run) -> str:
    """What is shown beside the candidates and below them. A model without attention has one such view."""
    if not requirements.has_attention(run.lm):
        return "read"
    address.keep_among("beside", list(VIEWS), "read", VIEWS.__getitem__)
    picked = st.segmented_control(
        "Beside it",
        list(VIEWS),
        key="beside",
        format_func=VIEWS.__getitem__,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    return picked or "read"


def draw_text(run: Run, step: int) -> None:
    """The tokens so far, the one of this step dashed at the end, and those to come. A click on a token shows its step."""
    start = run.steps[0].read["decoder"]
    decoder_tokens = [*start, *(one.token for one in run.steps)]
    here, first = len(start) + step, len(start)
    begin, end = max(0, here + 1 - WINDOW_TOKENS), min(len(decoder_tokens), here + 1 + WINDOW_TOKENS)
    chips = [more(begin, "before")] * (begin > 0) + [
        tokens.chip(decoder_tokens[n]) if n < first else chip(run, n - first, current=n == here)
        for n in range(begin, here + 1)
    ]
    coming = [chip(run, n - first) for n in range(here + 1, end)]
    coming += [more(len(decoder_tokens) - end, "more")] * (end < len(decoder_tokens))

    def jump(event: ChipEvent) -> None:
        index = here + 1 + event.index if event.row else begin + event.index - (begin > 0)
        if first <= index < len(decoder_tokens):
            show_step(index - first)

    rows = [Strip("so far", chips), Strip("to come", coming, empty="nothing: the text ends here")]
    token_strip(rows, key="written", label="Written so far", on_token=jump)


def more(count: int, where: str) -> Chip:
    """A chip for the tokens of a long text that the strip leaves out."""
    return Chip(f"⋯ {count:,} {where}", title="The slider and the line below lead to all of them", special=True)


def chip(run: Run, index: int, *, current: bool = False) -> Chip:
    """A new token with its probability in the full softmax, and a pencil where a person chose it."""
    chosen = any(index == at for at, _ in run.spec.choices)
    first = len(run.trace.tokens("decoder")) - len(run.steps)
    share = format_percent(float(certainty(run).probability[first + index]))
    token = run.steps[index].token
    return tokens.chip(token, note=share + (" ✎" if chosen else ""), current=current, following=current)


def draw_choices(run: Run) -> None:
    """How many tokens a person chose, and a button to undo it; or a button to replay the choices of the previous text."""
    aside = st.session_state.get("aside")
    if not run.spec.choices and not aside:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.spec.choices:
            many = "tokens are" if len(run.spec.choices) > 1 else "token is"
            st.caption(
                f"{len(run.spec.choices)} {many} your choice (✎); what follows was written anew.", width="content"
            )
            st.button("Let the model choose", key="unforce", on_click=choices.choose, args=((),), type="tertiary")
        elif aside:
            st.caption("Your choices for the previous text are kept.", width="content")
            st.button("Replay them here", key="replay", on_click=replay, args=(aside[1],), type="tertiary")


def replay(tokens: PlacedTokens) -> None:
    """Makes the choices of the previous text on this one."""
    choices.choose(tokens)
    st.session_state["aside"] = None
