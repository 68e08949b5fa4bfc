"""Alignment heads: the cross-attention heads that pair each target token with its source token."""

import numpy as np
from numpy.typing import NDArray

from analysis.head_scores import aligned, counted_in, weight_blocks
from model.trace import Trace

LEAST = 0.5
MOST_TOKENS = 512  # the time of a pairing grows with the cube of the shorter text's length

Heads = list[tuple[int, int]]


def alignment_heads(trace: Trace) -> Heads:
    """(layer, head) of the cross-attention heads whose alignment score in `analysis.head_scores` is LEAST or more, in order.

    The list is empty where fewer than two tokens can be paired, and for texts with more than MOST_TOKENS tokens on both sides.
    """
    if trace.config.kind != "encoder-decoder":
        return []
    if min(len(trace.tokens("encoder")), len(trace.tokens("decoder"))) > MOST_TOKENS:
        return []
    found: Heads = []
    for layer, of in enumerate(counted_in(trace, "decoder", "cross")):
        blocks = [aligned(weights, of.plain) for weights in weight_blocks(trace.attention("decoder", layer, "cross"))]
        sums, pairs = np.concatenate([sums for sums, _ in blocks]), blocks[0][1]
        found += [(layer, head) for head, total in enumerate(sums) if pairs and total >= LEAST * pairs]
    return found


def mean_of(trace: Trace, heads: Heads, first: int = 0) -> NDArray[np.float32]:
    """(query, key): the mean weights of some cross-attention heads, from query `first` on."""
    total: NDArray[np.float32] | None = None
    for layer in sorted({layer for layer, _ in heads}):
        every = trace.attention("decoder", layer, "cross").weights_from(first)
        part = every[[head for at, head in heads if at == layer]].sum(dim=0).float().cpu().numpy()
        total = part if total is None else total + part
    if total is None:
        raise ValueError("there is no head to take the mean of")
    return total / np.float32(len(heads))
