"""The masks of an encoder as they are filled one after another, and the tokens and the order that a person chose."""

from dataclasses import dataclass, replace

import streamlit as st

from analysis.mask_filling import Order, filled_masks
from model.tokenizers.tokens import Token
from model.trace import Trace
from ui.runs import runner
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state import choices
from ui.state.choices import MOST_CHOICES, PlacedTokens
from ui.state.linked import Linked

MaskTokens = PlacedTokens  # (position, id)


@dataclass(frozen=True)
class Filled:
    """One mask filled. The run in which it was filled is in the store, under the masks filled before it."""

    at: int  # position
    token: Token
    probability: float
    left: tuple[int, ...]  # where masks stood before it was filled, this one included
    before: MaskTokens  # the masks filled before it
    by_person: bool  # whether a person chose the token


def read_positions(text: str) -> tuple[int, ...]:
    """Positions from an address, "7,2"; parts that are none are left out."""
    parts = text.split(",")[:MOST_CHOICES]
    return tuple(int(part) for part in parts if part.isdecimal() and len(part) < 9)


FILL_FIRST = Linked[tuple[int, ...]](
    "fill_first", (), read_positions, lambda positions: ",".join(str(at) for at in positions)
)
"""The masks that a person wants filled first, in their order."""


def run_after(run: Run, tokens: MaskTokens) -> Run:
    """The run of the text with these masks filled."""
    return runner.get(replace(run.spec, filled=tokens))


def fill_first(masks: list[int]) -> tuple[int, ...]:
    """The masks that are filled first, as far as they are still masks; the address is kept in step."""
    held = tuple(at for at in dict.fromkeys(FILL_FIRST.get()) if at in masks)
    FILL_FIRST.link(held)
    return held


def possible(run: Run, masks: list[int], tokens: MaskTokens) -> MaskTokens:
    """Those of the chosen tokens whose positions are still masks and whose ids the model has."""
    size, mask = run.lm.config.vocab_size, run.lm.special.mask
    return tuple((at, id) for at, id in tokens if at in masks and id < size and id != mask)


def choose_token(fill: Filled, token: int) -> None:
    """Puts a token in the place of a mask. The masks filled after it are filled anew."""
    others = [placed for placed in choices.chosen() if placed[0] != fill.at]
    choices.choose([*others, (fill.at, token)] if fill.by_person or token != fill.token.id else others)


def filled(run: Run, order: Order, first: tuple[int, ...], chosen: MaskTokens) -> list[Filled]:
    """Every mask in the turn in which it is filled, worked out once for a run, an order and the chosen tokens.

    A newer click of the reader can end this between two passes.
    """

    def read(before: MaskTokens) -> Trace:
        st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
        return run_after(run, before).trace

    def make() -> list[Filled]:
        ids = [token.id for token in run.source]
        found = filled_masks(run.lm, ids, order=order, chosen=first, said=dict(chosen), read=read)
        before = [tuple(sorted((fill.at, fill.token.id) for fill in found[:n])) for n in range(len(found))]
        return [
            Filled(fill.at, fill.token, fill.probability, fill.left, earlier, fill.at in dict(chosen))
            for fill, earlier in zip(found, before, strict=True)
        ]

    every: list[Filled] = kept(run, ("filled", order, first, chosen), list, make)
    return every
