"""What each head does on a text, as scores between 0 and 1: previous token, first token, induction, alignment and others.

A score of self-attention is the share of attention on its target keys, averaged over the queries for which the score is
defined: those that see at least one target key and at least one other key, so that the head has a choice. Sums and counts are
kept instead of means, so that the scores of many texts can be added.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from model.attention_trace import AttentionTrace
from model.tap import StackName
from model.tokenizers.tokens import Token
from model.trace import AttentionPart, Trace

ScoreName = Literal["previous", "next", "same", "first", "separator", "duplicate", "induction", "alignment", "coverage"]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Pairs = NDArray[np.intp]
LayerScores = dict[ScoreName, tuple[Floats, int]]
BLOCK_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Definition:
    """What one score measures, in words for the page."""

    title: str
    meaning: str
    formula: str
    averaged_over: str
    source: str


CHOICE = "the queries that see at least one such key and at least one other"
SCORES: Mapping[ScoreName, Definition] = {
    "previous": Definition(
        "Previous token",
        "Attention to the token just before the query.",
        "mean over q of w[q, q-1]",
        CHOICE,
        "Voita et al. 2019; Clark et al. 2019, section 3.1",
    ),
    "next": Definition(
        "Next token",
        "Attention to the token just after the query; undefined where the mask hides what comes later.",
        "mean over q of w[q, q+1]",
        CHOICE,
        "Voita et al. 2019; Clark et al. 2019, section 3.1",
    ),
    "same": Definition(
        "Same token",
        "Attention of each token to itself: the diagonal.",
        "mean over q of w[q, q]",
        CHOICE,
        "Clark et al. 2019, section 3.1",
    ),
    "first": Definition(
        "First token",
        "Attention to the first token, where heads often look when they have nothing to do (attention sink).",
        "mean over q of w[q, 0]",
        CHOICE,
        "Xiao et al. 2024 (attention sinks)",
    ),
    "separator": Definition(
        "Separators",
        "Attention to special tokens, punctuation and line breaks; the first token is left out, it has its own score.",
        "mean over q of the sum of w[q, k] over separators k > 0",
        CHOICE,
        "Clark et al. 2019, section 3.2",
    ),
    "duplicate": Definition(
        "Duplicate token",
        "Attention to earlier occurrences of the query's own token; special tokens do not count.",
        "mean over q of the sum of w[q, k] over k < q with id[k] = id[q]",
        CHOICE,
        "Wang et al. 2022 (duplicate token heads)",
    ),
    "induction": Definition(
        "Induction",
        "Attention to the token that followed an earlier occurrence of the query's token; special tokens do not count.",
        "mean over q of the sum of w[q, k] over k < q with id[k-1] = id[q]",
        CHOICE,
        "Olsson et al. 2022 (prefix matching)",
    ),
    "alignment": Definition(
        "Alignment",
        "How close the map is to a one-to-one alignment of target and source tokens: the mean weight of the best pairing in which "
        "no two target tokens share a source token. It does not say whether the alignment is correct.",
        "largest mean of w[q, k] over the pairs of a one-to-one pairing; k is no special token",
        "the pairs, as many as the shorter of the two texts has tokens",
        "assignment of largest weight (Kuhn 1955)",
    ),
    "coverage": Definition(
        "Coverage",
        "The share of source tokens that have the largest weight of at least one target token; special source tokens do not count.",
        "share of keys k with k = argmax of w[q, .] for some q; k is no special token",
        "the source tokens that are not special",
        "after Tu et al. 2016 (coverage)",
    ),
}  # fmt: skip
OF_PART: Mapping[AttentionPart, tuple[ScoreName, ...]] = {
    "self": ("previous", "next", "same", "first", "separator", "duplicate", "induction"),
    "cross": ("first", "separator", "alignment", "coverage"),
}
"""The scores that are defined for each kind of attention."""


@dataclass(frozen=True, eq=False)
class Keys:
    """Ids and kinds of the keys of a text."""

    ids: NDArray[np.int64]  # (key,)
    special: Bools  # (key,)
    separator: Bools  # (key,) special, punctuation or a line break; never the first

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class HeadScores:
    """For every layer and head, sums over queries and the number of queries."""

    part: AttentionPart
    sums: Mapping[ScoreName, Floats]  # (layers, heads)
    counts: Mapping[ScoreName, NDArray[np.int64]]  # (layers,), because layers may have different masks

    def mean(self, name: ScoreName) -> Floats:
        """(layers, heads), between 0 and 1; NaN where there is no query to average over."""
        count = self.counts[name][:, None]
        return np.where(count > 0, self.sums[name] / np.maximum(count, 1), np.nan)

    def as_lists(self) -> dict[str, list[list[float | None]]]:
        """{score: layers of heads}, for JSON; None where a score is undefined."""
        return {
            name: [[None if np.isnan(x) else float(x) for x in layer] for layer in self.mean(name)]
            for name in OF_PART[self.part]
        }


def is_separator(token: Token) -> bool:
    """Whether a token is special, punctuation only, or a line break. Other white space alone is not a separator."""
    marks = token.text.strip()
    if token.special or (not marks and "\n" in token.text):
        return True
    return bool(marks) and all(unicodedata.category(c).startswith("P") for c in marks)


def keys_of(tokens: Sequence[Token]) -> Keys:
    """Ids, special and separator flags of the tokens of a stack."""
    return Keys(
        np.array([token.id for token in tokens], dtype=np.int64),
        np.array([token.special for token in tokens], dtype=bool),
        np.array([i > 0 and is_separator(token) for i, token in enumerate(tokens)], dtype=bool),
    )


def targets(name: ScoreName, keys: Keys, queries: int) -> Bools:
    """(queries, key): the target keys of a score for each query, before the mask."""
    q, k = np.arange(queries)[:, None], np.arange(len(keys))
    if name in ("duplicate", "induction"):
        plain = np.where(keys.special, -1 - k, keys.ids)  # a special token equals no other token
        before = plain if name == "duplicate" else np.concatenate(([-1 - len(keys)], plain[:-1]))
        return (before == plain[:, None]) & (k < q)
    if name == "separator":
        return np.broadcast_to(keys.separator, (queries, len(keys)))
    if name == "first":
        return np.broadcast_to(k == 0, (queries, len(keys)))
    offset = {"previous": -1, "next": 1, "same": 0}[name]
    found: Bools = k - q == offset
    return found


@dataclass(frozen=True, eq=False)
class Counted:
    """The pairs that the scores of a text count under one mask, computed once for all heads with that mask."""

    part: AttentionPart
    shape: tuple[int, int]  # (query, key)
    plain: Bools  # (key,), whether it is not special
    pairs: Mapping[ScoreName, Pairs]  # (2, pairs), the (query, key) pairs whose weights a score sums
    queries: Mapping[ScoreName, int]  # the number of queries a score is averaged over


def counted(keys: Keys, queries: int, *, part: AttentionPart = "self", visible: Bools | None = None) -> Counted:
    """The pairs to count; `visible` (query, key) says which keys each query may attend to, None: all."""
    shape = (queries, len(keys))
    seen = np.ones(shape, dtype=bool) if visible is None else visible
    if seen.shape != shape or (part == "self" and queries != len(keys)):
        raise ValueError(f"{queries} queries do not fit {len(keys)} keys and a mask {seen.shape}")
    pairs: dict[ScoreName, Pairs] = {}
    averaged: dict[ScoreName, int] = {}
    for name in OF_PART[part]:
        if name not in ("alignment", "coverage"):
            target = targets(name, keys, queries)
            hit = target & seen
            chooses: Bools = np.any(hit, axis=1) & np.any(seen & ~target, axis=1)
            pairs[name], averaged[name] = np.stack(np.nonzero(hit & chooses[:, None])), int(chooses.sum())
    return Counted(part, shape, ~keys.special, pairs, averaged)


def score_heads(weights: NDArray[np.float32], of: Counted) -> LayerScores:
    """{score: (sum of every head (heads,), number of queries)} of one layer.

    weights (heads, query, key) sum to 1 for each query. Raises ValueError where their shape does not fit `of`.
    """
    if weights.shape[1:] != of.shape:
        raise ValueError(f"weights {weights.shape} do not fit {of.shape} queries and keys")
    found: LayerScores = {}
    for name in OF_PART[of.part]:
        if name == "alignment":
            found[name] = aligned(weights, of.plain)
        elif name == "coverage":
            found[name] = _covered(weights, of.plain)
        else:
            q, k = of.pairs[name]
            found[name] = np.stack([head[q, k].sum(dtype=np.float64) for head in weights]), of.queries[name]
    return found


def aligned(weights: NDArray[np.float32], plain: Bools) -> tuple[Floats, int]:
    """The summed weight of each head's best one-to-one pairing, and the number of pairs; undefined below two pairs."""
    pairs = min(weights.shape[1], int(plain.sum()))
    if pairs < 2:
        return np.zeros(len(weights)), 0
    best = [head[linear_sum_assignment(head, maximize=True)].sum(dtype=np.float64) for head in weights[:, :, plain]]
    return np.array(best), pairs


def _covered(weights: NDArray[np.float32], plain: Bools) -> tuple[Floats, int]:
    """For each head, how many plain keys have the largest weight of some query; and the number of plain keys."""
    hits = [np.isin(np.nonzero(plain)[0], best).sum() for best in weights.argmax(axis=2)]
    return np.array(hits, dtype=np.float64), int(plain.sum())


def weight_blocks(attention: AttentionTrace) -> Iterable[NDArray[np.float32]]:
    """The heads of a layer in order, a block (some heads, query, key) at a time, so that long texts do not fill the memory."""
    heads, queries, width = attention.q.shape[0], attention.q.shape[1], attention.k.shape[1]
    if heads * queries * width * 4 <= BLOCK_BYTES:
        yield attention.weights().cpu().numpy()
        return
    for head in range(heads):
        yield attention.weights(head)[None].cpu().numpy()


def gathered(part: AttentionPart, layers: Sequence[Sequence[LayerScores]]) -> HeadScores:
    """`HeadScores` from the results of `score_heads`: for each layer, the blocks of its heads in order."""
    return HeadScores(
        part,
        {name: np.stack([np.concatenate([b[name][0] for b in blocks]) for blocks in layers]) for name in OF_PART[part]},
        {name: np.array([blocks[0][name][1] for blocks in layers], dtype=np.int64) for name in OF_PART[part]},
    )


def counted_in(trace: Trace, stack: StackName, part: AttentionPart = "self") -> list[Counted]:
    """The pairs to count in each layer of one kind of attention; layers with the same mask share one object."""
    keys = keys_of(trace.tokens("encoder" if part == "cross" else stack))
    queries = len(trace.tokens(stack))
    held: dict[int | None, Counted] = {}
    for layer in range(trace.config.layers(stack)):
        attention = trace.attention(stack, layer, part)
        if attention.window not in held:
            held[attention.window] = counted(keys, queries, part=part, visible=attention.visible.cpu().numpy())
    return [held[trace.attention(stack, layer, part).window] for layer in range(trace.config.layers(stack))]


def score_trace(trace: Trace, stack: StackName, part: AttentionPart = "self") -> HeadScores:
    """The scores of every layer and head of one kind of attention. Raises InputError where there is no such attention."""
    layers = [
        [score_heads(w, of) for w in weight_blocks(trace.attention(stack, layer, part))]
        for layer, of in enumerate(counted_in(trace, stack, part))
    ]
    return gathered(part, layers)


def merged(many: Iterable[HeadScores]) -> HeadScores:
    """The scores of many texts together: each query counts once. Raises ValueError for none, or for different parts."""
    scores = list(many)
    if len({one.part for one in scores}) != 1:
        raise ValueError("scores of one kind of attention can be merged, and at least one is needed")
    return HeadScores(
        scores[0].part,
        {name: np.sum([one.sums[name] for one in scores], axis=0) for name in scores[0].sums},
        {name: np.sum([one.counts[name] for one in scores], axis=0) for name in scores[0].counts},
    )
