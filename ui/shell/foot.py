"""The foot of every page: the page before and the page after it on the path through the menu."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Neighbour:
    """A page that the foot links to, with the question it answers."""

    path: str
    name: str
    question: str


def draw_foot(back: Neighbour | None, after: Neighbour | None) -> None:
    """Draws the links to both neighbours; the first page has none before it, the last none after it."""
    with st.container(horizontal=True, horizontal_alignment="distribute", key="foot"):
        if back is not None:
            st.page_link(back.path, label=f"← Back: {back.name}", help=back.question)
        if after is not None:
            st.page_link(after.path, label=f"Next: {after.name} →", help=after.question)
