"""The importance of parts of a model to a prediction, by knocking them out (ablation): its log-probability without each.

Michel et al. (2019) and Voita et al. (2019) measure heads this way. Without a head means that its output is zero, which the rest
of the model never had in training. A large change says that this prediction depends on the head. A small change does not say
that the head does nothing: other heads may replace it (McGrath et al. 2023).
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.config import TransformerConfig
from model.edits import SkipSublayer, ZeroHead, check_edits, each_in_its_row
from model.errors import InputError
from model.language_model import LanguageModel
from model.tap import Edit, Part, StackName, Tap

BITS = 1 / math.log(2)  # bits in a nat
ROOM = 256 * 1024**2  # bytes for the inner tensors of one batch
MOST_ROWS = 64
TRIED_ROWS = 5  # rows of the second timed batch, for the estimate
SLOW = 0.4  # seconds; a slower pass is timed with one row alone
VERY_SLOW = 8.0  # seconds; such a pass is run once: its warm-up is a small part of it


@dataclass(frozen=True)
class Prediction:
    """The tokens whose probability is measured, each predicted at a position of the predicting stack."""

    read: tuple[int, ...]  # input ids of the predicting stack
    targets: tuple[tuple[int, int], ...]  # (position, id predicted there), one or more
    source: tuple[int, ...] | None = None  # input ids of the encoder of an encoder-decoder
    segments: tuple[int, ...] | None = None  # the sentence of each token, where the model tells sentences apart


def check(lm: LanguageModel, prediction: Prediction) -> None:
    """Raises InputError where the model has no output head or the prediction does not fit it."""
    if lm.net.head is None:
        raise InputError("this checkpoint holds no output head, so it predicts no tokens")
    if not prediction.targets:
        raise InputError("there is no prediction to measure")
    for at, token in prediction.targets:
        if not 0 <= at < len(prediction.read) or not 0 <= token < lm.config.vocab_size:
            raise InputError(f"token {token} is not predicted at position {at} of {len(prediction.read)}")
    if (lm.kind == "encoder-decoder") != (prediction.source is not None):
        raise InputError("a source belongs to a model with an encoder and a decoder, and to no other")


def every_head(config: TransformerConfig) -> tuple[ZeroHead, ...]:
    """An edit for each head of the model: encoder, decoder, and cross-attention where there is one."""
    return tuple(
        ZeroHead(stack, layer, part, head)
        for stack, layer, part in sublayers(config)
        if part != "feed_forward"
        for head in range(config.n_heads)
    )


def every_sublayer(config: TransformerConfig) -> tuple[SkipSublayer, ...]:
    """An edit for each sublayer of the model."""
    return tuple(SkipSublayer(stack, layer, part) for stack, layer, part in sublayers(config))


def sublayers(config: TransformerConfig) -> Iterator[tuple[StackName, int, Part]]:
    """(stack, layer, part) in the order of the forward pass."""
    stacks: tuple[StackName, ...] = ("encoder", "decoder")
    for stack in stacks:
        cross: tuple[Part, ...] = ("cross",) if stack == "decoder" and config.kind == "encoder-decoder" else ()
        parts: tuple[Part, ...] = ("self", *cross, "feed_forward")
        yield from ((stack, layer, part) for layer in range(config.layers(stack)) for part in parts)


def log_probability(lm: LanguageModel, prediction: Prediction, edits: Sequence[Edit] = ()) -> float:
    """Bits (at most 0): log2 of the probability of the predicted tokens under edits, summed over the tokens."""
    check(lm, prediction)
    check_edits(lm.config, tuple(edits))
    return float(_log_probabilities(lm, prediction, 1, tuple(edits))[0])


def one_at_a_time(
    lm: LanguageModel, prediction: Prediction, candidates: Sequence[Edit], *, always: Sequence[Edit] = ()
) -> list[float]:
    """Bits: the log-probability under each candidate alone, together with the `always` edits; one batch.

    Every row of the batch is the same text with another candidate. The caller splits a long list into batches of
    `rows_a_batch` and may stop between two of them.
    """
    check(lm, prediction)
    check_edits(lm.config, (*candidates, *always))
    if not candidates:
        return []
    edits = (*always, *each_in_its_row(candidates))
    return [float(value) for value in _log_probabilities(lm, prediction, len(candidates), edits)]


def rows_a_batch(lm: LanguageModel, prediction: Prediction) -> int:
    """The number of candidates in one pass, so that its tensors take at most about ROOM bytes."""
    config = lm.config
    longest = max(len(prediction.read), len(prediction.source or ()))
    token = 4 * (3 * config.d_ff + 8 * config.d_model + 6 * config.n_heads * config.d_head)
    row = longest * token + 12 * len(prediction.targets) * config.vocab_size
    return max(1, min(MOST_ROWS, ROOM // row))


@dataclass(frozen=True)
class Cost:
    """The time of one batch in seconds: a fixed part, and a part for each row."""

    fixed: float
    row: float

    def seconds(self, count: int, rows: int) -> float:
        """The time of `count` candidates in batches of `rows`."""
        return -(-count // rows) * self.fixed + count * self.row

    def rows_within(self, limit: float) -> int:
        """The largest number of rows of a batch that takes at most `limit` seconds; at least one."""
        return max(1, int((limit - self.fixed) / self.row)) if self.row > 0 else MOST_ROWS


def cost(lm: LanguageModel, prediction: Prediction) -> Cost:
    """The cost of a batch, measured now with batches of two sizes.

    The first pass is a warm-up and is not counted: it also reads the weights and asks for memory. Only if it is very slow,
    nothing else is run and its time is the answer.
    """
    check(lm, prediction)
    first = _timed(lm, prediction, 1)
    if first > SLOW:
        return Cost(0.0, first if first > VERY_SLOW else _timed(lm, prediction, 1))
    one = min(_timed(lm, prediction, 1) for _ in range(2))
    rows = min(TRIED_ROWS, rows_a_batch(lm, prediction))
    if rows == 1:
        return Cost(0.0, one)
    row = max((min(_timed(lm, prediction, rows) for _ in range(2)) - one) / (rows - 1), 0.02 * one)
    return Cost(max(one - row, 0.0), row)


def _timed(lm: LanguageModel, prediction: Prediction, rows: int) -> float:
    started = time.perf_counter()
    float(_log_probabilities(lm, prediction, rows, ())[0])  # a Python number, so a GPU has finished too
    return time.perf_counter() - started


def _log_probabilities(lm: LanguageModel, prediction: Prediction, rows: int, edits: tuple[Edit, ...]) -> Tensor:
    """(rows,) float64 bits, of a batch with the same text in every row."""
    with torch.inference_mode():
        return summed_log_probability(lm, prediction, rows, Tap(edits=edits)) * BITS


def summed_log_probability(lm: LanguageModel, prediction: Prediction, rows: int, tap: Tap) -> Tensor:
    """(rows,) float64 nats; the caller decides about gradients."""
    assert lm.net.head is not None
    final = lm.net(
        _rows(lm, prediction.read, rows),
        None if prediction.source is None else _rows(lm, prediction.source, rows),
        segments=None if prediction.segments is None else _rows(lm, prediction.segments, rows),
        tap=tap,
    )
    places, ids = (torch.tensor(column, device=lm.device) for column in zip(*prediction.targets, strict=True))
    logs = lm.net.head(final[:, places]).double().log_softmax(dim=-1)  # (rows, targets, vocab)
    return logs.gather(-1, ids.expand(rows, -1)[..., None])[..., 0].sum(dim=-1)


def _rows(lm: LanguageModel, ids: Sequence[int], rows: int) -> Tensor:
    return torch.tensor(ids, dtype=torch.long, device=lm.device).expand(rows, -1)
