"""What only an encoder takes besides the text: a second sentence, and positions to hide behind its mask token.

Hidden positions belong to one text of one model; a changed text hides nothing. They are kept in the session and the link.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from model.language_model import LanguageModel
from ui.runs.store import RunSpec
from ui.state.linked import Linked, Owned

MOST_MASKS = 32


def takes_pair(lm: LanguageModel) -> bool:
    """Whether the model tells two sentences apart."""
    return lm.kind == "encoder" and lm.config.n_segments > 1 and lm.tokenizer is not None


def can_mask(lm: LanguageModel) -> bool:
    """Whether tokens can be hidden and guessed."""
    return lm.kind == "encoder" and lm.special.mask is not None and lm.net.head is not None


def pick_pair() -> str | None:
    """The second sentence; None where there is none."""
    text = st.text_area(
        "Second sentence",
        key="pair",
        height="content",
        bind="query-params",
        placeholder="A second sentence, if you like: this model reads pairs",
        label_visibility="collapsed",
    )
    return text if text and text.strip() else None


def pick_encoder_input(spec: RunSpec, lm: LanguageModel) -> RunSpec:
    """The spec with the second sentence from its box, and with the positions that are hidden in this text."""
    if takes_pair(lm) and not spec.ids:
        spec = replace(spec, pair=pick_pair())
    return replace(spec, masks=hidden(spec)) if can_mask(lm) else spec


def read_positions(text: str) -> tuple[int, ...]:
    """Positions from an address, "3,5"; parts that are none are left out."""
    parts = [part for part in text[:400].split(",") if part.isdecimal() and part.isascii() and len(part) < 6]
    return tuple(sorted({int(part) for part in parts}))[:MOST_MASKS]


def write_positions(positions: Sequence[int]) -> str:
    """Positions as they stand in an address."""
    return ",".join(str(position) for position in positions)


MASKS = Owned(Linked[tuple[int, ...]]("masks", (), read_positions, write_positions))


def hidden(spec: RunSpec) -> tuple[int, ...]:
    """The positions hidden in this text."""
    return MASKS.get(_owner(spec))


def hide(spec: RunSpec, positions: Sequence[int]) -> None:
    """Hides these positions of a text and no others."""
    MASKS.set(_owner(spec), tuple(sorted(set(positions)))[:MOST_MASKS])


def toggle(spec: RunSpec, position: int) -> None:
    """Hides a position, or shows it again."""
    held = set(spec.masks)
    hide(spec, sorted(held ^ {position}))


def _owner(spec: RunSpec) -> tuple[str, str, str | None]:
    return spec.model, spec.text, spec.pair
