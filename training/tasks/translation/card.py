"""The card of a model that translates."""

from collections.abc import Mapping
from pathlib import Path

from training.data.typing_variants import Form
from training.recipe import Recipe
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION
from training.tasks.translation.evaluation import Score, TranslationResults

TEMPLATE = Path(__file__).with_name("card.md")
FORM_NAMES: dict[Form, str] = {
    "as is": "as written",
    "no final punctuation": "without final punctuation",
    "lower case": "in lower case",
    "both": "in lower case, without final punctuation",
}


def translation_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = TranslationResults.read(run / EVALUATION)
    own = {
        "module": name.replace("-", "_"),
        "rows": form_rows(results.scores),
        "demonstrations": table((d.french, d.english) for d in results.demonstrations),
        "examples": table((e.french, e.english, e.reference) for e in results.examples),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)


def form_rows(scores: Mapping[Form, Score]) -> str:
    """Table rows: the BLEU of each form."""
    return table((form_name, f"{scores[form].bleu:.1f}") for form, form_name in FORM_NAMES.items())
