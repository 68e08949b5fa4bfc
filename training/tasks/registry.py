"""What each task's name in a recipe stands for."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch

from training.recipe import Recipe, TaskName
from training.tasks.denoising import evaluation
from training.tasks.denoising.card import denoising_card
from training.tasks.denoising.task import Denoising
from training.tasks.masked_lm import evaluation as masked_lm_evaluation
from training.tasks.masked_lm.card import masking_card
from training.tasks.masked_lm.task import MaskedPairs
from training.tasks.stories import evaluation as stories_evaluation
from training.tasks.stories.card import story_card
from training.tasks.stories.task import Continuation
from training.tasks.task import MakeTask
from training.tasks.text_to_text import evaluation as text_to_text_evaluation
from training.tasks.text_to_text.card import text_to_text_card
from training.tasks.text_to_text.task import TextToText
from training.tasks.translation import evaluation as translation_evaluation
from training.tasks.translation.card import card
from training.tasks.translation.evaluation import Measured
from training.tasks.translation.task import Translation

TASKS: dict[TaskName, MakeTask] = {
    "translate": Translation,
    "continue": Continuation,
    "mask": MaskedPairs,
    "denoise": Denoising,
    "text to text": TextToText,
}


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


CPU = torch.device("cpu")


class Figures(Protocol):
    """What an evaluation found."""

    def write(self, path: Path) -> None: ...


MEASURES: dict[TaskName, Callable[[Recipe, Path, Path], Figures]] = {
    "translate": lambda recipe, checkpoint, corpus: translation_evaluation.evaluate(
        recipe, checkpoint, corpus, CPU, None
    ),
    "text to text": lambda recipe, checkpoint, corpus: text_to_text_evaluation.evaluate(
        recipe, checkpoint, corpus, None
    ),
    "denoise": lambda recipe, checkpoint, corpus: evaluation.evaluate(recipe, checkpoint, corpus, None),
    "mask": masked_lm_evaluation.evaluate,
    "continue": stories_evaluation.evaluate,
}
