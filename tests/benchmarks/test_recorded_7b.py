"""The benchmark of a 7B model: its shape, what it says where there is no GPU, and that it measures what it names."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.recorded_7b import kept_bytes, llama_7b, measure
from model.transformer import Transformer
from tests.model.builders import random_model, shaped

ROOT = Path(__file__).resolve().parents[2]


def test_the_shape_is_that_of_llama_7b() -> None:
    with torch.device("meta"):
        net = Transformer(llama_7b(32))
    assert sum(p.numel() for p in net.parameters()) == 6_738_415_616


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_gpu_it_says_so_and_measures_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.recorded_7b"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "this benchmark needs a CUDA device, and there is none here\n"


def test_every_way_of_reading_is_measured() -> None:
    measures, left_out = measure(random_model(shaped("decoder", "rotary")), tokens=9, runs=2)
    assert [one.name for one in measures] == [
        "plain forward",
        "recorded run",
        "one layer's patterns of it",
        "everything kept",
    ]
    assert all(one.seconds > 0 for one in measures)
    assert left_out == ""


def test_what_a_recorded_run_holds_is_what_it_is_said_to_hold() -> None:
    lm = random_model(shaped("decoder", "rotary"))
    trace = lm.run(list(range(3, 12)))
    held = sum(
        x.numel() * 4
        for (place, site), chunks in trace.recording.chunks.items()
        if place.layer is not None and site not in ("q_straight", "k_straight", "normed", "hidden")
        for x in [trace.kept(place, site)]
        if x is not None and chunks
    )
    assert kept_bytes(lm.config, 9, 4, everything=False) == held


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_two_layers_are_measured_on_the_gpu(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    asked = ["--layers", "2", "--tokens", "256", "--runs", "2", "--json", str(report)]
    subprocess.run([sys.executable, "-m", "benchmarks.recorded_7b", *asked], cwd=ROOT, check=True)
    held = json.loads(report.read_text())
    plain, recorded = held["measures"][:2]
    assert held["weights"] < plain["peak"] < recorded["peak"]
