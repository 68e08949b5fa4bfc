"""A text that a person types to stand in a token's place, cut into the model's own pieces."""

import streamlit as st

from model.errors import InputError
from ui.figures import markdown
from ui.runs.runner import Run


def taken(run: Run, key: str) -> tuple[str, list[int]]:
    """What was typed into a box, which is emptied, and the ids of its pieces: none where nothing was typed, and none, with a
    reason to be said, where it holds no piece of the model."""
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
    """Has a reason said in the next run of the page, below the box."""
    st.session_state["typed_wrong"] = reason


def say_what_was_wrong() -> None:
    if wrong := st.session_state.pop("typed_wrong", None):
        st.warning(markdown.sentence(str(wrong)), icon="⚠️")


def pieces_of(run: Run, text: str) -> list[int]:
    """The ids of a typed text, without the special tokens that only a whole text gets; numbers without a tokenizer."""
    if run.lm.tokenizer is None:
        parts = text.replace(",", " ").split()
        ids = [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 10]
        return [i for i in ids if i < run.lm.config.vocab_size] if len(ids) == len(parts) else []
    return run.lm.reading(text, special=False).ids if text.strip() else []
