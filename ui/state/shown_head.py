"""The layer and head on screen: one choice for all pages."""

import streamlit as st

from ui.state.address import is_known


def show_head(layer: int, head: int) -> None:
    """Shows another head. Called before the pickers are drawn, or in a callback."""
    st.session_state["layer"], st.session_state["head"] = layer, head


def is_head_chosen() -> bool:
    """Whether a person or a link has chosen a layer or a head."""
    return is_known("layer") or is_known("head")
