"""Values shared by the session and the address."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.runtime.state import get_session_state

LINKED_CHARACTERS = 4_000
T = TypeVar("T")


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
