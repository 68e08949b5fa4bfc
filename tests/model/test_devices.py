"""Off the CPU: nothing a run works with is left behind on it. On the meta device everywhere, on CUDA where there is one."""

import copy
from pathlib import Path

import pytest
import torch

import model
from model import CheckpointError, CutEdge, Sample, ZeroHead
from model.loading import checkpoint, memory
from model.transformer import Transformer
from tests.model.builders import CONFIGS, ids, random_net
from tests.model.small_checkpoint import small_checkpoint

cuda = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")]


@pytest.mark.parametrize("name", [name for name, config in CONFIGS.items() if config.kind != "recurrent"])
def test_a_forward_touches_no_tensor_of_another_device(name: str) -> None:
    """Every tensor of a meta run must be a meta tensor: one made on the CPU in passing raises."""
    config = CONFIGS[name]
    with torch.device("meta"):
        net = Transformer(config)
    net = net.to("meta")
    x = torch.zeros(2, 5, dtype=torch.long, device="meta")
    source = torch.zeros(2, 7, dtype=torch.long, device="meta") if config.kind == "encoder-decoder" else None
    with torch.inference_mode():
        out = net(x, source)
        assert out.is_meta
        assert out.shape == (2, 5, config.d_model)
        if net.head is not None:
            assert net.head(out).is_meta


@pytest.mark.parametrize("device", [pytest.param("cuda", marks=cuda)])
def test_a_run_on_cuda_is_the_run_on_the_cpu(device: str, tmp_path: Path) -> None:
    folder = small_checkpoint(tmp_path)
    here, there = model.load(folder, "cpu"), model.load(folder, device, "float32")  # type: ignore[arg-type]
    x = ids(9, vocab=61)
    edits = (
        CutEdge("decoder", 0, "self", 1, 4, 2),
        CutEdge("decoder", 0, "self", 1, 0, 0),
        ZeroHead("decoder", 1, "self", 2),
    )
    one, other = here.run(x, edits=edits), there.run(x, edits=edits)
    assert other.logits.device.type == device
    assert (one.logits - other.logits.cpu()).abs().max() < 1e-4
    row = other.attention("decoder", 0).weights(1)[0]
    assert float(row.sum()) == 0  # no key is left, and nothing is NaN
    for layer in range(2):
        a, b = (trace.attention("decoder", layer).weights().cpu() for trace in (one, other))
        assert (a - b).abs().max() < 1e-5
    other.save(tmp_path / "trace", logits=True)
    back = model.Trace.load(next(tmp_path.glob("trace*")), there)
    assert (back.logits.cpu() - one.logits).abs().max() < 1e-4


@pytest.mark.parametrize("device", [pytest.param("cuda", marks=cuda)])
@pytest.mark.parametrize("strategy", [model.Greedy(), Sample(temperature=0.8, top_k=20, top_p=0.9, seed=3)])
def test_a_decode_on_cuda_writes_what_the_cpu_writes(
    device: str, strategy: model.Greedy | Sample, tmp_path: Path
) -> None:
    folder = small_checkpoint(tmp_path)
    generated = [
        [
            step.token.id
            for step in model.load(folder, on, "float32").decode(
                ids(6, vocab=61), strategy=strategy, max_new_tokens=8, stop=()
            )
        ]  # type: ignore[arg-type]
        for on in ("cpu", device)
    ]
    assert generated[0] == generated[1]


@pytest.mark.parametrize("device", [pytest.param("cuda", marks=cuda)])
def test_auto_takes_cuda_in_bfloat16_and_knows_its_memory(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_checkpoint(tmp_path)
    lm = model.load(folder)
    assert (lm.device.type, lm.dtype) == (device, torch.bfloat16)
    assert lm.run(ids(5, vocab=61)).logits.dtype == torch.float32
    need = checkpoint.memory_needed(folder)
    assert need.device.startswith(device)
    assert need.free == pytest.approx(torch.cuda.mem_get_info()[0], rel=0.1)
    monkeypatch.setattr(memory, "free_on", lambda on: 10)
    with pytest.raises(CheckpointError, match="are free on cuda"):
        model.load(folder)


@pytest.mark.parametrize("device", [pytest.param("cuda", marks=cuda)])
def test_a_padded_batch_on_cuda_is_each_text_alone(device: str) -> None:
    """Rows without a visible key among them: past the end of the short text a window holds padding alone."""
    net = copy.deepcopy(random_net(CONFIGS["decoder, window"])).to(device)
    x = torch.tensor([ids(8, seed=1), ids(8, seed=2)], device=device)
    real = torch.ones_like(x, dtype=torch.bool)
    real[1, 5:] = False
    with torch.inference_mode():
        together, alone = net(x, real=real), net(x[1:, :5])
    assert together.isfinite().all()
    assert (together[1, :5] - alone[0]).abs().max() < 1e-4
