"""How one attention weight is computed: every number from the two vectors to the weight, for every position scheme.

score = scale * q.k + bias, weight = exp(score) / sum of exp(scores) (Vaswani et al. 2017, equation 1). Rotary embeddings act on
q and k (Su et al. 2021); ALiBi (Press et al. 2022) and T5's buckets (Raffel et al. 2020) are the bias. Computed in float64 from
the float32 vectors of the run.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from analysis.rotation import before_rotation
from model import attention as steps
from model.attention_trace import AttentionTrace
from model.errors import InputError
from model.positions import AlibiBias, Bias, RelativeBias, Rotation, relative_bucket
from model.tap import StackName
from model.trace import AttentionPart, Trace, check_attention

Vector = NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, eq=False)
class Turn:
    """Query and key before rotation, and their dot product."""

    q: Vector  # (d_head,)
    k: Vector
    dot: float


@dataclass(frozen=True)
class Added:
    """What a position scheme added to a score, and how it got that number."""

    value: float
    slope: float | None = None  # ALiBi: the head's slope; value = -slope * distance
    bucket: int | None = None  # T5: the table entry of this distance
    distance: int = 0  # the query's position minus the key's


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One score of one head, and the row that the softmax is taken over."""

    q: Vector  # (d_head,), after any rotation
    k: Vector
    kv_head: int  # the key head of this query head
    turn: Turn | None
    dot: float  # q.k
    scale: float
    added: Added | None
    visible: bool  # whether the mask allows this query to attend to this key
    score: float  # scale * dot + added, minus infinity where the mask hides the key
    scores: Vector  # (key,), the whole row
    weights: Vector  # (key,)
    highest: float  # the largest score of the row, subtracted before the exponential to avoid overflow
    exponential: float  # exp(score - highest)
    total: float  # the sum of the row's exponentials
    weight: float
    own_weight: float  # the same weight from the model's own functions, in float32 and after any edit
    edited: bool  # whether an edit changed scores or weights of this layer, so that the run used other numbers
    difference: float  # the largest |difference| between the head's mixed vectors here and in the forward pass

    @property
    def product(self) -> Vector:
        """(d_head,): what each coordinate adds to q.k."""
        return self.q * self.k


def anatomy(
    trace: Trace, stack: StackName, layer: int, part: AttentionPart, head: int, query: int, key: int
) -> Anatomy:
    """The numbers behind one weight. Raises InputError where there is no such sublayer, head, query or key."""
    check_attention(trace.config, stack, layer, part, head)
    seen = trace.attention(stack, layer, part)
    queries, keys = seen.q.shape[1], seen.k.shape[1]
    if not (0 <= query < queries and 0 <= key < keys):
        raise InputError(f"query {query} and key {key} are not among {queries} queries and {keys} keys")
    kv_head = head // (seen.q.shape[0] // seen.k.shape[0])
    q, every_k = _numbers(seen.q[head, query]), _numbers(seen.k[kv_head])
    bias = _bias_row(seen, head, query)
    visible = seen.visible[query].cpu().numpy()
    scores = np.where(visible, seen.scale * (every_k @ q) + (0 if bias is None else bias), -np.inf)
    highest = float(scores.max()) if visible.any() else 0.0
    exponentials = np.exp(scores - highest)
    total = float(exponentials.sum())
    weights = exponentials / total if total else exponentials
    own = seen.weights(head)
    return Anatomy(
        q=q,
        k=every_k[key],
        kv_head=kv_head,
        turn=_turn(trace, stack, layer, head, kv_head, query, key) if part == "self" else None,
        dot=float(q @ every_k[key]),
        scale=seen.scale,
        added=None if bias is None else _added(seen.position_bias, head, query, key, float(bias[key])),
        visible=bool(visible[key]),
        score=float(scores[key]),
        scores=scores,
        weights=weights,
        highest=highest,
        exponential=float(exponentials[key]),
        total=total,
        weight=float(weights[key]),
        own_weight=float(own[query, key]),
        edited=bool(seen.edited),
        difference=float((own @ seen.v[kv_head].float() - seen.mixed[head]).abs().max()),
    )


def _numbers(x: Tensor) -> Vector:
    return x.detach().cpu().double().numpy()


def _bias_row(seen: AttentionTrace, head: int, query: int) -> Vector | None:
    """(key,): what the position scheme added to each score of a query."""
    if seen.position_bias is None:
        return None
    at = torch.tensor([query], device=seen.k.device)
    there = torch.arange(seen.k.shape[1], device=seen.k.device)
    return _numbers(seen.position_bias(at, there)[head, 0])


def _added(bias: Bias | None, head: int, query: int, key: int, value: float) -> Added:
    if isinstance(bias, AlibiBias):
        return Added(value, slope=float(bias.slopes[head]), distance=query - key)
    if isinstance(bias, RelativeBias):
        bucket = relative_bucket(
            torch.tensor(key - query), bias.table.shape[0], bias.reach, bidirectional=bias.bidirectional
        )
        return Added(value, bucket=int(bucket), distance=query - key)
    return Added(value, distance=query - key)


def _turn(trace: Trace, stack: StackName, layer: int, head: int, kv_head: int, query: int, key: int) -> Turn | None:
    if trace.config.positions != "rotary":
        return None
    q, k = before_rotation(trace, stack, layer)
    asks, offers = _numbers(q[head, query]), _numbers(k[kv_head, key])
    return Turn(asks, offers, float(asks @ offers))


def adds_up(found: Anatomy) -> float:
    """The rounding error: the larger |difference| between the two sides of the two equations; 0 in exact arithmetic."""
    if not found.visible:
        return abs(found.weight)
    added = 0.0 if found.added is None else found.added.value
    score = abs(found.scale * found.dot + added - found.score)
    return max(score, abs(math.exp(found.score - found.highest) / found.total - found.weight))


@dataclass(frozen=True)
class Code:
    """The lines of `model/` that compute one step."""

    step: str
    where: str  # file and first line, from the top of the source tree
    lines: str


def code(found: Anatomy) -> list[Code]:
    """The source code behind each number, in the order in which it runs."""
    parts: list[tuple[str, Callable[..., object]]] = []
    if found.turn is not None:
        parts.append(("Turning queries and keys by their positions", Rotation.turn))
    if found.added is not None and found.added.slope is not None:
        parts.append(("The penalty for distance", AlibiBias.__call__))
    if found.added is not None and found.added.bucket is not None:
        parts += [("The entry for a distance", RelativeBias.__call__), ("Which entry that is", relative_bucket)]
    parts += [("The scores", steps.scores), ("The shares", steps.weigh), ("The head's answer", steps.mix)]
    return [_code(step, function) for step, function in parts]


def _code(step: str, function: Callable[..., object]) -> Code:
    lines, first = inspect.getsourcelines(function)
    path = Path(inspect.getfile(function)).resolve().relative_to(ROOT)
    return Code(step, f"{path.as_posix()}:{first}", inspect.cleandoc("\n" + "".join(lines)))
