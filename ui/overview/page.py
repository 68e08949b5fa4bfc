"""The overview: every stage from the text to the next token, in order, each with a small figure of the run on screen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go
import streamlit as st
import torch

from model.config import TransformerConfig
from model.tap import StackName
from ui import figures
from ui.components.token_strip.token_strip import Strip, token_strip
from ui.figures import array, markdown, theme, tokens
from ui.runs.store import Run
from ui.shell.masks import predicted_at
from viz import strips
from viz.export import matrix_csv, table_csv
from viz.percent import format_percent

TOP_TOKENS = 6


@dataclass(frozen=True)
class StageFigure:
    """A figure, and its numbers as CSV when they are asked for."""

    figure: go.Figure
    csv: Callable[[], str]


@dataclass(frozen=True)
class Stage:
    """One stage: what happens in it, its figure, and the page that shows more of it."""

    title: str
    says: str
    draw: Callable[[Run], StageFigure]
    page: str
    opens: str


def labels(run: Run, stack: StackName) -> list[str]:
    return [token.label for token in run.trace.tokens(stack)]


def vectors(values: torch.Tensor, names: list[str], what: str) -> StageFigure:
    """A figure of vectors (time, d_model), a thin row each."""
    rows = array(values)
    dims = [str(i) for i in range(rows.shape[1])]
    fig = strips.vector_strip(rows, names, theme=theme.current(), name=what)
    return StageFigure(fig, lambda: matrix_csv(rows, names, dims))


def embedding(run: Run) -> StageFigure:
    return vectors(run.trace.embedding(run.reader), labels(run, run.reader), "embedding")


def first_input(run: Run) -> StageFigure:
    return vectors(run.trace.stream(run.reader)[0], labels(run, run.reader), "what enters layer 0")


def encoder_output(run: Run) -> StageFigure:
    return vectors(run.trace.stream("encoder")[-1], labels(run, "encoder"), "the encoder's answer")


def mean_attention(run: Run, stack: StackName, part: Literal["self", "cross"]) -> StageFigure:
    """A figure of the mean attention of the last layer's heads."""
    weights = array(run.trace.attention(stack, run.lm.config.layers(stack) - 1, part).weights().mean(dim=0))
    queries = list(run.trace.row_labels(stack, run.written[-1] if stack == "decoder" else None))
    keys = labels(run, "encoder" if part == "cross" else stack)
    fig = strips.attention_small(weights, queries, keys, theme=theme.current())
    return StageFigure(fig, lambda: matrix_csv(weights, queries, keys))


def vector_lengths(run: Run) -> StageFigure:
    """A figure of the length of each token's vector before each layer and after the last."""
    norms = array(run.trace.stream(run.reader).norm(dim=-1))
    names = labels(run, run.reader)
    fig = strips.stream_norms(norms, names, theme=theme.current())
    return StageFigure(
        fig, lambda: matrix_csv(norms, [f"into layer {i}" for i in range(len(norms) - 1)] + ["out"], names)
    )


def softmax(run: Run) -> StageFigure:
    """A figure of logits and probabilities of the most probable tokens, at the first token written or at one place."""
    at = predicted_at(run) if run.lm.kind == "encoder" else -1
    logits = run.lm.logits(run.steps[0].final if run.steps else run.trace.final[at])
    shares = logits.softmax(dim=-1)
    top = shares.topk(TOP_TOKENS).indices
    names = [run.lm.token(int(i)).label for i in top]
    raw, held = array(logits[top]), array(shares[top])
    fig = strips.logits_strip(names, raw, held, theme=theme.current())
    columns: dict[str, list[str] | list[int] | list[float]] = {"token": names}
    columns |= {"logit": [float(x) for x in raw], "probability": [float(p) for p in held]}
    return StageFigure(fig, lambda: table_csv(columns))


POSITIONS = {
    "sinusoidal": "A fixed wave for each position is added, so that equal words in different places differ.",
    "learned": "A learned vector for each position is added, so that equal words in different places differ.",
    "rotary": "Nothing is added here: queries and keys will be turned by their position inside attention.",
    "alibi": "Nothing is added here: attention will be lowered with distance.",
    "relative": "Nothing is added here: attention gets a learned bias for each distance.",
    "none": "This model knows no positions.",
}


def stages(run: Run) -> list[Stage]:
    """The stages of this model in order; the pieces, which come first, are left out."""
    config = run.lm.config
    scaled = f", scaled by {config.embed_scale:g}" if config.embed_scale != 1 else ""
    story = [
        Stage(
            "Embedding",
            f"Each id picks a learned vector of {config.d_model} values{scaled}.",
            embedding, "pages/embeddings.py", "Embeddings, neighbours, map",
        ),
        Stage(
            "Plus position" if config.positions in ("sinusoidal", "learned") else "Position",
            POSITIONS[config.positions], first_input, "pages/embeddings.py", "How it knows the order",
        ),
    ]  # fmt: skip
    if config.encoder_layers:
        story += _encoder(run)
    if config.decoder_layers:
        story += _decoder(run)
    return story


def _encoder(run: Run) -> list[Stage]:
    config = run.lm.config
    story = [
        Stage(
            "Self-attention",
            f"In each of {config.encoder_layers} layers, {config.n_heads} heads let every token look at every token. Here: the "
            "mean of the last layer's heads.",
            lambda r: mean_attention(r, "encoder", "self"), "pages/attention.py", "Every head, exactly",
        ),
        _feed_forward(config),
    ]  # fmt: skip
    if config.decoder_layers:
        story.append(
            Stage(
                "The deep representation",
                "What leaves the last encoder layer: each token as it is meant in this sentence. The decoder reads it at every "
                "step.",
                encoder_output,
                "pages/embeddings.py",
                "Compare with where it started",
            )
        )
    elif config.head != "none":
        story.append(
            Stage("Logits and softmax", at_one_place(run), softmax, "pages/logits.py", "Every position, and masks")
        )
    return story


def _feed_forward(config: TransformerConfig) -> Stage:
    """The stage that follows attention in a layer."""
    after = {"post": " and normed", "parallel": ", beside what"}.get(config.order, "")
    then = (
        " a feed-forward net makes of each token by itself"
        if config.order == "parallel"
        else ("; then a feed-forward net works on each token by itself")
    )
    return Stage(
        "Add, norm, feed-forward",
        f"What the heads found is added to the stream{after}{then}. Here: the length of each token's vector, layer by layer.",
        vector_lengths, "pages/attention.py", "Layer by layer",
    )  # fmt: skip


def _decoder(run: Run) -> list[Stage]:
    config = run.lm.config
    story = [
        Stage(
            "Masked self-attention",
            f"In each of {config.decoder_layers} decoder layers a token looks at itself and at what was written before it, never "
            "ahead.",
            lambda r: mean_attention(r, "decoder", "self"), "pages/attention.py", "Every head, exactly",
        )
    ]  # fmt: skip
    if config.kind == "encoder-decoder":
        story.append(
            Stage(
                "Cross-attention",
                "Every token of the target looks at the source: an alignment nobody taught it. Mean of the last layer's heads.",
                lambda r: mean_attention(r, "decoder", "cross"),
                "pages/attention.py",
                "Cross-attention, head by head",
            )
        )
    else:
        story.append(_feed_forward(config))
    if config.head != "none":
        story.append(
            Stage("Logits and softmax", first_token(run), softmax, "pages/logits.py", "Every position, any temperature")
        )
    return story


def at_one_place(run: Run) -> str:
    """A sentence about the position at which an encoder's prediction is shown."""
    place = predicted_at(run)
    return (
        "Each vector is compared with every piece of the vocabulary (logits); softmax makes the scores into shares. Here at "
        f"position {place}, “{markdown.plain(run.source[place].label)}”. Mask a token on the Logits page to see it guessed."
    )


def first_token(run: Run) -> str:
    """A sentence about the first token written."""
    text = (
        "The last vector is compared with every piece of the vocabulary (logits); softmax makes the scores into shares."
    )
    if not run.steps:
        return text
    token = run.steps[0].token
    share = format_percent(float(run.steps[0].probabilities[token.id]))
    return f"{text} First to be written: “{markdown.plain(token.label)}” with {share}."


def draw_pieces(run: Run) -> None:
    """Draws the first stage: the pieces of the text and their ids."""
    vocabulary = run.lm.config.vocab_size
    says = (
        f"The tokenizer cuts the text into {len(run.source)} pieces of its vocabulary of {vocabulary:,}. The model sees only "
        "their ids."
    )
    words, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with words:
        draw_words(1, "Pieces and ids", says, "pages/embeddings.py", "Piece by piece")
    with picture:
        shown = run.source[: tokens.STRIP_TOKENS]
        chips = [tokens.chip(token, note=str(token.id)) for token in shown]
        token_strip([Strip("", chips)], key="story_pieces", label="Pieces and ids", clickable=False)


def draw_stage(run: Run, number: int, stage: Stage) -> None:
    """Draws a stage: its words on the left, its figure on the right."""
    words, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    drawn = stage.draw(run)
    key = f"stage_{number}"
    with words:
        draw_words(number, stage.title, stage.says, stage.page, stage.opens)
        figures.ways_to_save(drawn.figure, key=key, title=stage.title, filename=f"stage-{number}", csv=drawn.csv)
    with picture:
        figures.strip(drawn.figure, key=key)


def draw_words(number: int, title: str, says: str, page: str, opens: str) -> None:
    """Draws the words of a stage."""
    st.markdown(f"**{number} · {title}**")
    st.caption(says)
    st.page_link(page, label=f"{opens} →")


def draw_written(run: Run, number: int) -> None:
    """Draws the last stage: the tokens written, one run of the model each."""
    ended = "until the end token came" if run.steps[-1].ended == "end" else "until it reached its limit"
    words, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with words:
        says = f"The token is written, read, and the model runs again: {len(run.steps)} times, {ended}."
        draw_words(number, "The token, again and again", says, "pages/decoding.py", "Step through it")
    with picture:
        chips = [
            tokens.chip(step.token, note=format_percent(float(step.probabilities[step.token.id])))
            for step in run.steps[: tokens.STRIP_TOKENS]
        ]
        token_strip([Strip("", chips)], key="story_written", label="Tokens written", clickable=False)
