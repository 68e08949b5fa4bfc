"""The one text box that every page is about."""

import streamlit as st

from model.errors import InputError
from model.language_model import LanguageModel
from ui.components.live_text.live_text import send_while_typed
from ui.runs import runner
from ui.runs.examples import examples_for
from ui.state import address
from ui.state.address import LINKED_CHARACTERS
from ui.state.choices import choose, chosen
from ui.state.shown_step import show_step

TYPING_PAUSE = 20  # ms
"""A text is sent when nothing was typed for this long: shorter than the usual time between two keys, longer than in a burst."""


def draw_text_box(name: str) -> str:
    """The text box. Returns its text, which changes while a person types. So does that of every other text area of the page."""
    send_while_typed(TYPING_PAUSE, key="live_text")
    examples = examples_for(name)
    typed = str(st.session_state.get("text", ""))
    return (
        st.text_area(
            "Text",
            value=examples[0].text if examples else "",
            key="text",
            height="content",
            placeholder="Type a text; Enter begins a new line",
            label_visibility="collapsed",
            on_change=text_changed,
            bind="query-params" if len(typed) <= LINKED_CHARACTERS else None,
        )
        or ""
    )


def reads_ids() -> bool:
    """Whether the switch is on, also before it is drawn."""
    if "ids" in st.session_state:
        return bool(st.session_state["ids"])
    return address.parameters().get("ids") == "true"


def pick_ids(lm: LanguageModel | None, name: str, device: str) -> bool:
    """Whether the text is a list of token ids. Every model with a tokenizer has the switch; one without reads ids anyway."""
    if lm is None or lm.tokenizer is None:
        return False
    return st.toggle(
        "Token ids",
        key="ids",
        bind="query-params",
        on_change=ids_switched,
        args=(name, device),
        help="On: the box holds token ids, such as 12 7 93, and the model reads exactly these; no special token is added. The text "
        "that stands there is rewritten as its ids, and back.",
    )


def ids_switched(name: str, device: str) -> None:
    """Writes the text in the box as its token ids, or the ids as their text."""
    lm = runner.load(name, device)
    written = str(st.session_state.get("text") or "")
    try:
        if st.session_state["ids"]:
            put(" ".join(str(id) for id in lm.reading(written).ids))
        else:
            put(lm.text(lm.reading(runner.given(lm, written, ids=True)).ids))
    except InputError:
        return  # what cannot be rewritten stays, and the run of it says why


def text_changed() -> None:
    """A new text: the choices made for the old one are kept, and a button replays them."""
    tokens = chosen()
    if tokens:
        st.session_state["aside"] = (st.session_state.get("chosen_for", ""), tokens)
    choose(())
    show_step(0)


def use_text(text: str) -> None:
    """Puts a text into the box, as an example's button does."""
    st.session_state["ids"] = False
    put(text)


def put(text: str) -> None:
    """Puts a text, or token ids, into the box."""
    if text != st.session_state.get("text"):
        st.session_state["text"] = text
        text_changed()
