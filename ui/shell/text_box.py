"""The one text box that every page is about."""

import streamlit as st

from ui.runs.examples import examples_for
from ui.state.address import LINKED_CHARACTERS
from ui.state.choices import choose, chosen

TYPING_PAUSE = "20ms"
"""Without a keystroke, before a text is sent: shorter than between two keys, longer than in a burst of them."""


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
