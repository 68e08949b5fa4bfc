"""A recurrent checkpoint with random weights, in the layout that model/families/lstm.py documents."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from model.config import TransformerConfig
from tests.model.builders import END, PAD, START, byte_tokenizer

VOCAB, WIDTH, LAYERS = 270, 6, 3
CONFIG = TransformerConfig(
    vocab_size=VOCAB,
    d_model=WIDTH,
    n_heads=0,
    d_head=0,
    d_ff=0,
    max_positions=None,
    decoder_layers=LAYERS,
    recurrence="lstm",
    positions="none",
    final_norm=False,
)
Tensors = dict[str, torch.Tensor]


def tensors(seed: int = 0, vocab: int = VOCAB) -> Tensors:
    """Random weights under the names of the layout."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"embed_tokens.weight": (vocab, WIDTH)}
    for i in range(LAYERS):
        shapes |= {f"layers.{i}.weight_{part}": (4 * WIDTH, WIDTH) for part in ("ih", "hh")}
        shapes |= {f"layers.{i}.bias_{part}": (4 * WIDTH,) for part in ("ih", "hh")}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def save(folder: Path, held: Tensors, pipeline: Tokenizer | None = None, **stated: object) -> Path:
    """The folder, with a tokenizer beside the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(held, folder / "model.safetensors")
    config = {
        "model_type": "regard-lstm",
        "vocab_size": len(held["embed_tokens.weight"]),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "bos_token_id": START,
        "eos_token_id": END,
        "pad_token_id": PAD,
    }
    (folder / "config.json").write_text(json.dumps(config | stated), encoding="utf-8")
    (pipeline or byte_tokenizer(end=False).pipeline).save(str(folder / "tokenizer.json"))
    return folder
