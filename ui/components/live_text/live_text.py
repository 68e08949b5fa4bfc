"""A text area that tells Python what is typed while it is typed; Streamlit's own waits until it loses focus."""

from collections.abc import Callable, Mapping

import streamlit as st

from ui.components.browser import browser_component, told
from ui.components.payload import PayloadError, pack

DEBOUNCE = 150  # ms without a keystroke before the text is sent

_HTML = """
<div class="root live-text" data-testid="live-text">
  <div class="top"><label for="area"></label><output id="count" data-testid="live-text-count"></output></div>
  <textarea id="area" rows="1" spellcheck="false" autocomplete="off" aria-describedby="count"
    data-testid="live-text-area"></textarea>
</div>
"""
_mount = browser_component("live_text", _HTML)


def live_text(
    label: str,
    value: str = "",
    *,
    key: str,
    rev: int = 0,
    placeholder: str = "",
    max_chars: int | None = None,
    show_label: bool = True,
    on_text: Callable[[str], None] | None = None,
) -> str:
    """Returns the text as last sent, or `value` before anything was typed and after a new `rev`.

    `value` reaches the box when it is first drawn and when `rev` changes, never else: a rerun cannot disturb typing or
    an unfinished composition. Past 80 % of `max_chars` characters are counted; nothing is cut, the page decides.
    """
    if max_chars is not None and max_chars < 1:
        raise PayloadError(f"max_chars is {max_chars}; at least 1 is needed")
    known = st.session_state.get(key)
    typed = _text(known.get("text"), rev) if isinstance(known, Mapping) else None
    header = {
        "label": label,
        "value": value if typed is None else typed,  # a box drawn anew goes on with what was typed
        "rev": rev,
        "placeholder": placeholder,
        "max_chars": max_chars,
        "show_label": show_label,
        "debounce": DEBOUNCE,
    }

    def act(state: object) -> None:
        text = _text(state, rev)
        if on_text is not None and text is not None:
            on_text(text)

    result = _mount(key=key, data=pack(header), default={"text": None}, on_text_change=told(key, "text", act))
    text = _text(result.get("text"), rev)
    return value if text is None else text


def _text(state: object, rev: int) -> str | None:
    """What was typed since `rev`; a text typed over an older one has been replaced."""
    if not isinstance(state, Mapping) or state.get("rev") != rev:
        return None
    text = state.get("value")
    return text if isinstance(text, str) else None
