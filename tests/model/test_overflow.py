"""Numbers that outgrow a precision end in a sentence: which layer, which precision, what to do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import model
from model import InputError
from tests.model.builders import ids, random_model, shaped
from tests.model.families.cases import CASES

IDS = [5, 9, 20, 33, 7]


def grown(folder: Path, family: str, by: Mapping[str, float]) -> Path:
    """A tiny checkpoint with tensors so large that what they make does not fit into float16."""
    case: Any = next(iter(CASES[family].values()))
    case.build().save(folder)
    held = load_file(folder / "model.safetensors")
    save_file({name: x * by.get(name, 1.0) for name, x in held.items()}, folder / "model.safetensors")
    return folder


SAID = (
    r"the numbers of this run are not finite after layer 1 of the decoder: they are larger than float16 can hold\. "
    r"Load the model in float32 or bfloat16"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return grown(tmp_path, "gpt2", {"transformer.h.1.mlp.c_fc.weight": 1e3, "transformer.h.1.mlp.c_proj.weight": 1e4})


def test_a_run_that_overflows_names_the_layer_the_precision_and_the_way_out(folder: Path) -> None:
    lm = model.load(folder, device="cpu", dtype="float16")
    with pytest.raises(InputError, match=SAID):
        lm.run(IDS)
    for kind in ("float32", "bfloat16"):
        assert model.load(folder, device="cpu", dtype=kind).run(IDS).logits.isfinite().all()  # type: ignore[arg-type]


def test_a_decode_and_a_beam_search_say_the_same(folder: Path) -> None:
    lm = model.load(folder, device="cpu", dtype="float16")
    with pytest.raises(InputError, match=SAID):
        next(lm.decode(IDS))
    with pytest.raises(InputError, match=SAID):
        next(lm.decode(IDS, draft=[5, 6, 7], strategy=model.Sample(seed=1)))
    with pytest.raises(InputError, match=SAID):
        model.beam_search(lm, IDS)


def test_an_encoder_that_overflows_is_named_before_the_decoder(tmp_path: Path) -> None:
    lm = model.load(
        grown(tmp_path, "t5", {f"encoder.block.0.layer.1.DenseReluDense.{w}.weight": 1e4 for w in ("wi", "wo")}),
        "cpu",
        "float16",
    )
    for call in (lambda: lm.run(IDS), lambda: next(lm.decode(IDS)), lambda: model.beam_search(lm, IDS)):
        with pytest.raises(InputError, match=r"not finite after layer 0 of the encoder: .* float16"):
            call()


def test_logits_that_overflow_say_so(tmp_path: Path) -> None:
    lm = model.load(
        grown(tmp_path, "gpt2", {"transformer.ln_f.weight": 3e3, "transformer.wte.weight": 100.0}), "cpu", "float16"
    )
    trace = lm.run(IDS)
    for read in (lambda: trace.logits, lambda: trace.probabilities(), lambda: next(lm.decode(IDS))):
        with pytest.raises(InputError, match=r"the logits of this run are not finite: .* Load the model in float32"):
            read()


def test_in_float32_the_edits_and_the_weights_are_named() -> None:
    lm = random_model(shaped("decoder"))

    class Huge(model.SkipSublayer):
        def apply(self, x: torch.Tensor, queries: torch.Tensor, keys: torch.Tensor | None) -> torch.Tensor:
            return torch.full_like(x, 3e38) * 10

    with pytest.raises(
        InputError, match=r"after layer 0 of the decoder: .* Take back the edits, or check the checkpoint's"
    ):
        lm.run(ids(4), edits=[Huge("decoder", 0, "self")])
