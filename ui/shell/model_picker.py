"""The pickers of model and device."""

import streamlit as st

from ui.runs import model_pool, runner
from ui.runs.examples import DEFAULT_MODEL
from ui.runs.runner import offered
from ui.state.choices import choose
from ui.state.linked import Linked
from ui.state.shown_step import show_step


def pick_model() -> tuple[str, str]:
    """(model, device) from the two pickers. Where a link names a model that is not open here, the default model is used."""
    names = offered()
    switch = st.session_state.pop("switch_to", None)
    if switch in names:
        st.session_state["model"] = switch
        model_changed()
    model = Linked("model", names[0], str, str)
    asked = model.get()
    if asked not in names:
        st.session_state["not_opened"] = asked
    # Written at every run: a browser that draws the picker only in a later run than the first would show the first name.
    model.set(asked if asked in names else names[0])
    name = st.selectbox(
        "Model",
        names,
        key="model",
        format_func=model_pool.label,
        on_change=model_changed,
        help="The checkpoint that runs. Everything on screen comes from it. The Models page opens others.",
    )
    model.link(name or names[0])
    devices = runner.devices()
    if (onto := st.session_state.pop("device_next", None)) in devices:
        st.session_state["device"] = onto
    device = st.segmented_control(
        "Device",
        devices,
        default=devices[-1],
        required=True,
        key="device",
        format_func=str.upper,
        help="Where the model runs. CUDA appears where this machine has such a GPU.",
    )
    return name or DEFAULT_MODEL, device or devices[-1]


def model_changed() -> None:
    """Forgets the chosen tokens: their ids mean nothing to another model."""
    st.session_state.pop("not_opened", None)
    choose(())
    show_step(0)


def draw_not_opened() -> None:
    """A warning where a link asks for a model that is not open in this process. A link alone never opens one."""
    asked = st.session_state.get("not_opened")
    if not isinstance(asked, str):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            "The link asks for a model that is not opened here; this is the one that ships with Regard.", icon="⚠️"
        )
        st.text(asked)
        st.page_link("pages/models.py", label="Open it on the Models page", width="content")
        st.button("Dismiss", key="dismiss", type="tertiary", on_click=lambda: st.session_state.pop("not_opened", None))
