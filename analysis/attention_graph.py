"""Attention of a whole run as a graph: how much each position of a layer takes from each position of the layer below.

Abnar and Zuidema (2020): half comes from the weights, averaged over the heads of a layer, and half from the residual stream.
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
    """One attention sublayer: what each query takes from the keys, and what it keeps of its own residual."""

    stack: StackName
    layer: int
    part: AttentionPart
    reads: Floats  # (query, key), half the mean weights
    keeps: Floats  # (query,), the rest of 1: half, or all where a query sees no key


def over_heads(attention: AttentionTrace, shape: Reshaping | None = None) -> tuple[Matrix, Matrix]:
    """(mean, max) over the heads of a layer, each (query, key); `shape` is applied to each head first."""
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
    """A sublayer's mean weights and its residual; each row sums to 1.

    Edits can leave a query without keys in some heads; its row is normalised again, as in the paper.
    """
    mean = over_heads(trace.attention(stack, layer, part))[0].astype(np.float64)
    whole = RESIDUAL * mean.sum(axis=1) + RESIDUAL
    return Stage(stack, layer, part, RESIDUAL * mean / whole[:, None], RESIDUAL / whole)


def stages(trace: Trace, stack: StackName) -> Iterator[Stage]:
    """The sublayers up to the top of a stack, from the input; for an encoder-decoder's decoder, those of the encoder first."""
    parts: tuple[AttentionPart, ...] = ("self",)
    if stack == "decoder" and "encoder" in trace.read:
        yield from stages(trace, "encoder")
        parts = ("self", "cross")
    for layer in range(trace.config.layers(stack)):
        for part in parts:
            yield stage(trace, stack, layer, part)
