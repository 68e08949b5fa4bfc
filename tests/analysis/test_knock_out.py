"""Knock-outs in batches against the same knock-outs one run at a time, and against the definition of log-probability."""

import math
import time
from dataclasses import replace

import pytest
import torch

from analysis import knock_out
from analysis.knock_out import (
    MOST_ROWS,
    Cost,
    Prediction,
    cost,
    every_head,
    every_sublayer,
    log_probability,
    one_at_a_time,
    rows_a_batch,
)
from model import CutEdge, InputError, SkipSublayer, ZeroHead
from model.config import Kind
from model.language_model import LanguageModel
from model.tap import Edit
from tests.model.builders import KINDS, random_model, read_by, shaped


def asked(kind: Kind) -> tuple[LanguageModel, Prediction]:
    config = shaped(kind)
    x, target = read_by(config)
    read, source = (x, None) if target is None else (target, x)
    return random_model(config), Prediction(tuple(read), ((2, 9), (4, 17)), None if source is None else tuple(source))


def by_hand(lm: LanguageModel, prediction: Prediction, edits: tuple[Edit, ...]) -> float:
    """log2 of the softmax of an ordinary run."""
    read, source = list(prediction.read), prediction.source
    trace = lm.run(read, edits=edits) if source is None else lm.run(list(source), target=read, edits=edits)
    return sum(math.log2(float(trace.probabilities(at)[token])) for at, token in prediction.targets)


@pytest.mark.parametrize("kind", KINDS)
def test_every_head_and_sublayer_in_a_batch_costs_what_it_costs_alone(kind: Kind) -> None:
    lm, prediction = asked(kind)
    edits: list[Edit] = [*every_head(lm.config), *every_sublayer(lm.config)]
    together = one_at_a_time(lm, prediction, edits)
    assert len(together) == len(edits)
    for edit, value in zip(edits, together, strict=True):
        assert value == pytest.approx(by_hand(lm, prediction, (edit,)), abs=1e-4)
    before = by_hand(lm, prediction, ())
    assert max(abs(value - before) for value in together) > 0.1


def test_candidates_come_on_top_of_what_is_off_already() -> None:
    lm, prediction = asked("encoder-decoder")
    always = (ZeroHead("decoder", 1, "cross", 2), CutEdge("encoder", 0, "self", 1, query=3, key=0))
    candidates: list[Edit] = [ZeroHead("decoder", 0, "cross", 4), SkipSublayer("encoder", 1, "feed_forward"), always[0]]
    found = one_at_a_time(lm, prediction, candidates, always=always)
    for candidate, value in zip(candidates, found, strict=True):
        assert value == pytest.approx(by_hand(lm, prediction, (*always, candidate)), abs=1e-4)
    assert found[2] == pytest.approx(log_probability(lm, prediction, always), abs=1e-4)  # off twice is off


def test_a_pair_is_read_with_its_segments() -> None:
    lm, prediction = asked("encoder")
    segments = (0, 0, 0, 1, 1)
    trace = lm.run(list(prediction.read), segments=segments)
    expected = sum(math.log2(float(trace.probabilities(at)[token])) for at, token in prediction.targets)
    assert log_probability(lm, replace(prediction, segments=segments)) == pytest.approx(expected, abs=1e-5)
    assert log_probability(lm, prediction) != pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "heads", "sublayers"), [("encoder", 12, 4), ("decoder", 12, 4), ("encoder-decoder", 12 + 18 + 18, 4 + 9)]
)
def test_every_part_of_a_model_is_named_once(kind: Kind, heads: int, sublayers: int) -> None:
    config = shaped(kind)
    assert len(set(every_head(config))) == len(every_head(config)) == heads
    assert len(set(every_sublayer(config))) == len(every_sublayer(config)) == sublayers


def test_a_batch_shrinks_as_the_text_grows() -> None:
    lm, prediction = asked("decoder")
    assert rows_a_batch(lm, prediction) == MOST_ROWS
    long = replace(prediction, read=prediction.read * 40_000)
    assert 1 <= rows_a_batch(lm, long) < 8


def test_the_estimate_comes_near_what_the_batches_then_take() -> None:
    lm, prediction = asked("encoder-decoder")
    long = replace(prediction, read=prediction.read * 6, source=(prediction.source or ()) * 4)
    candidates = every_head(lm.config)
    guessed = cost(lm, long).seconds(len(candidates), 16)
    started = time.perf_counter()
    for first in range(0, len(candidates), 16):
        one_at_a_time(lm, long, candidates[first : first + 16])
    assert 0.1 < guessed / (time.perf_counter() - started) < 10  # another process may take the processor meanwhile


def test_seconds_add_up_over_batches_and_rows() -> None:
    assert Cost(0.5, 0.01).seconds(100, 64) == pytest.approx(2 * 0.5 + 100 * 0.01)
    assert Cost(0.5, 0.01).seconds(0, 64) == 0
    assert Cost(0.05, 0.01).rows_within(0.3) == 25
    assert Cost(0.5, 0.01).rows_within(0.3) == 1


def test_a_slow_pass_is_timed_again_after_its_warm_up_and_a_very_slow_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm, prediction = asked("decoder")
    tried: list[int] = []
    monkeypatch.setattr(knock_out, "_timed", lambda lm, prediction, rows: tried.append(rows) or 2.5)
    assert cost(lm, prediction) == Cost(0.0, 2.5)
    assert tried == [1, 1]
    monkeypatch.setattr(knock_out, "_timed", lambda lm, prediction, rows: tried.append(rows) or 25.0)
    assert cost(lm, prediction) == Cost(0.0, 25.0)
    assert tried == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"targets": ()}, "no prediction to measure"),
        ({"targets": ((5, 1),)}, "not predicted at position 5 of 5"),
        ({"targets": ((0, 40),)}, "token 40 is not predicted"),
        ({"source": (1, 2)}, "a source belongs to a model with an encoder and a decoder"),
    ],
)
def test_a_prediction_that_cannot_be_measured_gets_a_sentence(change: dict, sentence: str) -> None:
    lm, prediction = asked("decoder")
    with pytest.raises(InputError, match=sentence):
        log_probability(lm, replace(prediction, **change))


def test_a_body_without_a_head_predicts_nothing() -> None:
    lm = random_model(replace(shaped("encoder"), head="none"))
    with pytest.raises(InputError, match="no output head"):
        log_probability(lm, Prediction((3, 4), ((0, 5),)))


def test_an_edit_that_is_not_there_is_refused() -> None:
    lm, prediction = asked("decoder")
    with pytest.raises(InputError, match="head 6 is out of range"):
        one_at_a_time(lm, prediction, [ZeroHead("decoder", 0, "self", 6)])


def test_a_batch_leaves_no_trace_on_the_model() -> None:
    lm, prediction = asked("decoder")
    before = log_probability(lm, prediction)
    one_at_a_time(lm, prediction, every_head(lm.config))
    assert log_probability(lm, prediction) == before
    assert not torch.is_inference_mode_enabled()
