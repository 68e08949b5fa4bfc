"""The positions where a run predicts a token: each step of a decoder, or each mask of an encoder's text."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
import torch

from analysis.knock_out import Prediction
from model.tokenizers.tokens import Token
from ui.runs.store import Run
from ui.state import address
from ui.state.linked import Linked

MOMENT = Linked[int | None]("moment", None, address.whole_number, str)


@dataclass(frozen=True)
class Moment:
    """One prediction: its position in the stack that predicts, and the token it is about."""

    at: int
    token: Token
    hidden: bool = False  # the token stood there and was masked; False: the model's own choice


def moments(run: Run) -> tuple[Moment, ...]:
    """A decoder's steps, with the tokens it chose. An encoder's masks, with the token each hides; a mask that was typed hides none
    and has the most probable token."""
    if run.lm.net.head is None:
        return ()
    if run.lm.kind != "encoder":
        return tuple(Moment(len(step.read["decoder"]) - 1, step.token) for step in run.steps)
    found = []
    for at, token in enumerate(run.source):
        if token.id == run.lm.special.mask:
            hidden = at in run.spec.masks
            best = run.original[at] if hidden else run.lm.token(int(logits(run, at).argmax()))
            found.append(Moment(at, best, hidden))
    return tuple(found)


def logits(run: Run, at: int) -> torch.Tensor:
    """Logits (vocab,) at a position of the stack that predicts."""
    return run.lm.logits(run.trace.final[at])


def chosen(run: Run, count: int, otherwise: int | Callable[[], int] = 0) -> int:
    """Which of several moments is on screen, from the session, at first from the link; kept in step with the address.

    Another text begins with `otherwise`, and so does a session whose link names none.
    """
    about = (run.spec.model, run.spec.text)
    held = MOMENT.get() if st.session_state.get("moment_of", about) == about else None
    st.session_state["moment_of"] = about
    if held is None:
        held = otherwise if isinstance(otherwise, int) else otherwise()
    index = address.in_range(held, count)
    MOMENT.set(index)
    MOMENT.link(index)
    return index


def asked(run: Run, which: tuple[Moment, ...]) -> Prediction:
    """These moments as `analysis` takes them: the ids both stacks read, and (position, id) of each prediction."""
    stack = run.trace.predicts
    read = tuple(token.id for token in run.trace.tokens(stack))
    source = tuple(token.id for token in run.trace.tokens("encoder")) if run.lm.kind == "encoder-decoder" else None
    segments = run.reading.segments if run.reading is not None and run.lm.kind == "encoder" else None
    return Prediction(read, tuple((one.at, one.token.id) for one in which), source, segments)
