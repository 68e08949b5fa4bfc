"""A text that a person types in place of a token, cut into the model's own pieces."""

import streamlit as st

from model.errors import InputError
from ui.figures import markdown
from ui.runs.store import Run


def taken(run: Run, key: str) -> tuple[str, list[int]]:
    """The text typed into a box and the ids of its pieces. The box is emptied.

    There are no ids where nothing was typed, or where the text holds no piece of the model, which is then said on the page.
    """
    text = str(st.session_state.get(key) or "")
    st.session_state[key] = ""
    ids: list[int] = []
    try:
        ids = pieces_of(run, text)
    except InputError as error:
        refuse(str(error))
    else:
        if text and not ids:
            refuse(f"nothing in “{text}” is a piece this model knows: type another")
    return text, ids


def refuse(reason: str) -> None:
    """Keeps a reason, which the next run of the page shows below the box."""
    st.session_state["typed_wrong"] = reason


def draw_refusal() -> None:
    """The reason for which a typed text was refused, once."""
    if wrong := st.session_state.pop("typed_wrong", None):
        st.warning(markdown.sentence(str(wrong)), icon="⚠️")


def pieces_of(run: Run, text: str) -> list[int]:
    """The ids of a typed text, without the special tokens that only a whole text gets; numbers without a tokenizer."""
    if run.lm.tokenizer is None:
        parts = text.replace(",", " ").split()
        ids = [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 10]
        return [i for i in ids if i < run.lm.config.vocab_size] if len(ids) == len(parts) else []
    return run.lm.reading(text, special=False).ids if text.strip() else []
