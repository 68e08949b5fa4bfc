"""The pickers of model and device."""

import streamlit as st

from ui.runs import model_pool, runner
from ui.runs.examples import DEFAULT_MODEL
from ui.runs.runner import offered
from ui.state.address import write_into_address
from ui.state.choices import choose


def pick_model() -> tuple[str, str]:
    """(model, device) from the two pickers. A model that a link names and nobody opened here gives way to the default."""
    names = offered()
    switch = st.session_state.pop("switch_to", None)
    if switch in names:
        st.session_state["model"] = switch
        model_changed()
    asked = st.session_state.get("model", st.query_params.get("model"))
    if asked and asked not in names:
        st.session_state["not_opened"] = asked
    # Written at every run: a browser that draws the picker only in a later run than the first would show the first name.
    st.session_state["model"] = asked if asked in names else names[0]
    name = st.selectbox(
        "Model",
        names,
        key="model",
        format_func=model_pool.label,
        on_change=model_changed,
        help="The checkpoint that runs. Everything on screen comes from it. The Models page opens others.",
    )
    write_into_address("model", name or names[0], names[0])
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
    """Another model: tokens chosen for the last one mean nothing to it."""
    st.session_state.pop("not_opened", None)
    choose(())
    st.session_state["step"] = 0


def say_what_is_not_opened() -> None:
    """A sentence about the model a link asked for, where nobody opened it in this process; it is not opened unasked."""
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
