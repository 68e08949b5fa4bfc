"""Which card belongs to which task: its text from what was measured, without the section about heads."""

from collections.abc import Callable
from pathlib import Path

from training.card import card
from training.denoising_card import denoising_card
from training.masking_card import masking_card
from training.measured import Measured
from training.recipe import Recipe, TaskName
from training.story_card import story_card
from training.text_to_text_card import text_to_text_card

EVALUATION = "evaluation.json"


def translation_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card of the translator."""
    return card(name, recipe, Measured.read(run / EVALUATION), parameters)


# (name, recipe, the run's folder with its evaluation.json, parameters) -> Markdown
CARDS: dict[TaskName, Callable[[str, Recipe, Path, int], str]] = {
    "translate": translation_card,
    "continue": story_card,
    "mask": masking_card,
    "denoise": denoising_card,
    "text to text": text_to_text_card,
}
