"""Asks for one run when the browser's theme is not the one Python drew in.

Streamlit recolours its own elements in the browser when a person or their system switches to dark, but runs nothing,
so figures keep the colours they were drawn in.
"""

import streamlit as st

from ui.components.browser import browser_component, told
from ui.components.payload import pack

_mount = browser_component("theme_watch", '<div class="root theme-watch" data-testid="theme-watch"></div>')


def theme_watch(dark: bool, *, key: str) -> None:
    """Runs the app again where the browser's background is not `dark`, which is what this run drew.

    What the browser said last is kept until a run agrees with it and is sent back meanwhile: a run that still draws the
    other theme is not asked for again before the browser's theme changes, so this cannot loop.
    """
    said = f"{key}:said"

    def act(value: object) -> None:
        if isinstance(value, bool):
            st.session_state[said] = value

    last = st.session_state.get(said)
    if last == dark:
        last = st.session_state[said] = None
    _mount(key=key, data=pack({"dark": dark, "said": last}), on_dark_change=told(key, "dark", act))
