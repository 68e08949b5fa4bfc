"""A checkpoint small enough to damage, and the ways to lay it out."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.model.families.palm import PalmCase


def small_checkpoint(inside: Path) -> Path:
    """A folder that needs no other library to make."""
    folder = inside / "checkpoint"
    PalmCase(heads=4, key_heads=1).build().save(folder)
    return folder


def shard(folder: Path, suffix: str) -> dict[str, str]:
    """Splits the weights into two files beside an index, as safetensors or as torch.save writes them."""
    held = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(held)
    stem = "model" if suffix == "safetensors" else "pytorch_model"
    placed = {}
    for i, part in enumerate((names[:9], names[9:])):
        file = f"{stem}-0000{i + 1}-of-00002.{suffix}"
        tensors = {name: held[name] for name in part}
        if suffix == "safetensors":
            save_file(tensors, folder / file)
        else:
            torch.save(tensors, folder / file)
        placed |= dict.fromkeys(part, file)
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": placed}))
    return placed
