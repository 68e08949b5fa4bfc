"""Turns keys pressed anywhere on the page into actions, one at a time."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from ui.components.browser import browser_component, told
from ui.components.payload import PayloadError, pack

_mount = browser_component("keys", '<div class="root keys" data-testid="keys"></div>')


Action = TypeVar("Action", bound=str)


def keys(actions: Mapping[str, Action], *, key: str, on_key: Callable[[Action], None] | None = None) -> Action | None:
    """Listens for the keys of `actions`, {"ArrowLeft": "back"}, and returns the action of this run, if any.

    Keys are named as `KeyboardEvent.key` names them. Keys typed into a field, or with Ctrl, Alt or Meta, belong to
    someone else, and so do keys a list or slider uses. The browser sends the next action only after the run that
    answered the last one has drawn this component: call it last on the page or in the fragment. A held key then repeats
    as fast as runs finish; taps made meanwhile wait their turn.
    """
    if not actions or not all(actions):
        raise PayloadError("at least one key is needed, and each needs a name")
    known = frozenset(actions.values())
    seen = f"{key}:answered"

    def act(value: object) -> None:
        if not isinstance(value, Mapping):
            return
        number = value.get("number")
        if isinstance(number, int):
            st.session_state[seen] = number
        action = _action(value, known)
        if on_key is not None and action is not None:
            on_key(action)

    header = {"actions": dict(actions), "answered": st.session_state.get(seen, 0)}
    result = _mount(key=key, data=pack(header), on_key_change=told(key, "key", act))
    return _action(result.get("key"), known)


def _action(value: object, known: frozenset[Action]) -> Action | None:
    action = value.get("action") if isinstance(value, Mapping) else None
    return next((one for one in known if one == action), None)
