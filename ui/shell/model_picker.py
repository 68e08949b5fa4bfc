"""The pickers of model and device."""

from dataclasses import dataclass

import streamlit as st

from ui.figures.markdown import plain
from ui.runs import model_pool, purposes, runner
from ui.runs.runner import offered
from ui.state.choices import choose
from ui.state.linked import Linked
from ui.state.shown_step import show_step

INDENT = "\u2003"  # an em space, which a browser does not drop at the start of a line


@dataclass(frozen=True)
class Group:
    """A heading in the list of models; choosing it chooses its first model."""

    key: str
    first: str


def options(names: list[str]) -> list[Group | str]:
    """The models under the headings of their groups."""
    found: list[Group | str] = []
    for key, members in purposes.grouped(names, runner.model_pool().opened).items():
        found += [Group(key, members[0]), *members]
    return found


def as_shown(option: Group | str) -> str:
    """A line of the list: a heading, or a model with what it reads and writes."""
    if isinstance(option, Group):
        return purposes.GROUPS[option.key].upper()
    short = purposes.purpose(option).short
    return INDENT + model_pool.label(option) + (f" · {short}" if short else "")


def says(name: str) -> str:
    """A sentence about what a model reads and writes, safe where markup is read; "" where that is not known."""
    does = purposes.purpose(name).does
    return f"**{plain(model_pool.label(name))}** {does}." if does else ""


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
    picked = st.selectbox(
        "Model",
        options(names),
        key="model",
        format_func=as_shown,
        on_change=model_changed,
        help="The checkpoint that runs, with what it reads and writes. Everything on screen comes from it. The Models page opens "
        "others.",
    )
    name = picked if isinstance(picked, str) else names[0]
    st.caption(says(name))
    model.link(name)
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
    return name, device or devices[-1]


def model_changed() -> None:
    """A heading gives way to its first model; the chosen tokens are forgotten, since their ids mean nothing to another model."""
    picked = st.session_state.get("model")
    if isinstance(picked, Group):
        st.session_state["model"] = picked.first
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
