"""The tokens a person chose instead of the model's own, and how they stand in the address.

Each has its place: a step of a decoder, or the position of a mask in an encoder's text.
"""

from collections.abc import Sequence

import streamlit as st

from ui.state.linked import Linked

MOST_CHOICES = 32
LONGEST_CHOICE = 20  # characters; Python refuses to read numbers of thousands of digits
PlacedTokens = tuple[tuple[int, int], ...]  # (step or position, id)


def read_choices(text: str) -> PlacedTokens:
    """Choices from an address, "2:345,5:17"; parts that are none are left out."""
    found = {}
    for part in text.split(",")[:MOST_CHOICES]:
        place, _, token = part.partition(":")
        if place.isdecimal() and token.isdecimal() and len(part) <= LONGEST_CHOICE:
            found[int(place)] = int(token)
    return tuple(sorted(found.items()))


def write_choices(tokens: Sequence[tuple[int, int]]) -> str:
    """Choices as they stand in an address."""
    return ",".join(f"{place}:{token}" for place, token in tokens)


CHOICES = Linked[PlacedTokens]("choices", (), read_choices, write_choices)


def chosen() -> PlacedTokens:
    """The tokens a person chose."""
    return CHOICES.get()


def choose(tokens: Sequence[tuple[int, int]]) -> None:
    """Replaces the choices, and notes the text that they belong to."""
    CHOICES.set(tuple(sorted(tokens))[:MOST_CHOICES])
    st.session_state["chosen_for"] = st.session_state.get("text", "")


def link() -> None:
    """Keeps the address in step."""
    CHOICES.link(chosen())
