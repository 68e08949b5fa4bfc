"""The tokens a person chose instead of the model's own, and how they stand in the address."""

from collections.abc import Sequence

import streamlit as st

from ui.state.address import link

MOST_CHOICES = 32


LONGEST_CHOICE = 20  # characters; Python refuses to read numbers of thousands of digits


def chosen() -> tuple[tuple[int, int], ...]:
    """The tokens a person chose instead of the model's own: (step, id), from the session, at first from the link."""
    if "choices" not in st.session_state:
        st.session_state["choices"] = read_choices(st.query_params.get("choices", ""))
    held: tuple[tuple[int, int], ...] = st.session_state["choices"]
    return held


def choose(choices: Sequence[tuple[int, int]]) -> None:
    """Replaces the choices."""
    st.session_state["choices"] = tuple(sorted(choices))[:MOST_CHOICES]
    st.session_state["chosen_for"] = st.session_state.get("text", "")


def read_choices(text: str) -> tuple[tuple[int, int], ...]:
    """Choices from an address, "2:345,5:17"; parts that are none are left out."""
    found = {}
    for part in text.split(",")[:MOST_CHOICES]:
        step, _, token = part.partition(":")
        if step.isdecimal() and token.isdecimal() and len(part) <= LONGEST_CHOICE:
            found[int(step)] = int(token)
    return tuple(sorted(found.items()))


def write_choices(choices: Sequence[tuple[int, int]]) -> str:
    """Choices as they stand in an address."""
    return ",".join(f"{step}:{token}" for step, token in choices)


def link_choices() -> None:
    """Keeps the address in step with the choices."""
    link("choices", write_choices(chosen()))
