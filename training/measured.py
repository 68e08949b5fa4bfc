"""What an evaluation found, as it is written to evaluation.json and read again for the model card."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Score:
    """Corpus BLEU of so many pairs, with sacreBLEU's signature."""

    bleu: float
    pairs: int
    signature: str


@dataclass(frozen=True)
class Example:
    """A held-out sentence, its greedy translation and the translation a person wrote."""

    french: str
    english: str
    reference: str


@dataclass(frozen=True)
class Demonstration:
    """A sentence that no training pair contains, its translation, and whether that is the expected one."""

    french: str
    english: str
    right: bool


@dataclass(frozen=True)
class Measured:
    """Every figure a model card states."""

    step: int
    epochs: float
    seconds: float
    train_pairs: int
    lexicon_pairs: int
    scores: dict[str, Score]  # by form of training.data.typing_variants
    lexicon: Score
    demonstrations: tuple[Demonstration, ...]
    examples: tuple[Example, ...]
    examples_every: int  # one test pair in so many is an example

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Measured":
        """What `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **found
            | {
                "scores": {form: Score(**score) for form, score in found["scores"].items()},
                "lexicon": Score(**found["lexicon"]),
                "demonstrations": tuple(Demonstration(**d) for d in found["demonstrations"]),
                "examples": tuple(Example(**e) for e in found["examples"]),
            }
        )
