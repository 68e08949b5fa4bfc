"""Measure any run on what it never read: `python -m training.measure --model NAME --corpus DIR`.

Writes RUN/evaluation.json by the task's own evaluation, which has options of its own.
"""

import argparse
from pathlib import Path

import torch

from training.recipes import RECIPES
from training.tasks.registry import EVALUATION, MEASURES
from training.trainer.checkpoints import newest_checkpoint


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
