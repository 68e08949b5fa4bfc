"""Values shared by the session and the address."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.runtime.state import get_session_state

from ui.runs import model_pool, runner
from ui.runs.examples import DEFAULT_MODEL, examples_for
from ui.runs.runner import offered
from ui.state.choices import choose, chosen

LINKED_CHARACTERS = 4_000
TYPING_PAUSE = "20ms"
"""Without a keystroke, before a text is sent: shorter than between two keys, longer than in a burst of them."""
T = TypeVar("T")


def pick_model() -> tuple[str, str]:
    """(model, device) from the two pickers. A model that a link names and nobody opened here gives way to the default."""
    names = offered()
    switch = st.session_state.pop("switch_to", None)
    if switch in names:
        st.session_state["model"] = switch
        model_changed()
    asked = st.session_state.get("model", st.query_params.get("model"))
    if asked and asked not in names:
        st.session_state["not_opened"] = asked
    # Written at every run: a browser that draws the picker only in a later run than the first would show the first name.
    st.session_state["model"] = asked if asked in names else names[0]
    name = st.selectbox(
        "Model",
        names,
        key="model",
        format_func=model_pool.label,
        on_change=model_changed,
        help="The checkpoint that runs. Everything on screen comes from it. The Models page opens others.",
    )
    write_into_address("model", name or names[0], names[0])
    devices = runner.devices()
    if (onto := st.session_state.pop("device_next", None)) in devices:
        st.session_state["device"] = onto
    device = st.segmented_control(
        "Device",
        devices,
        default=devices[-1],
        required=True,
        key="device",
        format_func=str.upper,
        help="Where the model runs. CUDA appears where this machine has such a GPU.",
    )
    return name or DEFAULT_MODEL, device or devices[-1]


def model_changed() -> None:
    """Another model: tokens chosen for the last one mean nothing to it."""
    st.session_state.pop("not_opened", None)
    choose(())
    st.session_state["step"] = 0


def say_what_is_not_opened() -> None:
    """A sentence about the model a link asked for, where nobody opened it in this process; it is not opened unasked."""
    asked = st.session_state.get("not_opened")
    if not isinstance(asked, str):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            "The link asks for a model that is not opened here; this is the one that ships with Regard.", icon="⚠️"
        )
        st.text(asked)
        st.page_link("pages/models.py", label="Open it on the Models page", width="content")
        st.button("Dismiss", key="dismiss", type="tertiary", on_click=lambda: st.session_state.pop("not_opened", None))


def start_with(key: str, value: object) -> None:
    """A widget's first value. What the session holds comes first, then what the address says."""
    if key not in st.session_state and key not in st.query_params:
        st.session_state[key] = value


def keep_among(key: str, options: Sequence[T], otherwise: T, shown: Callable[[T], str] = str) -> T:
    """One of a few choices: from the session, at first from the address, else `otherwise`; written back before its
    widget is drawn, so that a choice no longer offered gives way. A bound widget writes into the address what it shows
    of a choice: `shown` says what that is."""
    held = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    value = next((option for option in options if held in (option, str(option), shown(option))), otherwise)
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return value


def write_into_address(key: str, value: str, otherwise: str) -> None:
    """Keeps the address in step with a choice whose code differs from what its widget shows: a bound widget would write
    what it shows, which cannot be read back. The choice that holds without a word is left out."""
    if value == otherwise:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def linked_number(key: str) -> int:
    """A whole number from the address, 0 where it holds none: read before the widget of that key is first drawn."""
    text = st.query_params.get(key, "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def text_box(name: str) -> str:
    """The one text every page is about, updated while typing."""
    examples = examples_for(name)
    typed = str(st.session_state.get("text", ""))
    return (
        st.text_input(
            "Text",
            value=examples[0].text if examples else "",
            key="text",
            live=TYPING_PAUSE,
            placeholder="Type a sentence",
            label_visibility="collapsed",
            on_change=text_changed,
            bind="query-params" if len(typed) <= LINKED_CHARACTERS else None,
        )
        or ""
    )


def text_changed() -> None:
    """A new text: choices made for the old one are kept aside, to be replayed with a click."""
    choices = chosen()
    if choices:
        st.session_state["aside"] = (st.session_state.get("chosen_for", ""), choices)
    choose(())
    st.session_state["step"] = 0


def use_text(text: str) -> None:
    """Puts a text into the box, as an example's button does."""
    if text != st.session_state.get("text"):
        st.session_state["text"] = text
        text_changed()


def take_into_address() -> None:
    """Call first in a run: text and model as they are now, into what Streamlit believes the address to hold.

    It believes the address of the moment before: a run in which one of them changes and Python changes another part
    (the step goes back to 0) would put the old text back into the browser's address. Streamlit has no public way.
    """
    with get_session_state().query_params() as address:
        for key in ("text", "model"):
            value = st.session_state.get(key)
            if isinstance(value, str) and len(value) <= LINKED_CHARACTERS and address.has_param(key):
                address.set_with_no_forward_msg(key, value)


def link(key: str, text: str) -> None:
    """Puts into the address what no widget is bound to; an empty text takes it out."""
    if st.query_params.get(key, "") != text:
        if text:
            st.query_params[key] = text
        else:
            del st.query_params[key]


def within(key: str, size: int) -> int:
    """A small number from the session, at first from the address, brought into range: 0 to size - 1."""
    value = st.session_state[key] if key in st.session_state else linked_number(key)
    return max(0, min(value if isinstance(value, int) else 0, size - 1))


def settle(key: str, size: int) -> int:
    """As `within`, and writes it back before the widget of that key is drawn."""
    number = within(key, size)
    if key not in st.session_state or st.session_state[key] != number:
        st.session_state[key] = number
    return number
