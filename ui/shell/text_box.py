"""The one text box that every page is about."""

import streamlit as st

from ui.runs.examples import examples_for
from ui.state.address import LINKED_CHARACTERS
from ui.state.choices import choose, chosen
from ui.state.shown_step import show_step

TYPING_PAUSE = "20ms"
"""A text is sent when no key was pressed for this long: shorter than the usual time between two keys, longer than in a burst."""


def draw_text_box(name: str) -> str:
    """The text box. Returns its text, which changes while a person types."""
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
    """A new text: the choices made for the old one are kept, and a button replays them."""
    tokens = chosen()
    if tokens:
        st.session_state["aside"] = (st.session_state.get("chosen_for", ""), tokens)
    choose(())
    show_step(0)


def use_text(text: str) -> None:
    """Puts a text into the box, as an example's button does."""
    if text != st.session_state.get("text"):
        st.session_state["text"] = text
        text_changed()
