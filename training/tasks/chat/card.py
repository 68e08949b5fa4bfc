"""The card of a chat."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.chat.evaluation import LONGEST_ANSWER, ChatResults
from training.tasks.chat.task import UNPUNCTUATED_SHARE
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION

TEMPLATE = Path(__file__).with_name("card.md")


def chat_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = ChatResults.read(run / EVALUATION)
    own = {
        "module": name.replace("-", "_"),
        "unpunctuated": UNPUNCTUATED_SHARE,
        "longest": LONGEST_ANSWER,
        "examples": table((e.question, e.answer, e.reference) for e in results.examples),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)
