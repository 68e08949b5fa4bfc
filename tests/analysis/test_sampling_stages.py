"""The stages of sampling one by one: the same end as drawing itself, and each in its turn."""

import pytest
import torch
from torch import Tensor
from transformers.generation import logits_process as reference

from analysis.sampling_stages import ruled_out_by, stages
from model import Sample

READ = [5, 9, 9, 30]
ALL = Sample(temperature=0.7, top_k=20, top_p=0.95, min_p=0.2, repetition_penalty=1.4)


def logits(seed: int = 0) -> Tensor:
    return torch.randn(60, generator=torch.Generator().manual_seed(seed)) * 3


def test_the_last_stage_is_what_a_token_is_drawn_from() -> None:
    for seed in range(6):
        found = stages(logits(seed), logits(seed), READ, ALL)
        torch.testing.assert_close(found[-1].shares, ALL.narrowed(logits(seed), READ).softmax(dim=-1))


def test_each_stage_reads_what_the_one_before_it_left_as_in_the_reference_library() -> None:
    theirs = [
        reference.RepetitionPenaltyLogitsProcessor(1.4),
        reference.TemperatureLogitsWarper(0.7),
        reference.TopKLogitsWarper(20),
        reference.TopPLogitsWarper(0.95),
        reference.MinPLogitsWarper(0.2),
    ]
    found = stages(logits(), logits(), READ, ALL)
    assert [stage.name for stage in found] == ["repetition penalty", "temperature", "top-k", "top-p", "min-p"]
    expected = logits()[None]
    for stage, process in zip(found, theirs, strict=True):
        expected = process(torch.tensor([READ]), expected)
        torch.testing.assert_close(stage.shares, expected[0].softmax(dim=-1))
        assert stage.left == int((expected > float("-inf")).sum())


def test_a_stage_says_how_much_it_ruled_out() -> None:
    (stage,) = stages(logits(), logits(), READ, Sample(top_k=7))
    before = logits().softmax(dim=-1)
    assert stage.left == 7
    assert stage.cut == pytest.approx(1 - float(before.topk(7).values.sum()), abs=1e-6)
    p = stage.shares[stage.shares > 0].double()
    assert stage.entropy == pytest.approx(float(-(p * p.log2()).sum()), abs=1e-6)


def test_a_stage_that_changes_nothing_is_left_out() -> None:
    assert stages(logits(), logits(), READ, Sample()) == []
    assert [stage.name for stage in stages(logits(), logits(), [], Sample(repetition_penalty=1.5, top_k=3))] == [
        "top-k"
    ]


def test_what_the_checkpoint_forbids_is_a_stage_of_its_own_and_the_first() -> None:
    allowed = logits().clone()
    allowed[int(allowed.argmax())] = float("-inf")
    found = stages(logits(), allowed, READ, Sample(top_k=4))
    assert [stage.name for stage in found] == ["constraints", "top-k"]
    assert found[0].cut == pytest.approx(float(logits().softmax(dim=-1).max()))
    assert ruled_out_by(found, int(logits().argmax())) == "constraints"
    assert ruled_out_by(found, int(allowed.argmax())) is None
    assert ruled_out_by(found, int(logits().argmin())) == "top-k"
