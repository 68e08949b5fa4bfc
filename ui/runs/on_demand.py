"""What a page computes from a run beyond the run itself: kept as long as the run is, and computed on request where it is slow."""

import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from model.loading import memory
from model.trace import Trace
from ui.runs import out_of_memory
from ui.runs.store import Run

T = TypeVar("T")
Key = tuple[object, ...]  # the first item names what is kept, the others say which of them

WEIGHTS_AT_ONCE = 30_000_000  # attention weights that are read without being asked for: 12 x 12 heads of 450 tokens
BAR_AFTER_SECONDS = 1.0  # shorter work shows no bar
_KEPT: "WeakKeyDictionary[Run | Trace, dict[object, dict[Key, object]]]" = WeakKeyDictionary()


def kept(run: Run | Trace, key: Key, kind: type[T], make: Callable[[], T], *, most: int | None = None) -> T:
    """A value of a run, made at the first call and kept for as long as the run is held.

    `kind` is the value's type. `most` bounds how many values of the same name (`key[0]`) one run keeps: where another
    one would be too many, the earlier ones are dropped first. A value must not refer to its run, which would then
    never be freed. Where `make` raises, nothing is kept; where memory runs out, that is an InputError.
    """
    found = held(run, key, kind)
    if found is not None:
        return found
    with out_of_memory.as_sentence("what this figure shows"):
        made = make()
    return keep(run, key, made, most=most)


def held(run: Run | Trace, key: Key, kind: type[T]) -> T | None:
    """The value kept under a key; None where there is none."""
    found = _KEPT.get(run, {}).get(key[0], {}).get(key)
    return found if isinstance(found, kind) else None


def keep(run: Run | Trace, key: Key, value: T, *, most: int | None = None) -> T:
    """Keeps a value, in the place of an earlier one of the same key; returns it."""
    of_name = _KEPT.setdefault(run, {}).setdefault(key[0], {})
    if most is not None and key not in of_name and len(of_name) >= most:
        of_name.clear()
    of_name[key] = value
    return value


def is_kept(run: Run | Trace, key: Key) -> bool:
    """Whether a value is kept under a key."""
    return key in _KEPT.get(run, {}).get(key[0], {})


def asked(run: Run, what: object, says: str, *, key: str) -> bool:
    """Whether a person asked for something slow of this run. Until then draws what it costs and the button to ask."""
    if st.session_state.get(f"asked_{key}") == (run.spec, what):
        return True
    st.info(says, icon="⏳")
    wanted = {f"asked_{key}": (run.spec, what)}
    st.button("Work it out", key=key, type="primary", on_click=st.session_state.update, args=(wanted,))
    return False


def in_turn(work: Callable[[Callable[[float], object]], T], says: str = "One head after another") -> T:
    """What `work` returns, with a progress bar where it takes long; any other choice on the page stops it.

    `work` is given a function to call with the share that is done.
    """
    place = st.empty()
    began = trimmed = time.monotonic()

    def seen(share: float) -> None:
        nonlocal trimmed
        now = time.monotonic()
        if now - trimmed > BAR_AFTER_SECONDS:
            memory.give_back()
            trimmed = time.monotonic()
        if now - began > BAR_AFTER_SECONDS:
            place.progress(share, text=f"{says}; any other choice on the page stops it.")

    try:
        with out_of_memory.as_sentence("this work"):
            found = work(seen)
    finally:
        memory.give_back()
    place.empty()
    return found


def duration(seconds: float) -> str:
    """A time in words, rounded as an estimate is: "a second", "12 seconds", "3 minutes"."""
    if seconds < 1.5:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
