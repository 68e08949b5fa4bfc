"""The overview: the story in its own order, a strip a stage, all of it from the run of the text above."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from model.tap import StackName
from model.trace import Trace
from ui import figures, theme
from ui.figures import Matrix, array
from ui.runs import Run
from viz import strips
from viz.probabilities import format_percent

TOP = 6


@dataclass(frozen=True)
class Stage:
    """One stage of the story: what happens, the figure that shows it, the page that opens it up."""

    title: str
    says: str
    figure: Callable[[Run], go.Figure]
    page: str
    opens: str


def labels(run: Run, stack: StackName) -> list[str]:
    return [token.label for token in run.trace.tokens(stack)]


def reader(run: Run) -> StackName:
    """The stack that reads the text."""
    return "decoder" if run.lm.kind == "decoder" else "encoder"


def ids(run: Run) -> go.Figure:
    return strips.ids_strip([t.label for t in run.source], [t.id for t in run.source], theme=theme.current())


def embedding(run: Run) -> go.Figure:
    stack = reader(run)
    return strips.vector_strip(
        array(run.trace.embedding(stack)), labels(run, stack), theme=theme.current(), name="embedding"
    )


def entering(run: Run) -> go.Figure:
    stack = reader(run)
    x = run.trace.stream(stack)[0]
    return strips.vector_strip(array(x), labels(run, stack), theme=theme.current(), name="what enters layer 0")


def mean_attention(run: Run, stack: StackName, part: Literal["self", "cross"]) -> go.Figure:
    """The mean over the heads of the last layer."""
    weights = run.trace.attention(stack, run.lm.config.layers(stack) - 1, part).weights().mean(dim=0)
    keys = labels(run, "encoder") if part == "cross" else labels(run, stack)
    return strips.attention_small(array(weights), labels(run, stack), keys, theme=theme.current())


def norms(trace: Trace, stack: StackName) -> Matrix:
    """(layers + 1, time): the length of the stream's vectors."""
    return array(trace.stream(stack).norm(dim=-1))


def added(trace: Trace, stack: StackName) -> Matrix:
    """(layers, time): the length of what each feed-forward adds."""
    layers = range(trace.config.layers(stack))
    return np.stack([array(trace.added(stack, i, "feed_forward").norm(dim=-1)) for i in layers])


def reading_norms(run: Run) -> go.Figure:
    stack = reader(run)
    return strips.stream_norms(norms(run.trace, stack), labels(run, stack), theme=theme.current())


def deep(run: Run) -> go.Figure:
    x = run.trace.stream("encoder")[-1]
    return strips.vector_strip(array(x), labels(run, "encoder"), theme=theme.current(), name="encoder's answer")


def softmax(run: Run) -> go.Figure:
    """The first token's candidates: logits on the left, what softmax makes of them on the right."""
    final = run.steps[0].final if run.steps else run.trace.final[-1]
    logits = run.lm.logits(final)
    shares = logits.softmax(dim=-1)
    top = shares.topk(TOP).indices
    names = [run.lm.token(int(i)).label for i in top]
    return strips.logits_strip(names, array(logits[top]), array(shares[top]), theme=theme.current())


def stages(run: Run) -> list[Stage]:
    """The stages this model has, in order."""
    config, source = run.lm.config, len(run.source)
    tokens = Stage(
        "Pieces",
        f"The tokenizer cuts the text into {source} pieces of its vocabulary of {config.vocab_size:,}; "
        "the model sees only their numbers.",
        ids, "pages/embeddings.py", "Pieces and ids",
    )  # fmt: skip
    start = Stage(
        "Embedding",
        f"Each number picks a learned vector of {config.d_model} values"
        + (f", scaled by {config.embed_scale:g}." if config.embed_scale != 1 else "."),
        embedding, "pages/embeddings.py", "Embeddings, neighbours, projection",
    )  # fmt: skip
    place = Stage(
        "Plus position",
        POSITIONS[config.positions],
        entering, "pages/embeddings.py", "Positions as waves",
    )  # fmt: skip
    story = [tokens, start, place]
    if config.encoder_layers:
        story += _encoder(run)
    if config.decoder_layers:
        story += _decoder(run)
    return story


POSITIONS = {
    "sinusoidal": "A fixed wave for each position is added, so that equal words in different places differ.",
    "learned": "A learned vector for each position is added, so that equal words in different places differ.",
    "rotary": "Nothing is added here: queries and keys will be turned by their position inside attention.",
    "alibi": "Nothing is added here: attention will be lowered with distance.",
    "relative": "Nothing is added here: attention gets a learned bias for each distance.",
    "none": "This model knows no positions.",
}


def _encoder(run: Run) -> list[Stage]:
    config = run.lm.config
    return [
        Stage(
            "Self-attention",
            f"In each of {config.encoder_layers} layers {config.n_heads} heads let every token look at every token; this is "
            "the mean of the last layer's heads.",
            lambda r: mean_attention(r, "encoder", "self"), "pages/attention.py", "Every head, exactly",
        ),
        Stage(
            "Add, norm, feed-forward",
            "What the heads found is added to the stream and normed; a feed-forward net works on each token, and is added "
            "too. The picture: the length of each token's vector, layer by layer.",
            reading_norms, "pages/attention.py", "Layer by layer",
        ),
        *([Stage(
            "The deep representation",
            "What leaves the last encoder layer: every token's meaning in this sentence. The decoder reads it at every step.",
            deep, "pages/embeddings.py", "Compare with where it started",
        )] if config.decoder_layers else []),
    ]  # fmt: skip


def _decoder(run: Run) -> list[Stage]:
    config = run.lm.config
    cross = Stage(
        "Cross-attention",
        "Every token of the target looks at the source: the alignment nobody taught it. Mean of the last layer's heads.",
        lambda r: mean_attention(r, "decoder", "cross"), "pages/attention.py", "Cross-attention, head by head",
    )  # fmt: skip
    return [
        Stage(
            "Masked self-attention",
            f"In each of {config.decoder_layers} decoder layers every token looks at itself and what was written before it, never "
            "ahead.",
            lambda r: mean_attention(r, "decoder", "self"), "pages/attention.py", "Every head, exactly",
        ),
        *([cross] if config.kind == "encoder-decoder" else []),
        Stage(
            "Logits and softmax",
            first_token(run),
            softmax, "pages/logits.py", "Every position, any temperature",
        ),
    ]  # fmt: skip


def first_token(run: Run) -> str:
    """What the first prediction came to."""
    if not run.steps:
        return "The last vector is compared with every piece of the vocabulary; softmax makes the scores into shares."
    token = run.steps[0].token
    share = format_percent(float(run.steps[0].probabilities[token.id]))
    return (
        "The last vector is compared with every piece of the vocabulary (logits); softmax makes the scores into shares. "
        f"First to be written: “{token.label}” with {share}."
    )


def row(run: Run, number: int, stage: Stage) -> None:
    """One strip: words on the left, the figure on the right."""
    words, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with words:
        st.markdown(f"**{number} · {stage.title}**")
        st.caption(stage.says.replace("$", "\\$"))
        st.page_link(stage.page, label=f"{stage.opens} →")
    with picture:
        figures.strip(stage.figure(run), key=f"stage_{number}")
