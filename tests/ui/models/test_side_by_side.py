"""Models side by side: whom the page begins with, what a run of each kind is asked for, and the rows of the table."""

import math
from dataclasses import replace

import pytest
import torch

from analysis.cost import cost
from model import InputError
from model.language_model import LanguageModel
from model.network import build
from model.pretrained import Source
from tests.model.builders import START, ids, random_model, shaped
from tests.model.lstm_checkpoint import CONFIG
from ui.maps.attention import CROSS, DECODER, ENCODER
from ui.models import cost_table
from ui.models.cost_table import attention_operations, bytes_of, costs, differing, milliseconds, operations
from ui.models.side_by_side import Side, attention_by_distance, clamp, influence_of, kinds, suggested
from ui.runs.store import Run, RunSpec


def lstm() -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(build(CONFIG).requires_grad_(False), None, Source("lstm", "regard-lstm", ""))


def run_of(lm: LanguageModel, time: int = 9) -> Run:
    if lm.kind == "encoder-decoder":
        trace = lm.run(ids(7, seed=1), target=[START, *ids(time - 1, seed=2)])
    else:
        trace = lm.run(ids(time, seed=2))
    return Run(RunSpec(lm.name, "cpu", "text"), lm, trace, (), 0)


NAMES = ["bart-denoise", "bert-stories", "lstm-stories", "transformer-fr-en"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-stories", ["lstm-stories", "bert-stories"]),
        ("t5-fr-en", ["transformer-fr-en", "bart-denoise"]),
        ("/some/folder", ["bart-denoise", "bert-stories"]),
        ("gpt-stories@bfloat16", ["lstm-stories", "bert-stories"]),
    ],
)
def test_it_begins_with_models_of_the_same_texts(name: str, expected: list[str]) -> None:
    assert suggested(name, NAMES) == expected
    assert suggested(name, []) == []


def test_a_layer_a_model_lacks_is_its_last() -> None:
    run = run_of(random_model(shaped("decoder")))
    assert [clamp(run, layer, "decoder") for layer in (0, 1, 7)] == [0, 1, 1]


def test_each_kind_has_its_attention() -> None:
    assert kinds(run_of(random_model(shaped("encoder-decoder")))) == [ENCODER, CROSS]
    assert kinds(run_of(random_model(shaped("encoder")))) == [ENCODER]
    assert kinds(run_of(random_model(shaped("decoder")))) == [DECODER]
    assert kinds(run_of(lstm())) == []


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder", "recurrent"])
def test_what_counts_is_worked_out_once_a_run_and_adds_up(kind: str) -> None:
    run = run_of(lstm() if kind == "recurrent" else random_model(shaped(kind)))  # type: ignore[arg-type]
    held = influence_of(run)
    assert influence_of(run) is held
    assert float(held.shares.sum()) == pytest.approx(1, abs=1e-5)
    assert len(held.by_distance.mean) == 5  # half of nine tokens, rounded up
    assert held.by_distance.predictions == len(held.at) == 5
    assert len(held.labels) == 9


def test_attention_by_distance_is_of_the_same_predictions() -> None:
    run = run_of(random_model(shaped("decoder", "rotary")))
    weights = run.trace.attention("decoder", 1).weights().mean(dim=0)
    found = attention_by_distance(run, 7)
    assert found is not None
    for distance in range(5):
        expected = sum(float(weights[at, at - distance]) for at in range(4, 9)) / 5
        assert float(found.mean[distance]) == pytest.approx(expected, rel=1e-5)
    assert attention_by_distance(run_of(lstm()), 0) is None


def test_a_short_text_is_refused_with_its_length() -> None:
    with pytest.raises(InputError, match="the text is 3 tokens long here"):
        influence_of(run_of(lstm(), time=3))


def sides() -> list[Side]:
    return [Side(lm.name, run_of(lm)) for lm in (random_model(shaped("decoder", "rotary")), lstm())]


def test_only_what_differs_is_listed() -> None:
    terms = {row[0].text: [cell.text for cell in row[1:]] for row in differing(sides())}
    assert terms["Heads"] == ["6 of 4", "none"]
    assert terms["State"][0] == "–"
    assert "Output head" not in terms  # both are tied
    assert differing(sides()[:1]) == []


def test_costs_are_those_of_the_analysis() -> None:
    gpt, recurrent = sides()
    assert gpt.run is not None
    assert recurrent.run is not None
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in costs([gpt, recurrent])}
    assert set(rows) == set(cost_table.MEANS)
    assert rows["KV cache per token"] == [f"{4 * cost(gpt.run.lm.config).kept:,} bytes", "–"]
    assert rows["State carried on"] == ["–", f"{4 * cost(CONFIG).state:,} bytes"]
    assert rows["Share for attention"][1] == "0%"
    c = cost(gpt.run.lm.config)
    assert operations(gpt.run, c) == c.at(9) == c.fixed + attention_operations(gpt.run, c)


def test_attention_across_counts_the_source() -> None:
    run = run_of(random_model(shaped("encoder-decoder")))
    c = cost(run.lm.config)
    assert attention_operations(run, c) == 9 * c.per_context + 7 * c.per_source


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0123, "12 ms"), (0.00042, "0.42 ms"), (1.5, "1,500 ms"), (math.nan, "–")]
)
def test_times_are_said_in_milliseconds(seconds: float, said: str) -> None:
    assert milliseconds(seconds) == said


def test_bytes_follow_the_precision() -> None:
    run = run_of(lstm())
    half = replace(run, lm=LanguageModel(build(CONFIG).half(), None, Source("half", "regard-lstm", "")))
    assert (bytes_of(100, run), bytes_of(100, half), bytes_of(0, run)) == ("400 bytes", "200 bytes", "–")
