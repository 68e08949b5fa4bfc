"""Plays steps one after another at a chosen pace, in the browser's own time."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from ui.components.browser import browser_component, told
from ui.components.payload import PayloadError, pack

_HTML = (
    '<div class="root player" data-testid="player">'
    '<button type="button" data-testid="play"></button><select data-testid="pace"></select></div>'
)
_mount = browser_component("player", _HTML)


def player(
    paces: Sequence[float], *, key: str, at_end: bool, on_tick: Callable[[], None] | None = None, pace: float = 2.0
) -> bool:
    """A button that plays and pauses, and a menu of `paces` in steps a second. True in a run that a tick started.

    Playing lives in the browser: a tick is sent when its time has come and the run that answered the last one has drawn
    this component, so a slow page slows the playing and never queues it. It pauses by itself where `at_end` is true.
    """
    if not paces or min(paces) <= 0 or pace not in paces:
        raise PayloadError("paces are above 0, and the first pace is one of them")
    answered = f"{key}:answered"

    def act(value: object) -> None:
        number = value.get("number") if isinstance(value, Mapping) else None
        if isinstance(number, int) and not isinstance(number, bool):
            st.session_state[answered] = number
            if on_tick is not None:
                on_tick()

    header = {
        "paces": list(paces),
        "pace": pace,
        "end": at_end,
        "answered": st.session_state.get(answered, 0),
        "labels": {"play": "▶ Play", "pause": "❚❚ Pause", "pace": "Pace", "unit": "a second"},
    }
    result = _mount(key=key, data=pack(header), on_tick_change=told(key, "tick", act))
    return isinstance(result.get("tick"), Mapping)
