"""What a page says where the model has no attention to show: a recurrent model is answered in one place, for every page."""

import streamlit as st

from model.language_model import LanguageModel

INSTEAD = "The Architectures page shows how much each earlier token still counts, beside a Transformer's attention."


def has_attention(lm: LanguageModel) -> bool:
    """Whether there are heads that look anywhere."""
    return lm.config.recurrence == "none"


def explain() -> None:
    """A page about heads, sublayers or the stream between them has nothing to show."""
    st.info(
        "This is an LSTM, a recurrent model: it has no attention, so no head looks anywhere. It reads one token after another, and "
        "what it read reaches a later token only through the vectors each layer carries on. " + INSTEAD,
    )
    st.page_link("pages/architectures.py", label="See what it remembers on the Architectures page →")
    st.caption("Choose another model on the left to see this page at work. Overview, Decoding, Beam search, Prompting, "
               "Embeddings, Logits, Architectures and Models work with this one too.")  # fmt: skip


def nothing_is_looked_back_at() -> None:
    """In the place of a figure of who was read."""
    st.markdown("**Who is read for it**", help="In a Transformer: where the heads look while a token is being chosen.")
    st.caption(
        "No token is looked back at: this model is recurrent. All it knows of the text so far stands in two vectors a layer, "
        "whatever the text's length."
    )
    st.page_link("pages/architectures.py", label="What it remembers →")
