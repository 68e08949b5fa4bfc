"""The figure of each stage, with its exact numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go
import torch

from model.tap import StackName
from ui.figures import Matrix, array, theme
from ui.runs.on_demand import WEIGHTS_AT_ONCE, kept
from ui.runs.store import Run
from ui.shell.masks import predicted_at
from viz import strips
from viz.export import matrix_csv, matrix_npz, table_csv
from viz.frame import WIDTH

TOP_TOKENS = 6
Part = Literal["self", "cross"]


@dataclass(frozen=True)
class StageFigure:
    """A figure, and its exact numbers as CSV and as NPZ when they are asked for."""

    figure: go.Figure
    csv: Callable[[], str]
    npz: Callable[[], bytes] | None = None  # None: the arrays of the figure


def labels(run: Run, stack: StackName) -> list[str]:
    return [token.label for token in run.trace.tokens(stack)]


def matrix_figure(figure: go.Figure, values: Matrix, rows: list[str], columns: list[str]) -> StageFigure:
    """A figure of a matrix. What is saved is the whole matrix, also where the figure shows it in blocks."""
    return StageFigure(figure, lambda: matrix_csv(values, rows, columns), lambda: matrix_npz(values, rows, columns))


def tallest(run: Run) -> int:
    """Px for the rows of a figure: a story of two stacks has twice the figures, and the page should stay within three screens."""
    return 220 if run.lm.kind == "encoder-decoder" else strips.TALLEST


def vectors(run: Run, values: torch.Tensor, names: list[str], what: str) -> StageFigure:
    """A figure of vectors (time, d_model), a thin row each."""
    rows = array(values)
    fig = strips.vector_strip(rows, names, theme=theme.current(), name=what, tallest=tallest(run))
    return matrix_figure(fig, rows, names, [str(i) for i in range(rows.shape[1])])


def embedding(run: Run) -> StageFigure:
    return vectors(run, run.trace.embedding(run.reader), labels(run, run.reader), "embedding")


def first_input(run: Run) -> StageFigure:
    return vectors(run, run.trace.stream(run.reader)[0], labels(run, run.reader), "what enters layer 0")


def encoder_output(run: Run) -> StageFigure:
    return vectors(run, run.trace.stream("encoder")[-1], labels(run, "encoder"), "the encoder's output")


def mean_weights(run: Run, stack: StackName, part: Part) -> Matrix:
    """(query, key): the mean attention of the last layer's heads. Many weights are added up head by head, to save memory."""
    attention = run.trace.attention(stack, last_layer(run, stack), part)
    queries, keys = attention.q.shape[1], attention.k.shape[1]
    heads = run.lm.config.n_heads
    if heads * queries * keys <= WEIGHTS_AT_ONCE:
        return array(attention.weights().mean(dim=0))
    total = np.zeros((queries, keys), dtype=np.float32)
    for head in range(heads):
        total += array(attention.weights(head))
    return total / np.float32(heads)


def last_layer(run: Run, stack: StackName) -> int:
    return run.lm.config.layers(stack) - 1


def sharpest_head(run: Run, stack: StackName, part: Part) -> int:
    """The head of the last layer with the largest mean, over queries, of the largest weight: the one that a link opens."""

    def found() -> int:
        attention = run.trace.attention(stack, last_layer(run, stack), part)
        each = (float(attention.weights(head).amax(dim=-1).mean()) for head in range(run.lm.config.n_heads))
        return int(np.argmax(list(each)))

    return kept(run, ("overview_sharpest", stack, part), int, found)


def mean_attention(run: Run, stack: StackName, part: Part) -> StageFigure:
    """A figure of the mean attention of the last layer's heads."""
    weights = kept(run, ("overview_mean", stack, part), np.ndarray, lambda: mean_weights(run, stack, part))
    queries = list(run.trace.row_labels(stack, run.written[-1] if stack == "decoder" else None))
    keys = labels(run, "encoder" if part == "cross" else stack)
    fig = strips.attention_small(weights, queries, keys, theme=theme.current(), width=WIDTH, tallest=tallest(run))
    return matrix_figure(fig, weights, queries, keys)


def vector_lengths(run: Run) -> StageFigure:
    """A figure of the length of each token's vector before each layer and after the last."""
    norms = array(run.trace.stream(run.reader).norm(dim=-1))
    names = labels(run, run.reader)
    fig = strips.stream_norms(norms, names, theme=theme.current())
    return matrix_figure(fig, norms, [f"into layer {i}" for i in range(len(norms) - 1)] + ["out"], names)


def softmax(run: Run) -> StageFigure:
    """A figure of logits and probabilities of the most probable tokens, at the first token written or at one place."""
    at = predicted_at(run) if run.lm.kind == "encoder" else -1
    logits = run.lm.logits(run.steps[0].final if run.steps else run.trace.final[at])
    shares = logits.softmax(dim=-1)
    top = shares.topk(min(TOP_TOKENS, len(shares))).indices
    names = [run.lm.token(int(i)).label for i in top]
    raw, held = array(logits[top]), array(shares[top])
    fig = strips.logits_strip(names, raw, held, theme=theme.current())
    columns: dict[str, list[str] | list[int] | list[float]] = {"token": names}
    columns |= {"logit": [float(x) for x in raw], "probability": [float(p) for p in held]}
    return StageFigure(fig, lambda: table_csv(columns))
