"""PaLM written out from the paper with plain reshapes, sharing no code with Regard."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from tests.model.families.reference import END, Answer, Reference

LAYERS, VOCAB, WIDTH, INNER = 2, 61, 24, 40


@dataclass(frozen=True)
class PalmCase:
    heads: int
    key_heads: int
    d_head: int = 6

    def build(self) -> "Palm":
        draw = torch.Generator().manual_seed(7)

        def random(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=draw) * 0.2

        wide, narrow = self.heads * self.d_head, self.key_heads * self.d_head
        weights = {"embed.weight": random(VOCAB, WIDTH) * 5, "norm.weight": 1 + random(WIDTH)}
        for i in range(LAYERS):
            weights |= {
                f"layers.{i}.norm.weight": 1 + random(WIDTH),
                f"layers.{i}.q.weight": random(wide, WIDTH),
                f"layers.{i}.k.weight": random(narrow, WIDTH),
                f"layers.{i}.v.weight": random(narrow, WIDTH),
                f"layers.{i}.o.weight": random(WIDTH, wide),
                f"layers.{i}.ff.gate.weight": random(INNER, WIDTH),
                f"layers.{i}.ff.up.weight": random(INNER, WIDTH),
                f"layers.{i}.ff.down.weight": random(WIDTH, INNER),
            }
        return Palm(self, weights)


@dataclass(frozen=True)
class Palm:
    case: PalmCase
    weights: dict[str, Tensor]

    def save(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        save_file(self.weights, folder / "model.safetensors")
        config = {
            "model_type": "palm",
            "vocab_size": VOCAB,
            "hidden_size": WIDTH,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": self.case.heads,
            "num_key_value_heads": self.case.key_heads,
            "head_dim": self.case.d_head,
            "intermediate_size": INNER,
            "max_position_embeddings": 64,
            "eos_token_id": END,
        }
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    def read(self, ids: list[int], target: list[int] | None, segments: list[int] | None) -> Answer:
        w, time = self.weights, len(ids)
        x = w["embed.weight"][ids]
        patterns = []
        for i in range(LAYERS):
            h = F.layer_norm(x, (WIDTH,)) * w[f"layers.{i}.norm.weight"]
            q = (h @ w[f"layers.{i}.q.weight"].T).view(time, self.case.heads, -1)
            k, v = h @ w[f"layers.{i}.k.weight"].T, h @ w[f"layers.{i}.v.weight"].T
            q, k = turn(q.transpose(0, 1)), turn(k)
            s = torch.einsum("hqd,kd->hqk", q, k) / self.case.d_head**0.5
            a = s.masked_fill(torch.ones(time, time).triu(1).bool(), float("-inf")).softmax(-1)
            z = torch.einsum("hqk,kd->qhd", a, v).reshape(time, -1)
            gate, up = h @ w[f"layers.{i}.ff.gate.weight"].T, h @ w[f"layers.{i}.ff.up.weight"].T
            swiglu = gate * torch.sigmoid(gate) * up
            x = x + swiglu @ w[f"layers.{i}.ff.down.weight"].T + z @ w[f"layers.{i}.o.weight"].T
            patterns.append(a)
        final = F.layer_norm(x, (WIDTH,)) * w["norm.weight"]
        return Answer(final @ w["embed.weight"].T / WIDTH**0.5, {("decoder", "self"): patterns})

    def write(self, ids: list[int], count: int) -> list[int]:
        return greedy(self, ids, count)


def greedy(reference: Reference, ids: list[int], count: int) -> list[int]:
    """Reads everything again for each token."""
    read = list(ids)
    while len(read) < len(ids) + count and (len(read) == len(ids) or read[-1] != END):
        logits = reference.read(read, None, None).logits
        assert logits is not None
        read.append(int(logits[-1].argmax()))
    return read[len(ids) :]


def turn(x: Tensor) -> Tensor:
    """Su et al. 2021 on (..., time, d_head), as complex numbers: coordinate i beside i + d_head / 2."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * 10_000.0 ** (-torch.arange(half) / half)
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat((z.real, z.imag), dim=-1)
