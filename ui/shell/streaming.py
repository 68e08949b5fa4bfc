"""A decode that takes a while shows its text as it is generated, with a button to stop it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.decoding.step import Step
from ui.runs.store import Run, RunSpec, read_alone, without_choices
from ui.state.linked import Linked

PATIENCE_SECONDS = 0.4  # before anything is drawn: most decodes are done by then
REDRAW_SECONDS = 0.12
LAST_CHARACTERS = 600
LENGTHS = (0, 40, 100, 250, 500, 1000)  # tokens one can ask for; 0: the text is read and nothing is generated
HAND_OVER_SECONDS = 10.0  # longer than a step of a large model
DEFAULT_LENGTH = -1  # stands for no number: a menu shows a None as a choice not made yet


class Live:
    """The text of a decode so far, in a place of the page that is empty before and after it."""

    def __init__(self, spec: RunSpec, place: DeltaGenerator) -> None:
        self.spec, self.place = spec, place
        self.began = self.drawn = time.monotonic()
        self.text: DeltaGenerator | None = None
        self.ids: list[int] = []

    def __call__(self, step: Step) -> None:
        """After each step; draws when it is time to."""
        self.ids.append(step.token.id)
        now = time.monotonic()
        if now - self.began < PATIENCE_SECONDS or now - self.drawn < REDRAW_SECONDS:
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
    """Around a decode. It waits until the decode of the same text that it interrupts has handed over its tokens.

    Streamlit starts the run that answers a click beside the one on its way, which ends at its next step.
    """
    before, mine = st.session_state.get("writing"), Writing(without_choices(spec))
    if isinstance(before, Writing) and before.of == mine.of:
        before.over.wait(HAND_OVER_SECONDS)
    st.session_state["writing"] = mine
    try:
        yield
    finally:
        mine.over.set()


def stop(spec: RunSpec) -> None:
    """Ends the decode on screen with the tokens that were shown of it."""
    seen = st.session_state.get("streamed")
    if isinstance(seen, int) and seen > 0:
        st.session_state["stopped"] = (replace(spec, most=None), seen)


def limited(spec: RunSpec) -> RunSpec:
    """A spec with the number of tokens that a person asked for, or at which a person stopped it."""
    stopped = st.session_state.get("stopped")
    if stopped is not None and stopped[0] == replace(spec, most=None):
        return replace(spec, most=stopped[1])
    return read_alone(spec) if MOST.get() == 0 else replace(spec, most=MOST.get())


def read_length(text: str) -> int | None:
    """A number of tokens from an address, None where it is not one of those offered."""
    return next((length for length in LENGTHS if text == str(length)), None)


MOST = Linked[int | None]("most", None, read_length, str)
"""How many tokens are generated at most; None: the default number."""


def was_stopped(run: Run) -> bool:
    """Whether a person stopped this very decode."""
    stopped = st.session_state.get("stopped")
    return stopped is not None and run.spec == replace(stopped[0], most=stopped[1])


def go_on() -> None:
    """Decodes on from where a person stopped."""
    st.session_state["stopped"] = None


def pick_length(run: Run) -> None:
    """How many tokens are generated at most."""
    most = run.lm.config.max_positions
    held = MOST.get()
    options = [DEFAULT_LENGTH, *(n for n in LENGTHS if most is None or n < most or n == held)]
    st.session_state["most_picked"] = DEFAULT_LENGTH if held is None else held
    st.selectbox(
        "Maximum new tokens",
        options,
        key="most_picked",
        format_func=lambda n: "default" if n == DEFAULT_LENGTH else f"{n:,}",
        on_change=length_changed,
        width=180,
        help="How many tokens are generated at most. Default: three times the source's length and 8 more, or 40 after a prompt. "
        "0: the text is read and nothing is generated. A long text appears as it is made, with a button to stop it.",
    )


def draw_go_on(run: Run) -> None:
    """A button to write on from where a person stopped the decode."""
    if was_stopped(run):
        st.button("Go on", key="go_on", on_click=go_on, help="You stopped it here; write on from this token")


def length_changed() -> None:
    picked = st.session_state.get("most_picked")
    MOST.set(picked if isinstance(picked, int) and picked != DEFAULT_LENGTH else None)
    go_on()
