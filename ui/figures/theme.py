"""The theme the browser shows, and the style sheet for what Streamlit has no option for."""

from pathlib import Path

import streamlit as st

from viz.theme import Theme, theme

STYLE = Path(__file__).with_name("style.css")
MARK = str(Path(__file__).with_name("mark.svg"))


def is_dark() -> bool:
    """Whether this browser shows the dark theme; false until it has reported its theme."""
    return st.context.theme.type == "dark"


def current() -> Theme:
    """The colours of the theme this browser shows."""
    return theme(is_dark())


def apply_style() -> None:
    """Adds the style sheet to the page."""
    st.html(STYLE)
