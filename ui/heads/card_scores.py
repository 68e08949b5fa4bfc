"""Scores of a shipped model's heads over held-out text, from the file heads.json that its folder may hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.language_model import LanguageModel

FILE = "heads.json"
LARGEST_BYTES = 4 * 1024**2


@dataclass(frozen=True, eq=False)
class GeneralScores:
    """Scores averaged over a text that the model was not trained on."""

    text: str  # which text
    scores: Mapping[str, Mapping[str, NDArray[np.float64]]]  # part, score: (layers, heads), NaN where undefined

    def of(self, part: str, score: str, layer: int, head: int) -> float | None:
        """The score of one head; None if the file has none."""
        found = self.scores.get(part, {}).get(score)
        if found is None or np.isnan(found[layer, head]):
            return None
        return float(found[layer, head])


def general(lm: LanguageModel) -> GeneralScores | None:
    """The scores beside a checkpoint; None if its folder has none, or none that fit this model's layers and heads."""
    path = Path(lm.source.path) / FILE
    if not lm.source.path or not path.is_file():
        return None
    shapes = tuple((part, lm.config.layers(stack), lm.config.n_heads) for part, stack in STACKS.items())
    return _read(path, path.stat().st_mtime_ns, shapes)


STACKS = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}


@lru_cache(maxsize=16)
def _read(path: Path, changed: int, shapes: tuple[tuple[str, int, int], ...]) -> GeneralScores | None:
    if path.stat().st_size > LARGEST_BYTES:
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        text, parts = str(held["text"]), held["scores"]
        scores = {
            part: {str(name): _as_map(rows, layers, heads) for name, rows in parts[part].items()}
            for part, layers, heads in shapes
            if part in parts
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # a file that is not such a table says nothing
    return GeneralScores(text, scores) if scores else None


def _as_map(rows: object, layers: int, heads: int) -> NDArray[np.float64]:
    """(layers, heads) shares, None as NaN. Raises ValueError where it is anything else."""
    found = np.array(rows, dtype=np.float64)
    if found.shape != (layers, heads) or not (np.isnan(found) | ((found >= 0) & (found <= 1 + 1e-6))).all():
        raise ValueError(f"scores of shape {found.shape} are not those of {layers} layers of {heads} heads")
    return found
