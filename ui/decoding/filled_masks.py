"""The masks of an encoder as they are filled: what was chosen by a person, and every fill worked out once."""

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import streamlit as st

from analysis.mask_filling import Order, filled_masks
from model.tokenizers.tokens import Token
from model.trace import Trace
from ui.runs import runner
from ui.runs.runner import Run
from ui.state import address
from ui.state import choices as state_choices

Done = tuple[tuple[int, int], ...]  # (position, id) of masks filled


@dataclass(frozen=True)
class Filled:
    """One mask filled; its run is in the store, by what had been filled before it."""

    at: int
    token: Token
    probability: float
    left: tuple[int, ...]  # where masks stood before it, this one included
    done: Done
    said: bool  # whether a person chose the token


_FILLED: WeakKeyDictionary[Run, dict[tuple[Order, tuple[int, ...], Done], list[Filled]]] = WeakKeyDictionary()


def run_after(run: Run, done: Done) -> Run:
    """The run of the text with masks filled so far."""
    return runner.get(replace(run.spec, filled=done))


def clicked_first(places: list[int]) -> tuple[int, ...]:
    """The masks a person had filled first, as far as they are still masks; from the session, at first from the link."""
    if "fill_first" not in st.session_state:
        parts = st.query_params.get("fill_first", "").split(",")[: state_choices.MOST_CHOICES]
        st.session_state["fill_first"] = tuple(int(part) for part in parts if part.isdecimal() and len(part) < 9)
    held = tuple(at for at in dict.fromkeys(st.session_state["fill_first"]) if at in places)
    address.link("fill_first", ",".join(map(str, held)))
    return held


def said(run: Run, places: list[int], choices: Done) -> Done:
    """The tokens a person chose for masks, as far as they are still masks and the model has such tokens."""
    size, mask = run.lm.config.vocab_size, run.lm.special.mask
    return tuple((at, id) for at, id in choices if at in places and id < size and id != mask)


def say(run: Run, fill: Filled, token: int) -> None:
    """Has a token stand where a mask was; what is filled after it reads it."""
    others = [choice for choice in state_choices.chosen() if choice[0] != fill.at]
    state_choices.choose([*others, (fill.at, token)] if fill.said or token != fill.token.id else others)


def filled(run: Run, order: Order, chosen: tuple[int, ...], told: Done) -> list[Filled]:
    """Every fill, worked out once for a run and an order. Between two passes a newer choice of the reader takes over."""
    held = _FILLED.setdefault(run, {})
    if (order, chosen, told) not in held:

        def read(done: Done) -> Trace:
            st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
            return run_after(run, done).trace

        ids = [token.id for token in run.source]
        found = filled_masks(run.lm, ids, order=order, chosen=chosen, said=dict(told), read=read)
        before = [tuple(sorted((fill.at, fill.token.id) for fill in found[:n])) for n in range(len(found))]
        held[order, chosen, told] = [
            Filled(fill.at, fill.token, fill.probability, fill.left, done, fill.at in dict(told))
            for fill, done in zip(found, before, strict=True)
        ]
    return held[order, chosen, told]
