"""Measure a run on held-out text: `python -m training.measure --model NAME --corpus DIR`.

Writes RUN/evaluation.json, from which the export writes the model card.
"""

import argparse
from pathlib import Path

import torch

from training.recipes import RECIPES
from training.tasks.registry import EVALUATIONS
from training.tasks.results import EVALUATION
from training.trainer.checkpoints import open_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), required=True)
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs or of the stories")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    parser.add_argument("--limit", type=int, help="measure about so many held-out texts only, into RUN/glance.json")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    folder: Path = args.run or Path("runs") / args.model
    recipe = RECIPES[args.model]
    try:
        run = open_run(recipe, folder, torch.device(args.device))
    except ValueError as error:
        raise SystemExit(str(error)) from error
    results = EVALUATIONS[recipe.task](run, args.corpus, args.limit)
    path = folder / (EVALUATION if args.limit is None else "glance.json")
    results.write(path)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
