"""Measure any run on what it never read: `python -m training.measure --model NAME --corpus DIR`.

Writes RUN/evaluation.json by the task's own evaluation, which has options of its own.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch

from training import evaluate, evaluate_denoising, evaluate_masking, evaluate_stories, evaluate_text_to_text
from training.cards import EVALUATION
from training.recipe import Recipe, TaskName
from training.recipes import RECIPES
from training.trainer.checkpoints import newest_checkpoint

CPU = torch.device("cpu")


class Figures(Protocol):
    """What an evaluation found."""

    def write(self, path: Path) -> None: ...


MEASURES: dict[TaskName, Callable[[Recipe, Path, Path], Figures]] = {
    "translate": lambda recipe, checkpoint, corpus: evaluate.evaluate(recipe, checkpoint, corpus, CPU, None),
    "text to text": lambda recipe, checkpoint, corpus: evaluate_text_to_text.evaluate(recipe, checkpoint, corpus, None),
    "denoise": lambda recipe, checkpoint, corpus: evaluate_denoising.evaluate(recipe, checkpoint, corpus, None),
    "mask": evaluate_masking.evaluate,
    "continue": evaluate_stories.evaluate,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), required=True)
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs or of the stories")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.run or Path("runs") / args.model
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise SystemExit(f"{run} holds no checkpoint yet")
    recipe = RECIPES[args.model]
    figures = MEASURES[recipe.task](recipe, checkpoint, args.corpus)
    figures.write(run / EVALUATION)
    print((run / EVALUATION).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
