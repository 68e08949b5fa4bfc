"""Attention of a whole run as a graph: which position of a layer reads which position of the layer below, and how much.

Abnar and Zuidema (2020): the weights of a layer, averaged over its heads, and the residual stream count half each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_scores import weight_blocks
from analysis.merging import Reshaping
from model.attention_trace import AttentionTrace
from model.tap import StackName
from model.trace import AttentionPart, Trace

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]
RESIDUAL = 0.5


@dataclass(frozen=True, eq=False)
class Stage:
    """One attention sublayer: what its rows take from the keys, and what they keep of themselves."""

    stack: StackName
    layer: int
    part: AttentionPart
    reads: Floats  # (query, key), half the mean weights
    keeps: Floats  # (query,), the rest of one: half, or all where a query can look at nothing


def over_heads(attention: AttentionTrace, shape: Reshaping | None = None) -> tuple[Matrix, Matrix]:
    """(mean, max) over the heads of a layer, each (query, key); `shape` hides and merges in each head first."""
    total: Floats | None = None
    most: Matrix | None = None
    for whole in weight_blocks(attention):
        block = whole if shape is None else shape(whole)
        total = block.sum(axis=0, dtype=np.float64) + (0.0 if total is None else total)
        most = block.max(axis=0) if most is None else np.maximum(most, block.max(axis=0))
    assert total is not None
    assert most is not None
    return (total / attention.q.shape[0]).astype(np.float32), most


def stage(trace: Trace, stack: StackName, layer: int, part: AttentionPart) -> Stage:
    """A sublayer's mean weights and its residual, rows summing to one.

    Edits can leave some heads of a query without a key; the row is made whole again, as the paper normalises it.
    """
    mean = over_heads(trace.attention(stack, layer, part))[0].astype(np.float64)
    whole = RESIDUAL * mean.sum(axis=1) + RESIDUAL
    return Stage(stack, layer, part, RESIDUAL * mean / whole[:, None], RESIDUAL / whole)


def stages(trace: Trace, stack: StackName) -> Iterator[Stage]:
    """The sublayers that lead to the top of a stack, from the input up; for a decoder that reads an encoder, its own too."""
    parts: tuple[AttentionPart, ...] = ("self",)
    if stack == "decoder" and "encoder" in trace.read:
        yield from stages(trace, "encoder")
        parts = ("self", "cross")
    for layer in range(trace.config.layers(stack)):
        for part in parts:
            yield stage(trace, stack, layer, part)
