"""The card of t5-fr-en."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION
from training.tasks.text_to_text.evaluation import TextToTextResults
from training.tasks.text_to_text.task import FILL_SHARE, PREFIX, SENTINELS
from training.tasks.translation.card import form_rows

TEMPLATE = Path(__file__).with_name("card.md")


def text_to_text_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = TextToTextResults.read(run / EVALUATION)
    own = {
        "prefix": PREFIX,
        "sentinel": SENTINELS[0],
        "sentinels": len(SENTINELS),
        "fill": FILL_SHARE,
        "rows": form_rows(results.scores),
        "demonstrations": table((d.french, d.english) for d in results.demonstrations),
        "examples": table((e.french, e.english, e.reference) for e in results.examples),
        # Sentinels are set as code: Markdown would take them for HTML.
        "fillings": table((f"`{f.text}`", " / ".join(f.held), " / ".join(f.put)) for f in results.fillings),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)
