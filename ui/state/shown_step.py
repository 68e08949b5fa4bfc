"""The step of a decode on screen, or of the filling of masks, and the ways to another step."""

from typing import Literal

from ui.state.linked import keep_within, linked_number

Move = Literal["restart", "back", "step", "end"]
STEP = linked_number("step")


def shown_step(count: int) -> int:
    """The step on screen of `count` steps, 0 for the first.

    Its slider is not bound to the address: each length of a run makes it another widget, and a new one would start from
    the address of the last text.
    """
    return keep_within(STEP, count)


def counted(step: int) -> str:
    """A step's number as people count, from 1; in the session and in links the first is 0."""
    return str(step + 1)


def show_step(step: int) -> None:
    """Shows another step."""
    STEP.set(step)


def move_step(how: Move, now: int, last: int) -> None:
    """From step `now` one back, one on, to the last or to the first."""
    STEP.set({"restart": 0, "back": max(0, now - 1), "step": min(last, now + 1), "end": last}[how])
