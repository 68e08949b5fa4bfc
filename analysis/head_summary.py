"""Every head of a run in a few numbers: how spread its attention is, how far it looks, and its scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_scores import Bools, HeadScores, LayerScores, gathered, keys_of, score_heads, weight_blocks
from model.tap import StackName
from model.trace import AttentionPart, Trace

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeadSummary:
    """Read-outs of every layer and head of one kind of attention, each (layers, heads)."""

    entropy: Floats  # bits, mean over the queries that see two keys or more; NaN where there is none
    distance: Floats | None  # tokens, mean over the same queries; None between two texts
    scores: HeadScores


def entropy(weights: Weights, visible: Bools) -> Floats:
    """(heads,): -sum of w log2 w in bits, of (heads, query, key), averaged over the queries that see two keys or more.

    Clark et al. (2019), section 3.3; Vig and Belinkov (2019). At most log2 of how many keys a query sees.
    """
    chooses = visible.sum(axis=1) > 1
    if not chooses.any():
        return np.full(len(weights), np.nan)
    seen = [head[chooses].astype(np.float64) for head in weights]
    return np.array([-(w * np.log2(np.where(w > 0, w, 1.0))).sum(axis=1).mean() for w in seen])


def distance(weights: Weights, visible: Bools) -> Floats:
    """(heads,): how many tokens away a head looks, sum of w |query - key|, averaged as the entropy is (Vig and Belinkov 2019)."""
    chooses = visible.sum(axis=1) > 1
    if not chooses.any():
        return np.full(len(weights), np.nan)
    q, k = np.nonzero(chooses)[0][:, None], np.arange(weights.shape[2])
    apart = np.abs(q - k).astype(np.float32)
    return np.array([float((head[chooses] * apart).sum(axis=1, dtype=np.float64).mean()) for head in weights])


def summarise(trace: Trace, stack: StackName, part: AttentionPart = "self") -> HeadSummary:
    """All of it in one pass over the weights, which are worked out a layer, or for long texts a head, at a time."""
    keys = keys_of(trace.tokens("encoder" if part == "cross" else stack))
    spread: list[Floats] = []
    apart: list[Floats] = []
    scored: list[list[LayerScores]] = []
    for layer in range(trace.config.layers(stack)):
        attention = trace.attention(stack, layer, part)
        visible = attention.visible.cpu().numpy()
        found = [
            (entropy(w, visible), distance(w, visible), score_heads(w, keys, part=part, visible=visible))
            for w in weight_blocks(attention)
        ]
        spread.append(np.concatenate([one[0] for one in found]))
        apart.append(np.concatenate([one[1] for one in found]))
        scored.append([one[2] for one in found])
    return HeadSummary(np.stack(spread), None if part == "cross" else np.stack(apart), gathered(part, scored))


def weights_of(trace: Trace, stack: StackName, part: AttentionPart = "self") -> int:
    """How many attention weights all heads have between them, which is what a summary has to work out."""
    queries, keys = len(trace.tokens(stack)), len(trace.tokens("encoder" if part == "cross" else stack))
    return trace.config.layers(stack) * trace.config.n_heads * queries * keys
