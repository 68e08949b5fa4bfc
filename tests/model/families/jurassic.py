"""Jurassic-1 written out from the paper (a GPT decoder in other proportions), sharing no code with Regard."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from tests.model.families.palm import greedy
from tests.model.families.reference import END, Answer


@dataclass(frozen=True)
class JurassicCase:
    layers: int
    width: int
    heads: int
    vocab: int

    def build(self) -> "Jurassic":
        draw = torch.Generator().manual_seed(7)

        def random(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=draw) * 0.2

        d = self.width
        weights = {"wte.weight": random(self.vocab, d), "wpe.weight": random(64, d)}
        weights |= {"ln_f.weight": 1 + random(d), "ln_f.bias": random(d)}
        for i in range(self.layers):
            for name, (rows, columns) in {
                "attn.c_attn": (d, 3 * d),
                "attn.c_proj": (d, d),
                "mlp.c_fc": (d, 4 * d),
                "mlp.c_proj": (4 * d, d),
            }.items():
                weights |= {f"h.{i}.{name}.weight": random(rows, columns), f"h.{i}.{name}.bias": random(columns)}
            for name in ("ln_1", "ln_2"):
                weights |= {f"h.{i}.{name}.weight": 1 + random(d), f"h.{i}.{name}.bias": random(d)}
        return Jurassic(self, weights)


@dataclass(frozen=True)
class Jurassic:
    case: JurassicCase
    weights: dict[str, Tensor]

    def save(self, folder: Path) -> None:
        save_file({f"transformer.{name}": x for name, x in self.weights.items()}, folder / "model.safetensors")
        config = {
            "model_type": "gpt2",
            "regard": {"family": "jurassic"},
            "vocab_size": self.case.vocab,
            "n_embd": self.case.width,
            "n_layer": self.case.layers,
            "n_head": self.case.heads,
            "n_positions": 64,
            "eos_token_id": END,
        }
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    def read(self, ids: list[int], target: list[int] | None, segments: list[int] | None) -> Answer:
        w, time, d = self.weights, len(ids), self.case.width
        x = w["wte.weight"][ids] + w["wpe.weight"][:time]
        patterns = []
        for i in range(self.case.layers):
            h = self.norm(x, f"h.{i}.ln_1")
            qkv = h @ w[f"h.{i}.attn.c_attn.weight"] + w[f"h.{i}.attn.c_attn.bias"]
            answers, shares = [], []
            for head in range(self.case.heads):
                size = d // self.case.heads
                q, k, v = (qkv[:, part * d + head * size :][:, :size] for part in range(3))
                s = q @ k.T / math.sqrt(size)
                a = s.masked_fill(torch.ones(time, time).triu(1).bool(), float("-inf")).softmax(-1)
                answers.append(a @ v)
                shares.append(a)
            x = x + torch.cat(answers, -1) @ w[f"h.{i}.attn.c_proj.weight"] + w[f"h.{i}.attn.c_proj.bias"]
            h = self.norm(x, f"h.{i}.ln_2") @ w[f"h.{i}.mlp.c_fc.weight"] + w[f"h.{i}.mlp.c_fc.bias"]
            h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
            x = x + h @ w[f"h.{i}.mlp.c_proj.weight"] + w[f"h.{i}.mlp.c_proj.bias"]
            patterns.append(torch.stack(shares))
        return Answer(self.norm(x, "ln_f") @ w["wte.weight"].T, {("decoder", "self"): patterns})

    def norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (self.case.width,)) * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def write(self, ids: list[int], count: int) -> list[int]:
        return greedy(self, ids, count)
