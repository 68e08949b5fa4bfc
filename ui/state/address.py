"""What the address holds, and the first value of widgets that are bound to it.

A value that no widget is bound to is a `linked.Linked`.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.state import get_session_state

LINKED_CHARACTERS = 4_000
OPENED_BY_LINKS = ("part", "layer", "head", "stack", "position", "step")
"""What a link from one page to another says about the page that it opens."""
T = TypeVar("T")


def parameters() -> dict[str, str]:
    """All that the address holds."""
    return st.query_params.to_dict()


def of_view() -> str:
    """The whole address, which restores what is on screen."""
    query = urlencode(parameters())
    return f"{st.context.url or ''}{'?' if query else ''}{query}"


def follow_link(page: str) -> None:
    """Call in every run, before any widget of the page is drawn. On arrival from another page what the link says takes the
    place of what the session holds; after that the session comes first again."""
    before, st.session_state["page"] = st.session_state.get("page"), page
    if before not in (None, page):
        for key in OPENED_BY_LINKS:
            if key in st.query_params:
                st.session_state.pop(key, None)


def is_known(key: str) -> bool:
    """Whether the session or the address holds a value."""
    return key in st.session_state or key in st.query_params


def start_with(key: str, value: object) -> None:
    """A widget's first value, where neither the session nor the address holds one."""
    if not is_known(key):
        st.session_state[key] = value


def keep_among(key: str, options: Sequence[T], otherwise: T, shown: Callable[[T], str] = str) -> T:
    """One of a few options: from the session, the first time from the address, else `otherwise`.

    It is written back before its widget is drawn, so that a value that is no longer offered is replaced. A bound widget writes
    into the address what it shows of an option; `shown` returns that text.
    """
    held = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    value = next((option for option in options if held in (option, str(option), shown(option))), otherwise)
    _keep(key, value)
    return value


def settle(key: str, size: int) -> int:
    """A number from 0 to size - 1: from the session, the first time from the address. It is brought into range and written
    back before its widget is drawn."""
    held = st.session_state[key] if key in st.session_state else whole_number(st.query_params.get(key, ""))
    inside = in_range(held if isinstance(held, int) else 0, size)
    _keep(key, inside)
    return inside


def _keep(key: str, value: object) -> None:
    """Only a change is written: Streamlit refuses to write a widget that is drawn already."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def in_range(number: int, size: int) -> int:
    """The nearest of 0 to size - 1."""
    return max(0, min(number, size - 1))


def whole_number(text: str) -> int:
    """A whole number from an address, 0 where it is none."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def link(key: str, text: str, otherwise: str = "") -> None:
    """Puts into the address what no widget writes there. The text that holds without a word, `otherwise`, is left out."""
    if text == otherwise:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != text:
        st.query_params[key] = text


def take_into_address() -> None:
    """Call first in a run: text and model as they came from the browser, into what Streamlit believes the address to hold.

    It believes the address of the moment before: a run in which one of them changes and Python changes another part (the step
    goes back to 0) would put the old text back into the browser's address. Streamlit has no public way. A value that a callback
    has just set is left out: Streamlit itself writes that into the address, and would not if it believed it to be there.
    """
    state = get_session_state()
    with state.query_params() as address:
        for key in ("text", "model"):
            value = st.session_state.get(key)
            if state.is_new_state_value(key):
                continue
            if isinstance(value, str) and len(value) <= LINKED_CHARACTERS and address.has_param(key):
                address.set_with_no_forward_msg(key, value)
