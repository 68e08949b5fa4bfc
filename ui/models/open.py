"""Opening and unloading models: those on this machine, a folder or a hub id, and those in memory."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import psutil
import streamlit as st
import torch

import model
from model.errors import CheckpointError
from model.loading import checkpoint
from model.loading.hub import Progress
from model.loading.memory import free_on
from ui.figures import markdown
from ui.models import permission
from ui.models.page import draw_heading
from ui.runs import model_pool, runner
from ui.runs.model_pool import Listed

Place = Literal["folder", "hub"]
PLACES: dict[Place, str] = {"folder": "Folder on this machine", "hub": "Hugging Face hub id"}
ROWS_SHOWN, ROW_PIXELS = 24, 35  # of the list; more are scrolled to
PRECISION_MEANING = (
    "How exactly numbers are kept. auto: float32 on the CPU, bfloat16 on CUDA. The 16-bit ones take half the memory and "
    "round more."
)


def draw_on_this_machine(name: str) -> None:
    """Draws the list of models that lie on this machine; a click on a line makes it the current model."""
    allowed = permission.may_open()
    listed = current_first(model_pool.on_disk(runner.model_pool().opened, cache=allowed), model_pool.parts(name)[0])
    draw_heading(
        "On this machine",
        "What ships with Regard, what lies in the Hugging Face cache, and folders opened since it started."
        if allowed
        else "What ships with Regard, and what was opened since it started.",
    )
    where = model_pool.parts(name)[0]
    at = 0 if listed and listed[0].where == where else None
    st.dataframe(
        as_frame(listed),
        key=f"listed_{name}_{len(listed)}",
        hide_index=True,
        on_select=lambda: choose(listed, st.session_state.get(f"listed_{name}_{len(listed)}")),
        selection_mode="single-row",
        selection_default=None if at is None else {"selection": {"rows": [at]}},
        height="content" if len(listed) <= ROWS_SHOWN else ROW_PIXELS * ROWS_SHOWN,
        alt="Checkpoints on this machine",
    )
    st.caption("The current model stands first. Tick a line to make it the current model.")
    for one in listed:
        if one.problem:
            shown = one.where if allowed else model_pool.label(one.where)
            st.caption(f"{markdown.plain(shown)}: {markdown.sentence(one.problem)}")


def current_first(listed: list[Listed], where: str) -> list[Listed]:
    """The list with the current model on top, then what was opened here, the newest first, then the rest in its order."""
    opened = [model_pool.parts(name)[0] for name in runner.model_pool().opened]

    def place(one: Listed) -> tuple[bool, int]:
        return one.where != where, -opened.index(one.where) if one.where in opened else 1

    return sorted(listed, key=place)


def as_frame(listed: list[Listed]) -> pd.DataFrame:
    """The list as a table."""
    return pd.DataFrame(
        {
            "Name": [model_pool.label(one.where) for one in listed],
            "Family": [one.family for one in listed],
            "Kind": [one.kind for one in listed],
            "On disk": [model_pool.size(one.bytes) for one in listed],
            "From": [one.place for one in listed],
        }
    )


def choose(listed: list[Listed], state: object) -> None:
    """Asks for the model of a chosen line; it is opened where its progress can be shown."""
    selection = state.get("selection") if isinstance(state, Mapping) else None
    rows = selection.get("rows") if isinstance(selection, Mapping) else None
    if isinstance(rows, list) and rows and isinstance(rows[0], int) and rows[0] < len(listed):
        st.session_state["open_next"] = listed[rows[0]].where


def draw_open_another(device: str) -> None:
    """Draws the form that opens a folder or a hub id, with device and precision."""
    draw_heading(
        "Open another",
        "A folder in Hugging Face layout (config.json, weights, tokenizer), or a model of the hub. Nothing in it is executed.",
    )
    if not permission.may_open():
        st.info(permission.FORBIDDEN, icon="🔒")
        return
    asked = st.session_state.get("not_opened")
    first = str(asked) if isinstance(asked, str) else ""
    place = st.segmented_control(
        "From",
        list(PLACES),
        default="hub" if first and not first.startswith(("/", "~")) else "folder",
        required=True,
        key="open_place",
        format_func=PLACES.__getitem__,
        label_visibility="collapsed",
    )
    from_hub = place == "hub"
    key = f"open_where_{place}"
    st.session_state.setdefault(key, model_pool.parts(first)[0])
    typed = st.text_input(
        PLACES["hub" if from_hub else "folder"],
        key=key,
        placeholder="owner/name" if from_hub else "/path/to/folder",
        help="Fetched from huggingface.co into its local cache, unless it lies there already."
        if from_hub
        else "A path on the machine that Regard runs on.",
    )
    on, dtype = pick_device_and_precision(device)
    st.caption(permission.ALLOWED)
    if st.button("Open", type="primary", key="open"):
        try:
            where = model_pool.address(typed or "", from_hub=from_hub)
        except CheckpointError as error:
            st.error(markdown.sentence(str(error)), icon="⚠️")
            return
        open_now(where, on, dtype)


def pick_device_and_precision(device: str) -> tuple[str, checkpoint.Dtype]:
    """The device and precision with which a model is opened, with their pickers; at first the current device."""
    left, right = st.columns(2)
    devices = runner.devices()
    on = left.segmented_control(
        "Device", devices, default=device, required=True, key="open_device", format_func=str.upper
    )
    dtype = right.selectbox("Precision", model_pool.PRECISIONS, key="open_dtype", help=PRECISION_MEANING)
    return on or device, dtype or "auto"


def open_asked(device: str) -> None:
    """Opens the model that was clicked in the list."""
    where = st.session_state.pop("open_next", None)
    if isinstance(where, str):
        open_now(where, device, "auto")


def open_now(where: str, device: str, dtype: checkpoint.Dtype) -> None:
    """Opens a checkpoint, shows the progress, and makes it the current model. Nothing changes where it cannot be read."""
    shown = markdown.plain(model_pool.label(where))
    known = {*model.shipped(), *(model_pool.parts(name)[0] for name in runner.model_pool().opened)}
    if where not in known and not permission.may_open():
        st.error(permission.FORBIDDEN, icon="🔒")
        return
    with st.status(f"Opening {shown}", expanded=True) as status:
        bar = st.progress(0.0)
        line = st.empty()

        def progress(what: str, done: int, total: int) -> None:
            bar.progress(done / total if total else 0.0)
            line.text(f"{what} ({done:,} of {total:,})" if done < total else what)

        try:
            st.caption(memory_words(where, device, dtype, progress))
            name = runner.model_pool().open(where, device, dtype, progress)
        except (CheckpointError, OSError, MemoryError) as error:
            bar.empty()
            line.empty()
            status.update(label=f"{shown} was not opened", state="error")
            st.error(markdown.sentence(str(error)) + " The model you had stays.", icon="⚠️")
            return
        status.update(label=f"{shown} is open", state="complete", expanded=False)
    st.session_state["switch_to"], st.session_state["device_next"] = name, device
    st.rerun()


def memory_words(where: str, device: str, dtype: checkpoint.Dtype, progress: Progress) -> str:
    """A sentence about the memory it needs and the memory that is free. No weight is read for it; a hub id is downloaded."""
    folder, _ = checkpoint.locate(where, progress)
    needed = checkpoint.memory_needed(folder, "cuda" if device == "cuda" else "cpu", dtype)
    return f"Takes {model_pool.size(needed.needed)} of memory; {model_pool.size(needed.free)} are free on {needed.device.upper()}."


def draw_in_memory(name: str, device: str) -> None:
    """Draws each loaded model with the memory it takes, and a button that unloads it."""
    draw_heading(
        "In memory",
        "Loaded models are shared by everyone who uses this Regard. The runs of a model are its recorded tensors.",
    )
    allowed = permission.may_open()  # what one person unloads, all have to wait for
    for held in reversed(runner.model_pool().held):
        count, kept = runner.store().of(held.name, held.device)
        mine = (held.name, held.device) == (name, device)
        runs_kept = f"{count} {'run' if count == 1 else 'runs'}, {model_pool.size(kept)}" if count else "no runs"
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"held_{held.name}_{held.device}"
        ):
            st.markdown(
                f"{markdown.plain(model_pool.label(held.name))}  \n:small[:gray[{model_pool.size(held.bytes)} of parameters on "
                f"{held.device.upper()} · {runs_kept}]]",
                width="stretch",
            )
            if not allowed:
                continue
            st.button(
                "Unload",
                key=f"unload_{held.name}_{held.device}",
                on_click=runner.model_pool().unload,
                args=(held.name, held.device),
                disabled=mine,
                help="It is the current model: choose another one first."
                if mine
                else "It stays on offer, and is read again when chosen.",
            )
    own = psutil.Process().memory_info().rss
    free = model_pool.size(free_on(torch.device(device)))
    st.caption(f"This Regard takes {model_pool.size(own)} of memory in all; {free} are free on {device.upper()}.")
