"""What a page works out from a run beyond the run itself: kept as long as the run is, and asked for where it is slow."""

import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from model.loading import memory
from ui.runs.runner import Run

AT_ONCE = 30_000_000  # attention weights that are worked out unasked: 12 x 12 heads of 450 tokens


T = TypeVar("T")
PATIENCE = 1.0  # seconds of work that need no bar
_FOUND: "WeakKeyDictionary[Run, dict[object, object]]" = WeakKeyDictionary()


def kept(run: Run, key: object, kind: type[T], make: Callable[[], T]) -> T:
    """Something worked out from a run, once for as long as the run is held."""
    held = _FOUND.setdefault(run, {})
    found = held.get(key)
    if not isinstance(found, kind):
        found = held[key] = make()
    return found


def is_kept(run: Run, key: object) -> bool:
    return key in _FOUND.get(run, {})


def asked(run: Run, what: object, says: str, *, key: str) -> bool:
    """Whether a person asked for something slow of this run; until then what it costs, and the button to ask."""
    if st.session_state.get(f"asked_{key}") == (run.spec, what):
        return True
    st.info(says, icon="⏳")
    wanted = {f"asked_{key}": (run.spec, what)}
    st.button("Work it out", key=key, type="primary", on_click=st.session_state.update, args=(wanted,))
    return False


def in_turn(work: Callable[[Callable[[float], object]], T]) -> T:
    """Work over all heads that takes long, behind a bar; any other choice on the page stops it."""
    place = st.empty()
    began = trimmed = time.monotonic()

    def seen(share: float) -> None:
        nonlocal trimmed
        now = time.monotonic()
        if now - trimmed > PATIENCE:
            memory.give_back()
            trimmed = time.monotonic()
        if now - began > PATIENCE:
            place.progress(share, text="One head after another; any other choice on the page stops it.")

    try:
        found = work(seen)
    finally:
        memory.give_back()
    place.empty()
    return found


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 1.5:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
