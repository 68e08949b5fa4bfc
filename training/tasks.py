"""What each task's name in a recipe stands for."""

from training.denoising import Denoising
from training.language import Continuation
from training.masking import MaskedPairs
from training.recipe import TaskName
from training.task import MakeTask
from training.text_to_text import TextToText
from training.translation import Translation

TASKS: dict[TaskName, MakeTask] = {
    "translate": Translation,
    "continue": Continuation,
    "mask": MaskedPairs,
    "denoise": Denoising,
    "text to text": TextToText,
}
