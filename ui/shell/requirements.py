"""What a page needs of a model, and what it says where the model lacks it."""

import streamlit as st

from model.language_model import LanguageModel
from ui.runs.store import Run
from ui.shell import streaming

INSTEAD = "The Architectures page shows how much each earlier token still counts, beside a Transformer's attention."


def has_attention(lm: LanguageModel) -> bool:
    """Whether the model has attention heads."""
    return lm.config.recurrence == "none"


def draw_no_attention() -> None:
    """In place of a page about heads or sublayers: why it has nothing to show of this model."""
    st.info(
        "This is an LSTM, a recurrent model: it has no attention, so no head looks anywhere. It reads one token after another, and "
        "what it read reaches a later token only through the vectors each layer carries on. " + INSTEAD,
    )
    st.page_link("pages/architectures.py", label="See what it remembers on the Architectures page →")
    st.caption("Choose another model on the left to see this page at work. Overview, Decoding, Beam search, Prompting, "
               "Embeddings, Logits, Architectures and Models work with this one too.")  # fmt: skip


def draw_no_tokens_read() -> None:
    """In place of a figure of the tokens read: why this model has none."""
    st.markdown(
        "**Tokens attended to at this step**",
        help="In a Transformer: the attention of its heads while a token is chosen.",
    )
    st.caption(
        "No token is looked back at: this model is recurrent. All it knows of the text so far stands in two vectors a layer, "
        "whatever the text's length."
    )
    st.page_link("pages/architectures.py", label="What it remembers →")


def needs_steps(run: Run) -> None:
    """Stops the page where the model generated nothing, and says why."""
    if run.steps:
        return
    if run.lm.net.head is None:
        st.info("This checkpoint is a body without an output head: it turns tokens into vectors and writes none.")
    elif run.spec.most == 0:
        st.info("Nothing is generated, because the maximum of new tokens is 0: choose another number.")
        streaming.pick_length(run)
    else:
        st.info("This model does not write token by token. Choose one with a decoder on the left.")
    st.stop()


def needs_head(run: Run) -> None:
    """Stops the page where the checkpoint has no output head."""
    if run.lm.net.head is None:
        st.info(
            "This checkpoint is a body without an output head: it turns tokens into vectors and predicts none, so there are no "
            "logits to show. The other pages show what it does."
        )
        st.stop()
