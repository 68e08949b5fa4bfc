"""Four measures of every head's importance. The last, knocking every head out in turn, runs on request, a batch at a time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch

from analysis.gradients import heads_gradient_x_attention
from analysis.head_importance import Table, sharpness_and_norm
from analysis.head_summary import weights_of as weights_in
from analysis.knock_out import (
    Cost,
    Prediction,
    cost,
    every_head,
    log_probability,
    one_at_a_time,
    rows_a_batch,
)
from model.edits import ZeroHead
from ui.compare import other_run, predictions
from ui.compare.predictions import Moment
from ui.figures import Matrix, array
from ui.maps import attention
from ui.maps.attention import AttentionKind
from ui.runs.estimate import seconds as pass_seconds
from ui.runs.on_demand import held, is_kept, keep, kept
from ui.runs.store import Run
from ui.state.edits import Off

Name = Literal["weight", "norm", "gradient", "knock_out"]
NAMES: tuple[Name, ...] = get_args(Name)
SLICE_SECONDS = 0.3  # of knock-outs between two looks at the cancel button
GRADIENT_SECONDS_UNASKED = 1.5  # of work that nobody needs to ask for
SLOW_PASS_SECONDS = 1.0  # a pass that takes longer is not run only to be timed
GRADIENT_PASSES = 4  # forward passes that a forward and a backward pass cost, about


@dataclass(frozen=True)
class Number:
    """A measure of importance: its name, unit and meaning."""

    title: str
    short: str
    unit: str
    signed: bool
    explained: str


NUMBERS: Mapping[Name, Number] = {
    "weight": Number(
        "attention weight",
        "weight",
        "",
        False,
        "How sharply the head attends: the largest share each query gives a key, averaged over the queries (the confidence of "
        "Voita et al. 2019). From 0 to 1.",
    ),
    "norm": Number(
        "value-weighted norm",
        "norm",
        "",
        False,
        "How much the head hands over: the norm of weight x value x output projection, summed over the keys and averaged over "
        "the queries (Kobayashi et al. 2020). In units of the stream.",
    ),
    "gradient": Number(
        "gradient x attention",
        "gradient",
        "bits",
        True,
        "The gradient of the measured log-probability by each weight of the pattern, times the weight, summed over the pattern, "
        "in bits. To first order it is what switching the head off would cost; positive: the head helped.",
    ),
    "knock_out": Number(
        "knock-out",
        "knock-out",
        "bits",
        True,
        "What switching the head off really costs: the measured log-probability with it minus without it, in bits. +1 bit: "
        "without the head what was predicted is half as probable. Negative: the head stood in its way.",
    ),
}


@dataclass(eq=False)
class Sweep:
    """The state of knocking out every head in turn. It holds numbers only, no tensors."""

    before: float  # bits, with every candidate on
    cost: Cost
    rows: int
    lost: list[float] = field(default_factory=list)  # bits, a candidate each, in the order of every_head
    running: bool = False


Tables = dict[AttentionKind, Table]


def tables(run: Run, name: Literal["weight", "norm"]) -> Tables:
    """Mean largest weight or value-weighted norm, (layers, heads) for each kind of attention. Both are computed together."""

    def both() -> dict[str, Tables]:
        found = {kind: sharpness_and_norm(run.trace, *kind.place) for kind in attention.available(run)}
        return {
            "weight": {kind: sharp for kind, (sharp, _) in found.items()},
            "norm": {kind: norm for kind, (_, norm) in found.items()},
        }

    tables: dict[str, Tables] = kept(run, ("weight and norm",), dict, both)
    return tables[name]


def has_tables(run: Run) -> bool:
    return is_kept(run, ("weight and norm",))


def weights_of(run: Run) -> int:
    """How many attention weights all heads of a run have. `tables` reads all of them."""
    places = [kind.place for kind in attention.available(run)]
    return sum(weights_in(run.trace, stack, part) for stack, part in places)


def gradients(run: Run, prediction: Prediction, edits: Sequence[Off]) -> Tables:
    """Gradient x attention in bits, (layers, heads) for each kind of attention."""

    def take() -> Tables:
        found = heads_gradient_x_attention(run.lm, prediction, edits=edits)
        return {kind: array(found[kind.place]) for kind in attention.available(run)}

    tables: Tables = kept(run, ("gradient", prediction), dict, take)
    return tables


def has_gradients(run: Run, prediction: Prediction) -> bool:
    return is_kept(run, ("gradient", prediction))


class Beginning(NamedTuple):
    """What the page shows before anyone has chosen: a head, and the prediction that changes most without it."""

    layer: int
    head: int
    moment: int


def beginning(run: Run, kind: AttentionKind, moments: tuple[Moment, ...]) -> Beginning | None:
    """The head whose gradient promises the largest effect on all predictions, found by one backward pass, and the prediction that
    changes most without it, found by one knock-out. None where a gradient takes long."""
    everything = predictions.asked(run, moments)
    if GRADIENT_PASSES * price(run, everything).seconds(1, 1) > GRADIENT_SECONDS_UNASKED:
        return None

    def find() -> Beginning:
        effects = np.nan_to_num(np.abs(gradients(run, everything, ())[kind]))
        layer, head = divmod(int(effects.argmax()), effects.shape[1])
        stack, part = kind.place
        without = other_run.reread(run, (ZeroHead(stack, layer, part, head),))
        changes = [
            change_in_bits(predictions.logits(run, one.at), predictions.logits(without, one.at), one.token.id)
            for one in moments
        ]
        return Beginning(layer, head, int(np.abs(changes).argmax()))

    return kept(run, ("beginning", kind, everything), Beginning, find)


def price(run: Run, prediction: Prediction) -> Cost:
    """The time of a batch, measured once a run; where a pass takes long it is estimated instead."""

    def measure() -> Cost:
        takes = pass_seconds(run.lm, len(prediction.read) + len(prediction.source or ()))
        return Cost(0.0, takes) if takes > SLOW_PASS_SECONDS else cost(run.lm, prediction)

    return kept(run, ("cost", prediction.read, prediction.source), Cost, measure)


def estimate(run: Run, prediction: Prediction) -> float:
    """Seconds that knocking out every head in turn will take."""
    spent = price(run, prediction)
    return spent.seconds(len(every_head(run.lm.config)), rows(run, prediction))


def rows(run: Run, prediction: Prediction) -> int:
    """Heads in one batch: as many as memory allows, and few enough that a cancel is soon noticed."""
    return min(rows_a_batch(run.lm, prediction), price(run, prediction).rows_within(SLICE_SECONDS))


def sweep(run: Run, prediction: Prediction) -> Sweep | None:
    """The knock-outs for this prediction, whether done, running or cancelled; None if nobody has asked for them."""
    return held(run, ("sweep", prediction), Sweep)


def start(run: Run, prediction: Prediction, edits: Sequence[Off]) -> Sweep:
    """Starts the knock-outs, or continues where they were cancelled."""
    found = sweep(run, prediction)
    if found is None:
        before = log_probability(run.lm, prediction, edits)
        found = keep(run, ("sweep", prediction), Sweep(before, price(run, prediction), rows(run, prediction)))
    found.running = True
    return found


def advance(found: Sweep, run: Run, prediction: Prediction, edits: Sequence[Off], limit: float | None = None) -> bool:
    """Knocks out more heads, at least one batch, for about `limit` seconds (None: SLICE_SECONDS). Returns whether all are done."""
    candidates = every_head(run.lm.config)
    began = time.monotonic()
    while found.running and len(found.lost) < len(candidates):
        at = len(found.lost)
        batch = candidates[at : at + found.rows]
        values = one_at_a_time(run.lm, prediction, batch, always=edits)
        if len(found.lost) == at:  # another tab may have been here meanwhile
            found.lost += [found.before - value for value in values]
        if time.monotonic() - began >= (SLICE_SECONDS if limit is None else limit):
            break
    if len(found.lost) >= len(candidates):
        found.running = False
    return not found.running


def knocked_out(run: Run, found: Sweep) -> Tables:
    """Bits lost, (layers, heads) for each kind of attention; NaN for heads not yet knocked out."""
    config = run.lm.config
    empty = {
        kind: np.full((config.layers(kind.stack), config.n_heads), np.nan, dtype=np.float32)
        for kind in attention.available(run)
    }
    kinds = {kind.place: kind for kind in empty}
    for edit, lost in zip(every_head(config), found.lost, strict=False):
        empty[kinds[edit.stack, edit.part]][edit.layer, edit.head] = lost
    return empty


def columns(found: Mapping[Name, Tables], kinds: Sequence[AttentionKind]) -> Matrix:
    """(measures, heads of all kinds): a row for each measure, in the order of the mapping."""
    return np.stack([np.concatenate([tables[kind].ravel() for kind in kinds]) for tables in found.values()])


def head_names(run: Run, kinds: Sequence[AttentionKind]) -> tuple[list[str], list[str]]:
    """(the kind of attention, a name) of each head, in the order of `columns`."""
    groups, names = [], []
    for kind in kinds:
        for layer in range(run.lm.config.layers(kind.stack)):
            for head in range(run.lm.config.n_heads):
                groups.append(kind.short)
                names.append(f"{kind.short} L{layer} H{head}")
    return groups, names


def silenced(edits: Sequence[Off], kind: AttentionKind) -> list[tuple[int, int]]:
    """(layer, head) of the heads of one kind that are off."""
    place = kind.place
    return [(e.layer, e.head) for e in edits if isinstance(e, ZeroHead) and (e.stack, e.part) == place]


def change_in_bits(before: torch.Tensor, after: torch.Tensor, token: int) -> float:
    """log2 p(token) after minus before, from (vocab,) logits."""
    logs = [float(logits.double().log_softmax(dim=-1)[token]) for logits in (before, after)]
    return (logs[1] - logs[0]) / float(np.log(2))
