"""Measures of a head that need no prediction: how concentrated its attention is, and the norm of what it adds."""

import numpy as np
from numpy.typing import NDArray

from analysis.value_weighted import value_norms
from model.tap import StackName
from model.trace import AttentionPart, Trace

Table = NDArray[np.float32]  # (layers, heads)


def sharpness_and_norm(trace: Trace, stack: StackName, part: AttentionPart) -> tuple[Table, Table]:
    """(confidence, norm) of every head of one kind of attention, each (layers, heads).

    Confidence, from 0 to 1, is a query's largest attention weight, averaged over the queries (Voita et al. 2019). The norm, in
    units of the residual stream, is that of weight x value x output projection, summed over the keys and averaged over the
    queries (Kobayashi et al. 2020). One pattern is in memory at a time.
    """
    shape = trace.config.layers(stack), trace.config.n_heads
    sharp, norm = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    for layer in range(shape[0]):
        seen = trace.attention(stack, layer, part)
        for head in range(shape[1]):
            weights = seen.weights(head)
            sharp[layer, head] = float(weights.amax(dim=-1).mean())
            norm[layer, head] = float((weights.mean(dim=0) * value_norms(trace, stack, layer, part, head)).sum())
    return sharp, norm
