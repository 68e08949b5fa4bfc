"""The layer and head on screen: one choice for all pages."""

import streamlit as st

from ui.state.address import is_known, whole_number

BY_RULE = "head_by_rule"  # in the session: the page whose rule gave a head, and that head


def show_head(layer: int, head: int) -> None:
    """Shows another head. Called before the pickers are drawn, or in a callback."""
    st.session_state["layer"], st.session_state["head"] = layer, head


def begin_with(layer: int, head: int, page: str) -> None:
    """Shows the head that a page's rule gives where nobody has chosen one."""
    show_head(layer, head)
    st.session_state[BY_RULE] = (page, layer, head)


def is_head_chosen(page: str = "") -> bool:
    """Whether a layer or a head is chosen: by a person, by a link, or by a rule. For a `page` with a rule of its own, a head
    that the rule of another page gave is not."""
    if not (is_known("layer") or is_known("head")):
        return False
    by, *place = st.session_state.get(BY_RULE, ("",))
    shown = [st.session_state.get(key, whole_number(st.query_params.get(key, ""))) for key in ("layer", "head")]
    return not page or by == page or place != shown
