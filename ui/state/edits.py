"""What is switched off in a model: heads, edges and sublayers, kept in the session and in the link, shown as chips.

In an address `off` is a list such as "d2c5,e0s,d1f,d2c5.3-7": stack, layer and sublayer (s self-attention, c cross-attention,
f feed-forward); a head's number makes it that head alone, and ".query-key" one edge of it. They belong to one model.
"""

import re
from collections.abc import Sequence

import streamlit as st

from model.config import TransformerConfig
from model.edits import AttentionPart, CutEdge, SkipSublayer, ZeroHead, check_edits
from model.errors import InputError
from model.tap import Part, StackName
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.runs.store import Run
from ui.state.linked import Linked, Owned

Off = ZeroHead | CutEdge | SkipSublayer

MOST = 32
STACKS: dict[str, StackName] = {"e": "encoder", "d": "decoder"}
PARTS: dict[str, Part] = {"s": "self", "c": "cross", "f": "feed_forward"}
PART_NAMES: dict[Part, str] = {"self": "self-attention", "cross": "cross-attention", "feed_forward": "feed-forward"}
CODE = re.compile(r"([ed])(\d{1,3})(?:f|([sc])(?:(\d{1,3})(?:\.(\d{1,5})-(\d{1,5}))?)?)", re.ASCII)


def write(edits: Sequence[Off]) -> str:
    """Edits as they stand in an address."""
    return ",".join(_code(edit) for edit in edits)


def read(text: str) -> tuple[Off, ...]:
    """Edits from an address; parts that are none are left out, and so is what comes twice."""
    found = [_edit(match) for part in text[: 30 * MOST].split(",") if (match := CODE.fullmatch(part))]
    return tuple(dict.fromkeys(found))[:MOST]


def _code(edit: Off) -> str:
    part = next(letter for letter, name in PARTS.items() if name == edit.part)
    sublayer = f"{edit.stack[0]}{edit.layer}{part}"
    if isinstance(edit, SkipSublayer):
        return sublayer
    head = f"{sublayer}{edit.head}"
    return head if isinstance(edit, ZeroHead) else f"{head}.{edit.query}-{edit.key}"


def _edit(match: re.Match[str]) -> Off:
    stack, layer = STACKS[match[1]], int(match[2])
    if match[3] is None:
        return SkipSublayer(stack, layer, "feed_forward")
    part: AttentionPart = "self" if match[3] == "s" else "cross"
    if match[4] is None:
        return SkipSublayer(stack, layer, part)
    if match[5] is None:
        return ZeroHead(stack, layer, part, int(match[4]))
    return CutEdge(stack, layer, part, int(match[4]), int(match[5]), int(match[6]))


OFF = Owned(Linked[tuple[Off, ...]]("off", (), read, write))


def held(run: Run) -> tuple[Off, ...]:
    """What is off in this run's model. Of a link, the parts that the model does not have are left out and counted."""
    edits = OFF.get(run.spec.model)
    there = tuple(edit for edit in edits if is_there(run.lm.config, edit))
    if len(there) < len(edits):
        set_off(run, there)
        st.session_state["off_missing"] = len(edits) - len(there)
    return there


def is_there(config: TransformerConfig, edit: Off) -> bool:
    """Whether a model has what an edit names."""
    try:
        check_edits(config, (edit,))
    except InputError:
        return False
    return True


def link(run: Run) -> None:
    """Keeps the address in step with what is off."""
    OFF.link(held(run))


def set_off(run: Run, edits: Sequence[Off]) -> None:
    """Replaces what is off."""
    OFF.set(run.spec.model, tuple(dict.fromkeys(edits))[:MOST])
    st.session_state.pop("off_missing", None)


def toggle(run: Run, edit: Off) -> None:
    """Switches a part off, or on again."""
    now = held(run)
    set_off(run, [one for one in now if one != edit] if edit in now else [*now, edit])


def is_off(run: Run, edit: Off) -> bool:
    return edit in held(run)


def name(edit: Off, run: Run) -> str:
    """An edit in words fit to show: "decoder cross-attention L2 H5", with the tokens of an edge."""
    where = f"{edit.stack} {PART_NAMES[edit.part]} L{edit.layer}"
    if isinstance(edit, SkipSublayer):
        return where
    if isinstance(edit, ZeroHead):
        return f"{where} H{edit.head}"
    asking = run.trace.tokens(edit.stack)
    asked = run.trace.tokens("encoder") if edit.part == "cross" else asking
    if edit.query >= len(asking) or edit.key >= len(asked):
        return f"{where} H{edit.head}: {edit.query} ✂ {edit.key}, not in this text"
    query = run.written[edit.query] if edit.stack == "decoder" else asking[edit.query].label
    return f"{where} H{edit.head}: “{query}” ✂ “{asked[edit.key].label}”"


def draw_chips(run: Run) -> None:
    """A chip for each part that is off: a click switches it on again. And a button for all of them."""
    edits = held(run)

    def restore(event: ChipEvent) -> None:
        toggle(run, edits[event.index])

    row = [Chip(name(edit, run), title="click to switch it on again", intensity=0.16, role="warning") for edit in edits]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            token_strip(
                [Strip("off", row, empty="Nothing: click a head, a sublayer, or a cell of a head's map.")],
                key="off_chips",
                label="What is switched off; a click restores it",
                on_token=restore,
            )
        if edits:
            st.button("Restore all", key="restore_all", on_click=set_off, args=(run, ()), type="tertiary")
    if missing := st.session_state.get("off_missing"):
        many = "1 part" if missing == 1 else f"{missing} parts"
        st.warning(f"The link switches off {many} that this model does not have; the rest holds.", icon="⚠️")
    if len(edits) == MOST:
        st.caption(f"At most {MOST} parts can be off at once.")
