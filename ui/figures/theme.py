"""The theme the browser shows, and the style sheet for what Streamlit has no option for."""

from pathlib import Path

import streamlit as st

from ui.components.print_fit.print_fit import print_fit
from viz.theme import Theme, theme

STYLE = Path(__file__).with_name("style.css")
PAPER = Path(__file__).with_name("paper.css")
MARK = str(Path(__file__).with_name("mark.svg"))


def is_dark() -> bool:
    """Whether this browser shows the dark theme; false until it has reported its theme."""
    return st.context.theme.type == "dark"


def current() -> Theme:
    """The colours of the theme this browser shows."""
    return theme(is_dark())


def apply_style() -> None:
    """Adds the style sheets to the page, and what the one for paper has to know."""
    st.html(STYLE)
    st.html(PAPER)
    print_fit(key="paper")
