"""The cost of recording at scale: a LLaMA-shaped model of 7 billion parameters on a GPU, a recorded run and the plain forward.

`python -m benchmarks.recorded_7b [--tokens N] [--layers N] [--runs N] [--json FILE]` builds the shape of LLaMA 7B (Touvron et al.
2023, table 2: 32 layers, 32 heads of 128, d_model 4096, d_ff 11008, 32,000 tokens) in bfloat16. Weights are random, because time
and memory do not depend on them. It reads 2,048 random tokens in three ways:

    plain       the forward alone, nothing kept, as without Regard
    recorded    `lm.run`: queries, keys, values, each head's output and each sublayer's output, kept on the GPU
    everything  `lm.run(keep="all")`: scores and weights of every head too, on the explicit path

and then asks the recorded run for one layer's patterns, as a page does. Each has one warm-up run. Peak memory is torch's own
count; the weights are given separately. `everything` grows with the square of the length: it is left out where it does not fit,
and the output says so.

Needs CUDA with about 20 GB free. Otherwise it says so and exits with 2, unless --device cpu is given, which is for testing the
script with --layers 1 and a few tokens.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.loading import memory
from model.positions import build_positions
from model.pretrained import Source
from model.transformer import Transformer

SPARE = 2_000_000_000  # bytes for the temporary tensors of a forward pass


def llama_7b(layers: int) -> TransformerConfig:
    """The published shape, or fewer layers for a test."""
    return TransformerConfig(
        vocab_size=32_000, d_model=4096, n_heads=32, d_head=128, d_ff=11_008, max_positions=4096, decoder_layers=layers,
        positions="rotary", norm="rms", norm_eps=1e-6, qkv_bias=False, out_bias=False, ff_bias=False, activation="silu",
        gated=True, tied=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One way to read the text."""

    name: str
    seconds: float  # the median
    peak: int  # peak bytes allocated, with the weights; 0 on the CPU, where torch does not count


def kept_bytes(config: TransformerConfig, tokens: int, itemsize: int, *, everything: bool) -> int:
    """The bytes of a recorded run, from the sites it keeps."""
    row = 2 * config.n_heads * config.d_head + 2 * config.kv_heads * config.d_head + 3 * config.d_model
    held = tokens * row * itemsize
    if everything:
        held += 2 * config.n_heads * tokens * tokens * 4 + tokens * (config.d_ff + 2 * config.d_model) * itemsize
    return held * config.decoder_layers


def random_model(config: TransformerConfig, device: torch.device) -> LanguageModel:
    """Random bfloat16 weights, created on their device."""
    with torch.device("meta"):
        net = Transformer(config).to(torch.bfloat16)
    memory.memory_needed(net, torch.bfloat16, device).check()
    net = net.to_empty(device=device)
    torch.manual_seed(0)
    for parameter in net.parameters():
        parameter.data.normal_(std=0.02) if parameter.ndim > 1 else parameter.data.fill_(1.0)
    assert net.decoder is not None
    for name, table in build_positions(config, bidirectional=False).named_buffers():
        net.decoder.positions.register_buffer(name, table.to(device), persistent=False)
    return LanguageModel(net.requires_grad_(False), None, Source("llama-7b-random", "llama", ""))


def measured(name: str, read: Callable[[], object], device: torch.device, runs: int) -> Measure:
    """Median time and peak memory of `runs` runs, after a warm-up."""
    cuda = device.type == "cuda"
    held = read()
    del held
    took = []
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(runs):
        if cuda:
            torch.cuda.synchronize(device)
        started = time.perf_counter()
        held = read()
        if cuda:
            torch.cuda.synchronize(device)
        took.append(time.perf_counter() - started)
        del held
    return Measure(name, statistics.median(took), torch.cuda.max_memory_allocated(device) if cuda else 0)


def measure(lm: LanguageModel, tokens: int, runs: int) -> tuple[list[Measure], str]:
    """All ways that fit into memory, and a sentence about one that does not."""
    device = lm.device
    ids = torch.randint(0, lm.config.vocab_size, (tokens,), generator=torch.Generator().manual_seed(1)).tolist()
    batch = torch.tensor([ids], device=device)

    def plain() -> torch.Tensor:
        with torch.inference_mode():
            return lm.net(batch)

    found = [measured("plain forward", plain, device, runs)]
    found.append(measured("recorded run", lambda: lm.run(ids), device, runs))
    found.append(measured("one layer's patterns of it", patterns(lm, ids), device, runs))
    need = kept_bytes(lm.config, tokens, lm.dtype.itemsize, everything=True) + SPARE
    free = memory.free_on(device)
    if need > free:
        return (
            found,
            f"everything kept would take {memory.gigabytes(need)}, and {memory.gigabytes(free)} are free: left out",
        )
    found.append(measured("everything kept", lambda: lm.run(ids, keep="all"), device, runs))
    return found, ""


def patterns(lm: LanguageModel, ids: list[int]) -> Callable[[], object]:
    """The time for one layer's patterns, which a page asks of a finished run."""
    trace = lm.run(ids)
    return lambda: trace.attention("decoder", 0).weights()


def table(measures: list[Measure], weights: int) -> str:
    """The measurements as text."""
    width = max(len(one.name) for one in measures)
    lines = [f"{'':{width}}  {'seconds':>9}  {'peak':>10}  {'over weights':>12}"]
    for one in measures:
        peak = memory.gigabytes(one.peak) if one.peak else "-"
        over = memory.gigabytes(one.peak - weights) if one.peak else "-"
        lines.append(f"{one.name:{width}}  {one.seconds:9.3f}  {peak:>10}  {over:>12}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.recorded_7b", description="What recording a 7B model costs.")
    parser.add_argument("--tokens", type=int, default=2048, help="length of the text (2048)")
    parser.add_argument("--layers", type=int, default=32, help="layers of the model (32)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each kind (5)")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: only to try the script out")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    config = llama_7b(max(1, asked.layers))
    if not 1 <= asked.tokens <= (config.max_positions or 0) or asked.runs < 1:
        parser.error(f"--tokens goes from 1 to {config.max_positions}, --runs from 1")
    if asked.device == "cuda" and not torch.cuda.is_available():
        print("this benchmark needs a CUDA device, and there is none here", file=sys.stderr)
        return 2
    device = torch.device(asked.device)
    try:
        lm = random_model(config, device)
        measures, left_out = measure(lm, asked.tokens, asked.runs)
    except (ValueError, torch.cuda.OutOfMemoryError) as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 2
    weights = lm.parameters * lm.dtype.itemsize
    on = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{lm.parameters:,} parameters in bfloat16 ({memory.gigabytes(weights)}), {asked.tokens:,} tokens, {on}")
    print(table(measures, weights))
    print(left_out or "nothing was left out")
    if asked.json:
        rows = [asdict(one) for one in measures]
        report = {
            "device": on,
            "torch": torch.__version__,
            "tokens": asked.tokens,
            "weights": weights,
            "measures": rows,
        }
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
