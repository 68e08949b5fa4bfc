"""Every head of a run in a few numbers: entropy and distance of its attention, and its scores."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from analysis.head_scores import Bools, HeadScores, LayerScores, counted_in, gathered, score_heads, weight_blocks
from model.tap import StackName
from model.trace import AttentionPart, Trace

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeadSummary:
    """Measures of every layer and head of one kind of attention, each (layers, heads)."""

    entropy: Floats  # bits, mean over the queries that see two keys or more; NaN where there is none
    distance: Floats | None  # tokens, mean over the same queries; None for cross-attention
    scores: HeadScores
    even: HeadScores  # (layers, 1): the scores of a head with uniform attention over all keys it sees


def entropy(weights: Weights, visible: Bools) -> Floats:
    """(heads,): -sum of w log2 w in bits, of (heads, query, key), averaged over the queries that see two keys or more.

    Clark et al. (2019), section 3.3; Vig and Belinkov (2019). At most log2 of the number of keys a query sees.
    """
    nats = torch.special.entr(torch.from_numpy(weights)).sum(dim=-1)
    return _averaged(nats.double().numpy() / math.log(2), visible)


def distance(weights: Weights, visible: Bools) -> Floats:
    """(heads,): mean distance of attention in tokens, sum of w |query - key|, averaged like entropy (Vig and Belinkov 2019)."""
    q, k = np.arange(weights.shape[1], dtype=np.float32)[:, None], np.arange(weights.shape[2], dtype=np.float32)
    apart = np.abs(q - k)
    return _averaged(np.stack([np.einsum("qk,qk->q", head, apart) for head in weights]).astype(np.float64), visible)


def _averaged(numbers: Floats, visible: Bools) -> Floats:
    """(heads,): the mean over the queries that see two keys or more; NaN where there is none."""
    chooses = visible.sum(axis=1) > 1
    return numbers[:, chooses].mean(axis=1) if chooses.any() else np.full(len(numbers), np.nan)


def summarise(trace: Trace, stack: StackName, part: AttentionPart = "self") -> HeadSummary:
    """All measures in one pass over the weights, which are computed one layer, or for long texts one head, at a time."""
    spread: list[Floats] = []
    apart: list[Floats] = []
    scored: list[list[LayerScores]] = []
    flat: dict[int | None, LayerScores] = {}
    windows: list[int | None] = []
    for layer, of in enumerate(counted_in(trace, stack, part)):
        attention = trace.attention(stack, layer, part)
        visible = attention.visible.cpu().numpy()
        found = [(entropy(w, visible), distance(w, visible), score_heads(w, of)) for w in weight_blocks(attention)]
        spread.append(np.concatenate([one[0] for one in found]))
        apart.append(np.concatenate([one[1] for one in found]))
        scored.append([one[2] for one in found])
        windows.append(attention.window)
        if attention.window not in flat:
            flat[attention.window] = score_heads(evenly(visible), of)
    even = gathered(part, [[flat[window]] for window in windows])
    return HeadSummary(np.stack(spread), None if part == "cross" else np.stack(apart), gathered(part, scored), even)


def evenly(visible: Bools) -> Weights:
    """(1, query, key): the weights of a head with uniform attention over the keys it sees."""
    seen: Weights = visible.astype(np.float32)
    return (seen / np.maximum(seen.sum(axis=1, keepdims=True), 1))[None]


def seconds(trace: Trace, stack: StackName, part: AttentionPart = "self") -> float:
    """An estimate of the time `summarise` takes on this machine, from one head of the first layer."""
    of = counted_in(trace, stack, part)[0]
    attention = trace.attention(stack, 0, part)
    visible = attention.visible.cpu().numpy()
    began = time.perf_counter()
    one = attention.weights(0)[None].cpu().numpy()
    entropy(one, visible), distance(one, visible), score_heads(one, of)
    return (time.perf_counter() - began) * trace.config.layers(stack) * trace.config.n_heads


def weights_of(trace: Trace, stack: StackName, part: AttentionPart = "self") -> int:
    """The number of attention weights of all heads together, which a summary has to compute."""
    queries, keys = len(trace.tokens(stack)), len(trace.tokens("encoder" if part == "cross" else stack))
    return trace.config.layers(stack) * trace.config.n_heads * queries * keys
