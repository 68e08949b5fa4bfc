"""Folders as people have them: in shards, pickled, damaged, not supported, too large. What is wrong is named in a sentence."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import model
from model import CheckpointError
from model.loading import checkpoint, memory
from model.loading.weight_files import find
from tests.model.families.reference import amend
from tests.model.small_checkpoint import shard, small_checkpoint

IDS = [5, 9, 20, 33, 7]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path)


def logits(folder: Path) -> torch.Tensor:
    lm = model.load(folder, device="cpu")  # a trace holds its model weakly
    return lm.run(IDS).logits


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_shards_hold_the_same_model(folder: Path, suffix: str) -> None:
    expected = logits(folder)
    shard(folder, suffix)
    assert torch.equal(logits(folder), expected)


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_weights_hold_the_same_model(folder: Path, zipped: bool) -> None:
    expected = logits(folder)
    held = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(held, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    assert torch.equal(logits(folder), expected)


def test_nothing_in_a_pickled_file_is_executed(folder: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
            return Path.touch, (tmp_path / "trapped",)

    (folder / "model.safetensors").unlink()
    torch.save({"embed.weight": torch.zeros(2), "trap": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin holds more than tensors, .* run code: refused"):
        model.load(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin"):
        model.load(folder)
    assert not (tmp_path / "trapped").exists()


def test_the_folder_may_vanish_after_loading(folder: Path) -> None:
    expected = logits(folder)
    lm = model.load(folder, device="cpu")
    for file in folder.iterdir():
        file.unlink()
    assert torch.equal(lm.run(IDS).logits, expected)


def test_progress_is_told_tensor_by_tensor(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    model.load(folder, progress=lambda what, done, everything: told.append((what, done, everything)))
    assert [done for _, done, _ in told] == list(range(19)), "the last call says that all is read"
    assert {everything for _, _, everything in told} == {18}
    assert "embed.weight" in {what for what, _, _ in told}


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    """A change to the stored tensors."""

    def apply(folder: Path) -> None:
        held = load_file(folder / "model.safetensors")
        change(held)
        save_file(held, folder / "model.safetensors")

    return apply


def keys(**values: Any) -> Callable[[Path], object]:
    return lambda folder: amend(folder, values)


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def lose_shard(folder: Path) -> None:
    (folder / shard(folder, "safetensors")["norm.weight"]).unlink()


def empty_shard(folder: Path) -> None:
    save_file({"x": torch.zeros(1)}, folder / shard(folder, "safetensors")["norm.weight"])


def escape(folder: Path) -> None:
    shard(folder, "safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"norm.weight": "../model.safetensors"}}))


Q = "layers.0.q.weight"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / "config.json").unlink(), "is no checkpoint: it holds no config.json"),
        (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda f: (f / "config.json").write_text("[]"), "config.json holds no JSON object"),
        (lambda f: (f / "model.safetensors").unlink(), "holds no weights: model.safetensors is missing"),
        (cut, "model.safetensors is damaged or cut short"),
        (lambda f: (f / "model.safetensors").write_bytes(b"hello"), "model.safetensors is damaged or cut short"),
        (lose_shard, r"lacks model-0000\d-of-00002.safetensors, which model.safetensors.index.json lists"),
        (empty_shard, r"model-0000\d-of-00002.safetensors lacks the tensor"),
        (escape, "points outside its folder"),
        (weights(lambda w: w.pop(Q)), r"no tensor for decoder.blocks.0.self_attn.q.weight \(1 parameters"),
        (weights(lambda w: w.update(extra=torch.zeros(2))), "tensor extra belongs to nothing this family has"),
        (
            weights(lambda w: w.update({Q: w[Q][:, :5].clone()})),
            r"layers.0.q.weight has shape \(24, 5\), but its config asks for \(24, 24\)",
        ),
        (
            weights(lambda w: w[Q].view(-1)[3:4].fill_(float("nan"))),
            "layers.0.q.weight holds values that are not numbers",
        ),
        (
            weights(lambda w: w[Q].view(-1)[3:4].fill_(float("inf"))),
            "layers.0.q.weight holds values that are not numbers",
        ),
        (weights(lambda w: w.update({Q: w[Q].to(torch.int8)})), "stored as int8: quantised weights"),
        (keys(num_hidden_layers=3), "no tensor for decoder.blocks.2"),
        (keys(model_type="mamba"), "model_type='mamba', which is not supported; supported are bart, bert"),
        (keys(model_type=None), "config.json has no model_type"),
        (keys(regard={"family": "lstm"}), "regard.family='lstm'"),
        (keys(quantization_config={"bits": 4}), "quantised weights are not supported"),
        (keys(vocab_size="many"), "vocab_size='many', but vocab_size must be a whole number"),
        (keys(num_attention_heads=0), "describes no possible model"),
        (keys(num_key_value_heads=3), "4 query heads cannot share 3 key heads evenly"),
        (keys(tie_word_embeddings=False), "PaLM is supported with tie_word_embeddings=True only"),
        (keys(rope_scaling={"rope_type": "yarn"}), "rotary positions of type 'yarn'"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, damage: Callable[[Path], object], said: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=said) as raised:
        model.load(folder, device="cpu")
    assert "\n" not in str(raised.value)


def test_a_tensor_stored_with_and_without_prefix_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="stored twice"):
        find(folder, lambda name: name.replace("layers.0", "layers.1"))


def test_too_large_a_model_is_refused_with_the_figures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    amend(folder, {"hidden_size": 16384, "intermediate_size": 500_000, "num_attention_heads": 64})
    need = checkpoint.memory_needed(folder, device="cpu", dtype="bfloat16")
    assert need.needed > 50e9
    monkeypatch.setattr(memory, "free_on", lambda device: 3_000_000_000)
    with pytest.raises(CheckpointError, match=r"takes \d+\.\d GB of memory, and 3.0 GB are free on cpu"):
        model.load(folder, device="cpu", dtype="bfloat16")


def test_memory_needed_follows_the_precision(folder: Path) -> None:
    full, half = (checkpoint.memory_needed(folder, "cpu", kind) for kind in ("float32", "bfloat16"))  # type: ignore[arg-type]
    assert full.needed == 4 * model.load(folder, "cpu").parameters == 2 * half.needed
    assert full.free > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="no CUDA device: choose cpu"):
        model.load(folder, device="cuda")


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16"])
def test_every_precision_runs(folder: Path, kind: str) -> None:
    lm = model.load(folder, "cpu", kind)  # type: ignore[arg-type]
    trace = lm.run(IDS)
    assert trace.logits.dtype == torch.float32
    assert torch.allclose(trace.logits, logits(folder), atol=0.2)
