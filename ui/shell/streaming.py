"""Tokens as they are made: where a decode takes a while its text appears at once, with a way to stop it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.decoding.step import Step
from ui.runs.runner import Run, RunSpec
from ui.runs.store import without_choices
from ui.state import address

PATIENCE = 0.4  # seconds before anything is said: most decodes are done by then
EVERY = 0.12  # seconds between two drawings
LAST_CHARACTERS = 600
LENGTHS = (40, 100, 250, 500, 1000)  # tokens one can ask for
HANDING_OVER = 10.0  # seconds: longer than a step of a large model
USUAL = 0  # stands for no number: a menu shows a None as a choice not made yet


class Live:
    """What a decode has written so far, in a place of the page that is empty before and afterwards."""

    def __init__(self, spec: RunSpec, place: DeltaGenerator) -> None:
        self.spec, self.place = spec, place
        self.began = self.drawn = time.monotonic()
        self.text: DeltaGenerator | None = None
        self.ids: list[int] = []

    def __call__(self, step: Step) -> None:
        """After each step; draws when it is time to."""
        self.ids.append(step.token.id)
        now = time.monotonic()
        if now - self.began < PATIENCE or now - self.drawn < EVERY:
            return
        self.drawn = now
        if self.text is None:
            with self.place.container(horizontal=True, vertical_alignment="top", key="live"):
                st.button("Stop", key="stop_writing", on_click=stop, args=(self.spec,), icon=":material/stop_circle:")
                self.text = st.empty()
        st.session_state["streamed"] = len(self.ids)
        written = step.lm.text(self.ids)
        more = "… " if len(written) > LAST_CHARACTERS else ""
        self.text.text(f"{len(self.ids)} tokens   {more}{written[-LAST_CHARACTERS:]}")

    def clear(self) -> None:
        """The decode is done, and the page below shows it."""
        if self.text is not None:
            self.place.empty()


@dataclass(frozen=True)
class Writing:
    """A decode of this session, and whether it is over."""

    of: RunSpec
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def handed_over(spec: RunSpec) -> Iterator[None]:
    """Around a decode: it begins when one of the same text that it interrupts has handed over what it had written.

    Streamlit starts the run that answers a click beside the one on its way, which ends at its next step.
    """
    before, mine = st.session_state.get("writing"), Writing(without_choices(spec))
    if isinstance(before, Writing) and before.of == mine.of:
        before.over.wait(HANDING_OVER)
    st.session_state["writing"] = mine
    try:
        yield
    finally:
        mine.over.set()


def stop(spec: RunSpec) -> None:
    """Ends the decode on screen with the tokens that were seen of it."""
    seen = st.session_state.get("streamed")
    if isinstance(seen, int) and seen > 0:
        st.session_state["stopped"] = (replace(spec, most=None), seen)


def limited(spec: RunSpec) -> RunSpec:
    """A spec with the number of tokens a person asked for, or stopped it at."""
    stopped = st.session_state.get("stopped")
    if stopped is not None and stopped[0] == replace(spec, most=None):
        return replace(spec, most=stopped[1])
    return replace(spec, most=asked())


def asked() -> int | None:
    """How many tokens shall be written at most, from the session, at first from the link; None: what is usual."""
    if "most" not in st.session_state:
        number = address.linked_number("most")
        st.session_state["most"] = number if number in LENGTHS else None
    held = st.session_state["most"]
    return held if isinstance(held, int) else None


def was_stopped(run: Run) -> bool:
    """Whether a person stopped this very decode."""
    stopped = st.session_state.get("stopped")
    return stopped is not None and run.spec == replace(stopped[0], most=stopped[1])


def go_on() -> None:
    """Takes a stop back: the text is written on from where it stands."""
    st.session_state["stopped"] = None


def pick_length(run: Run) -> None:
    """How many tokens are written at most."""
    most = run.lm.config.max_positions
    held = asked()
    options = [USUAL, *(n for n in LENGTHS if most is None or n < most or n == held)]
    st.session_state["most_picked"] = held or USUAL
    st.selectbox(
        "At most",
        options,
        key="most_picked",
        format_func=lambda n: f"{n:,} tokens" if n else "as usual",
        on_change=length_changed,
        width=150,
        help="How many tokens are written at most. As usual: three times the source's length and eight more, or 40 after a prompt. "
        "A long text appears as it is made, with a button to stop it.",
    )


def offer_to_go_on(run: Run) -> None:
    """The way on from where a person stopped the writing."""
    if was_stopped(run):
        st.button("Go on", key="go_on", on_click=go_on, help="You stopped it here; write on from this token")


def length_changed() -> None:
    picked = st.session_state.get("most_picked")
    st.session_state["most"] = picked if isinstance(picked, int) and picked != USUAL else None
    go_on()


def link() -> None:
    """Keeps the address in step."""
    held = asked()
    address.link("most", str(held) if held else "")
