"""Four numbers for every head against their definitions, and knock-outs that can be stopped and gone on with."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from analysis.knock_out import Cost, every_head, log_probability
from model import ZeroHead
from model.config import Kind
from tests.model.builders import KINDS, random_model, read_by, shaped
from ui.compare.predictions import Moment, asked
from ui.knock_out import importance
from ui.knock_out.importance import (
    Sweep,
    advance,
    change_in_bits,
    columns,
    head_names,
    knocked_out,
    start,
    sweep,
    tables,
)
from ui.maps import attention
from ui.runs.store import Run, RunSpec


@cache
def run_of(kind: Kind) -> Run:
    config = shaped(kind)
    x, target = read_by(config)
    lm = random_model(config)
    return Run(RunSpec(f"tiny-{kind}", "cpu", kind), lm, lm.run(x, target=target), (), 0, lm.reading(x))


def moment(run: Run) -> Moment:
    return Moment(4, run.lm.token(9))


@pytest.mark.parametrize("kind", KINDS)
def test_weight_and_norm_are_worked_out_from_the_pattern_and_the_weights(kind: Kind) -> None:
    run = run_of(kind)
    for attended in attention.available(run):
        stack, part = attended.place
        seen = run.trace.attention(stack, 1, part)
        block = (run.lm.net.encoder if stack == "encoder" else run.lm.net.decoder).blocks[1]  # type: ignore[union-attr]
        o = (block.self_attn if part == "self" else block.cross_attn).o.weight  # type: ignore[union-attr, operator]
        for head in (0, 5):
            weights, v = seen.weights(head), seen.v[head // 2]
            assert tables(run, "weight")[attended][1, head] == pytest.approx(float(weights.max(dim=1).values.mean()))
            written = torch.einsum("qk,kd,md->qkm", weights, v, o[:, 4 * head : 4 * head + 4].float())  # type: ignore[index]
            norm = float(written.norm(dim=-1).sum(dim=1).mean())
            assert tables(run, "norm")[attended][1, head] == pytest.approx(norm, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_in_slices_gives_each_heads_own_cost_where_it_belongs(kind: Kind) -> None:
    run = run_of(kind)
    prediction = asked(run, (moment(run),))
    found = Sweep(log_probability(run.lm, prediction), Cost(0.0, 0.001), rows=5, running=True)
    slices = 0
    while not advance(found, run, prediction, (), limit=0.0):
        slices += 1
    assert slices == -(-len(every_head(run.lm.config)) // 5) - 1
    lost = knocked_out(run, found)
    for attended in attention.available(run):
        stack, part = attended.place
        assert np.isfinite(lost[attended]).all()
        without = log_probability(run.lm, prediction, (ZeroHead(stack, 1, part, 3),))
        assert lost[attended][1, 3] == pytest.approx(found.before - without, abs=1e-4)


def test_a_cancelled_sweep_keeps_what_it_measured_and_goes_on_from_there() -> None:
    run = run_of("encoder-decoder")
    prediction = asked(run, (Moment(3, run.lm.token(7)),))
    assert sweep(run, prediction) is None
    found = start(run, prediction, ())
    found.rows = 7
    assert not advance(found, run, prediction, (), limit=0.0)
    found.running = False
    assert advance(found, run, prediction, (), limit=0.0)
    assert len(found.lost) == 7
    assert sum(int(np.isfinite(table).sum()) for table in knocked_out(run, found).values()) == 7
    again = start(run, prediction, ())
    assert again is found
    while not advance(found, run, prediction, ()):
        pass
    assert len(found.lost) == len(every_head(run.lm.config))
    other = asked(run, (Moment(2, run.lm.token(7)),))
    assert sweep(run, other) is None  # another prediction has costs of its own


def test_numbers_of_all_heads_stand_in_the_order_of_their_names() -> None:
    run = run_of("encoder-decoder")
    kinds = attention.available(run)
    rows = columns({"weight": tables(run, "weight"), "norm": tables(run, "norm")}, kinds)
    groups, names = head_names(run, kinds)
    assert rows.shape == (2, len(names)) == (2, len(groups))
    at = names.index("Cross L2 H4")
    assert rows[1, at] == tables(run, "norm")[attention.CROSS][2, 4]
    assert groups[at] == "Cross"


def test_gradients_are_taken_once_a_prediction_and_only_where_asked() -> None:
    run = run_of("decoder")
    prediction = asked(run, (moment(run),))
    assert not importance.has_gradients(run, prediction)
    found = importance.gradients(run, prediction, ())
    assert importance.gradients(run, prediction, ()) is found
    assert found[attention.DECODER].shape == (2, 6)


def test_a_change_in_bits_is_of_the_log_probability() -> None:
    before, after = torch.tensor([0.0, 0.0]), torch.tensor([0.0, float(np.log(3))])
    assert change_in_bits(before, after, 0) == pytest.approx(-1)
    assert change_in_bits(before, after, 1) == pytest.approx(np.log2(0.75 / 0.5))


def test_a_prediction_is_asked_of_what_each_stack_had_read() -> None:
    run = run_of("encoder-decoder")
    found = asked(run, (moment(run), Moment(1, run.lm.token(5))))
    assert found.read == tuple(token.id for token in run.trace.tokens("decoder"))
    assert found.source == tuple(token.id for token in run.trace.tokens("encoder"))
    assert found.targets == ((4, 9), (1, 5))
    encoder = run_of("encoder")
    paired = replace(encoder, reading=encoder.lm.reading([5, 6, 7], segments=[0, 0, 1]))
    assert asked(paired, (moment(encoder),)).segments == (0, 0, 1)
