"""Train a model: `python -m training.train --model transformer-fr-en --corpus DIR --out runs/NAME`.

The same command resumes from the newest checkpoint. The learning rate falls to zero over the time given by `--hours`, or
else over the recipe's epochs. `OUT/curve.jsonl` holds the losses, one line every few steps.
"""

import argparse
from pathlib import Path

import torch

from training.recipes import RECIPES
from training.tasks.registry import TASKS
from training.trainer.trainer import Trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), default="transformer-fr-en")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs or of the stories")
    parser.add_argument("--out", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--hours", type=float, help="how long to train (default: the recipe's epochs)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.out or Path("runs") / args.model
    run.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[args.model]
    task = TASKS[recipe.task](recipe, run, args.corpus)
    trainer = Trainer(recipe, task, run, torch.device(args.device), args.hours)
    print(f"finished: {trainer.train()}")


if __name__ == "__main__":
    main()
