"""What a family is checked against: tiny random models, saved in the layout its checkpoints have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

START, END, PAD = 2, 1, 0
FIRST_PLAIN = 5  # ids below have a role in some family


@dataclass(frozen=True)
class Answer:
    """What a reference computes for one text: logits (time, vocab) and patterns by (stack, part), one a layer."""

    logits: Tensor | None
    patterns: Mapping[tuple[str, str], Sequence[Tensor]]  # each (heads, query, key)
    relation: Tensor | None = None


class Reference(Protocol):
    """A model that is right by definition."""

    def save(self, folder: Path) -> None: ...

    def read(self, ids: list[int], target: list[int] | None, segments: list[int] | None) -> Answer: ...

    def write(self, ids: list[int], count: int) -> list[int]:
        """The tokens greedy decoding adds, the end token among them."""
        ...


@dataclass(frozen=True)
class Hf:
    """A random model of the `transformers` library, by the names of its class and config class."""

    model: str
    config: str
    settings: Mapping[str, Any]
    config_json: Mapping[str, Any] = field(default_factory=dict)  # keys added to what is saved

    def build(self) -> "HfReference":
        import transformers

        config = getattr(transformers, self.config)(**self.settings)
        config._attn_implementation = "eager"
        net = getattr(transformers, self.model)(config).eval()
        shake(net)
        return HfReference(net, self.config_json)


@dataclass(frozen=True)
class HfReference:
    net: Any
    config_json: Mapping[str, Any]

    def save(self, folder: Path) -> None:
        self.net.save_pretrained(folder)
        if self.config_json:
            amend(folder, self.config_json)

    @torch.no_grad()
    def read(self, ids: list[int], target: list[int] | None, segments: list[int] | None) -> Answer:
        given = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
        if target is not None:
            given["decoder_input_ids"] = torch.tensor([target])
        if segments is not None:
            given["token_type_ids"] = torch.tensor([segments])
        out = self.net(**given, output_attentions=True)
        names = {
            ("encoder", "self"): "encoder_attentions" if target is not None else "attentions",
            ("decoder", "self"): "decoder_attentions" if target is not None else "attentions",
            ("decoder", "cross"): "cross_attentions",
        }
        patterns = {place: [a[0] for a in out[key]] for place, key in names.items() if out.get(key) is not None}
        logits = out.get("logits", out.get("prediction_logits"))
        if logits is not None and logits.ndim < 3:
            logits = None  # a classifier's
        relation = out.get("seq_relationship_logits")
        return Answer(
            None if logits is None else logits[0], patterns, None if relation is None else relation[0].softmax(-1)
        )

    @torch.no_grad()
    def write(self, ids: list[int], count: int) -> list[int]:
        out = self.net.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=count,
            do_sample=False,
            num_beams=1,
            forced_eos_token_id=None,
            forced_bos_token_id=None,
            pad_token_id=PAD,
        )[0].tolist()
        return out[1:] if self.net.config.is_encoder_decoder else out[len(ids) :]


def shake(net: torch.nn.Module) -> None:
    """Weights large enough for patterns that are not flat, and norms and biases away from one and zero."""
    draw = torch.Generator().manual_seed(7)
    for name, p in [*net.named_parameters(), *net.named_buffers()]:
        fixed = "embed_positions" in name and not p.requires_grad
        if fixed or (not isinstance(p, torch.nn.Parameter) and name != "final_logits_bias"):
            continue
        noise = torch.randn(p.shape, generator=draw)
        with torch.no_grad():
            if p.ndim > 1 and name != "final_logits_bias":
                p.copy_(noise * 0.2)
            else:
                p.add_(noise * 0.2)


def amend(folder: Path, keys: Mapping[str, Any]) -> None:
    """Changes keys of a saved config.json; None takes one away."""
    import json

    path = folder / "config.json"
    values = json.loads(path.read_text(encoding="utf-8")) | dict(keys)
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not None}), encoding="utf-8")
