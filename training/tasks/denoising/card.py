"""The card of a model that restores corrupted sentences."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.denoising.corruption import FEWEST_WORDS, KINDS, SHARES
from training.tasks.denoising.evaluation import DenoisingResults
from training.tasks.denoising.task import LONG_SHARE
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION

TEMPLATE = Path(__file__).with_name("card.md")
NAMES = {
    "swapped": "two words swapped",
    "rotated": "three words rotated",
    "masked word": "one word masked",
    "masked words": "two words masked",
}


def denoising_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = DenoisingResults.read(run / EVALUATION)
    scores = [("**all**", results.overall), *((NAMES[kind], score) for kind, score in results.by_kind.items())]
    own = {
        "shares": dict(zip(KINDS, SHARES, strict=True)),
        "fewest": FEWEST_WORDS,
        "long": LONG_SHARE,
        "rows": table(
            (kind, f"{s.sentences:,}", f"{s.exact:.1%}", f"{s.pieces:.1%}", f"{s.copied:.1%}") for kind, s in scores
        ),
        "examples": table((e.corrupted, e.restored, e.original) for e in results.examples),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)
