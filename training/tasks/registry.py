"""What each task's name in a recipe stands for."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from training.recipe import Recipe, TaskName
from training.tasks.chat.card import chat_card
from training.tasks.chat.evaluation import evaluate_chat
from training.tasks.chat.task import Chat
from training.tasks.denoising.card import denoising_card
from training.tasks.denoising.evaluation import evaluate_denoising
from training.tasks.denoising.task import Denoising
from training.tasks.korean_translation.card import korean_translation_card
from training.tasks.korean_translation.evaluation import evaluate_korean_translation
from training.tasks.korean_translation.task import KoreanTranslation
from training.tasks.masked_lm.card import masked_lm_card
from training.tasks.masked_lm.evaluation import evaluate_masked_lm
from training.tasks.masked_lm.task import MaskedPairs
from training.tasks.results import Results
from training.tasks.stories.card import story_card
from training.tasks.stories.evaluation import evaluate_stories
from training.tasks.stories.task import Continuation
from training.tasks.text_to_text.card import text_to_text_card
from training.tasks.text_to_text.evaluation import evaluate_text_to_text
from training.tasks.text_to_text.task import TextToText
from training.tasks.translation.card import translation_card
from training.tasks.translation.evaluation import evaluate_translation
from training.tasks.translation.task import Translation
from training.trainer.checkpoints import TrainedRun
from training.trainer.task import Task


class MakeTask(Protocol):
    """Sets up a task from the recipe, the run's folder (for its tokenizer) and the corpus folder."""

    def __call__(self, recipe: Recipe, run: Path, corpus: Path) -> Task: ...


class Evaluate(Protocol):
    """Measures a trained run on about `limit` held-out texts of the corpus folder, or on all of them."""

    def __call__(self, run: TrainedRun, corpus: Path, limit: int | None) -> Results: ...


TASKS: dict[TaskName, MakeTask] = {
    "translate": Translation,
    "continue": Continuation,
    "mask": MaskedPairs,
    "denoise": Denoising,
    "text to text": TextToText,
    "chat": Chat,
    "translate Korean": KoreanTranslation,
}

EVALUATIONS: dict[TaskName, Evaluate] = {
    "translate": evaluate_translation,
    "continue": evaluate_stories,
    "mask": evaluate_masked_lm,
    "denoise": evaluate_denoising,
    "text to text": evaluate_text_to_text,
    "chat": evaluate_chat,
    "translate Korean": evaluate_korean_translation,
}

# (name, recipe, the run's folder with its evaluation.json, number of trained weights) -> Markdown
CARDS: dict[TaskName, Callable[[str, Recipe, Path, int], str]] = {
    "translate": translation_card,
    "continue": story_card,
    "mask": masked_lm_card,
    "denoise": denoising_card,
    "text to text": text_to_text_card,
    "chat": chat_card,
    "translate Korean": korean_translation_card,
}
