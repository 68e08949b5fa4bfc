"""One head of a run in one call: its attention map with every label filled in, for notebooks."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import plotly.graph_objects as go

from viz.attention import attention_heatmap
from viz.frame import WIDTH, Floats
from viz.shares import ShareScale
from viz.theme import LIGHT, Palette, Theme
from viz.windows import MOST_CELLS, pooled_heatmap, whole

Stack = Literal["encoder", "decoder"]
AttentionPart = Literal["self", "cross"]


class Numbers(Protocol):
    """A tensor as a notebook has it: `cpu()` and `numpy()` are all that is asked of it."""

    def cpu(self) -> "Numbers": ...

    def numpy(self) -> Floats: ...


class Labelled(Protocol):
    """A token with a label fit to show."""

    @property
    def label(self) -> str: ...


class Pattern(Protocol):
    """The attention of one sublayer."""

    @property
    def causal(self) -> bool: ...

    def weights(self, head: int, /) -> Numbers: ...


class Traced(Protocol):
    """A run whose attention can be read by name; `model.Trace` is one."""

    def tokens(self, stack: Stack, /) -> Sequence[Labelled]: ...

    def row_labels(self, stack: Stack, /) -> Sequence[str]: ...

    def attention(self, stack: Stack, layer: int, part: AttentionPart, /) -> Pattern: ...


def head(
    trace: Traced,
    stack: Stack,
    part: AttentionPart = "self",
    *,
    layer: int,
    head: int,
    theme: Theme = LIGHT,
    scale: ShareScale = "linear",
    palette: Palette = "accent",
    width: int = WIDTH,
) -> go.Figure:
    """The attention map of one head: a row for each query, a column for each key, exact weights on hover.

    `stack` is where the queries are; with `part="cross"` the keys are the encoder's. A decoder's rows are named by the token
    written there, with the token read in brackets, "love (I)". Keys that a causal mask hides stay blank. More than 192 tokens
    on one side are pooled, each cell the largest weight of a block. Raises what the trace raises where it has no such stack,
    part, layer or head.
    """
    pattern = trace.attention(stack, layer, part)
    weights = np.asarray(pattern.weights(head).cpu().numpy())  # (query, key)
    queries = trace.row_labels(stack)
    keys = [token.label for token in trace.tokens("encoder" if part == "cross" else stack)]
    if max(weights.shape) > MOST_CELLS:
        return pooled_heatmap(
            weights,
            queries,
            keys,
            whole(len(queries), len(keys)),
            theme=theme,
            scale=scale,
            palette=palette,
            hide_future=pattern.causal,
            width=width,
        )
    return attention_heatmap(
        weights, queries, keys, theme=theme, scale=scale, palette=palette, hide_future=pattern.causal, width=width
    )
