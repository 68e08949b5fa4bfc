"""Train a model: `python -m training.train --model transformer-fr-en --corpus DIR --out runs/NAME`.

The same command resumes from the newest checkpoint. With `--hours` the learning rate falls over that time, however fast
the machine; without it, over the recipe's epochs. `OUT/curve.jsonl` holds the losses, a line every few steps.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from training.checkpoints import Average, Progress, load_checkpoint, newest_checkpoint, save_checkpoint
from training.muon import muon
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks import TASKS

LOG_STEPS = 25
SAVE_SECONDS = 300.0
VALID_SECONDS = 600.0


@dataclass(frozen=True)
class Schedule:
    """How far a run is, from 0 to 1, and the learning rate there."""

    recipe: Recipe
    budget_seconds: float | None
    total_steps: int

    def share(self, progress: Progress) -> float:
        """The part of the budget that is spent: of time where there is a budget of time, else of steps."""
        spent = progress.step / self.total_steps
        return min(1.0, spent if self.budget_seconds is None else progress.seconds / self.budget_seconds)

    def rate(self, progress: Progress) -> float:
        """Linear warm-up over the recipe's steps, times a linear fall to zero over the whole run."""
        warm = min(1.0, (progress.step + 1) / self.recipe.warmup_steps)
        return self.recipe.peak_rate * warm * (1 - self.share(progress))


def parameter_groups(net: nn.Module, recipe: Recipe) -> list[dict[str, object]]:
    """The token table and the queries' maps apart from the rest, each with the factor of its learning rate.

    Where q.k is not scaled, the maps of queries are smaller by what would scale it, and so are Adam's steps for them: at the
    full rate attention jumps, and a T5 learns late whom to read.
    """
    c = recipe.config
    unscaled = 1.0 if c.attention_scale is None else 1 / (c.attention_scale * c.d_head**0.5)
    named = list(net.named_parameters())
    table = [p for name, p in named if name == "tokens.weight"]
    queries = [p for name, p in named if name.endswith("_attn.q.weight")]
    rest = [p for name, p in named if name != "tokens.weight" and not name.endswith("_attn.q.weight")]
    return [
        {"params": rest, "factor": 1.0},
        {"params": queries, "factor": unscaled},
        {"params": table, "factor": recipe.embedding_rate},
    ]


def optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's, every group of its parameters with the factor of its learning rate."""
    if recipe.optimizer == "muon":
        return muon(net, betas=recipe.betas, weight_decay=recipe.weight_decay, embedding_rate=recipe.embedding_rate)
    groups = parameter_groups(net, recipe)
    return torch.optim.AdamW(groups, lr=0.0, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True)


class Trainer:
    """One run, from its newest checkpoint to the end of its budget."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path, device: torch.device, hours: float | None) -> None:
        self.recipe, self.run, self.device = recipe, run, device
        self.task = TASKS[recipe.task](recipe, run, corpus)
        self.net = self.task.build().to(device).train()
        self.average = Average(self.net, recipe.ema_decay)
        self.optimizer = optimizer(self.net, recipe)
        self.progress = Progress()
        if newest := newest_checkpoint(run):
            self.progress = load_checkpoint(newest, self.net, self.average, self.optimizer)
            print(f"resumed from {newest}: {self.progress}", flush=True)
        steps = len(self.task.plan(0)) * recipe.epochs
        self.schedule = Schedule(recipe, None if hours is None else hours * 3600, steps)
        self.log = (run / "curve.jsonl").open("a", encoding="utf-8", buffering=1)

    def step(self, planned: np.ndarray) -> torch.Tensor:
        """Learn from one batch; its loss, still on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.progress) * group["factor"]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            loss = self.task.loss(self.net, planned, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.average.update(self.progress.step)
        return loss.detach()

    def record(self, figures: dict[str, float]) -> None:
        """Add a line to the curve."""
        p = self.progress
        line = {"step": p.step, "epoch": p.epoch, "seconds": round(p.seconds, 1), "rate": self.schedule.rate(p)}
        self.log.write(json.dumps(line | figures) + "\n")

    def validate(self) -> None:
        """Record the held-out loss of the averaged weights."""
        self.average.swap()
        self.net.eval()
        with torch.inference_mode():
            loss = self.task.held_out_loss(self.net, self.device)
        self.net.train()
        self.average.swap()
        self.record({"valid": round(loss, 4)})
        tqdm.write(f"step {self.progress.step}, epoch {self.progress.epoch}: held-out loss {loss:.4f}")

    def train(self) -> Path:
        """Train to the end of the budget; the last checkpoint."""
        bar = tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}", mininterval=5.0)
        saved = validated = self.progress.seconds
        losses: list[torch.Tensor] = []
        began = time.monotonic() - self.progress.seconds
        while self.schedule.share(self.progress) < 1:
            plan = self.task.plan(self.progress.epoch)
            while self.progress.batch < len(plan) and self.schedule.share(self.progress) < 1:
                losses.append(self.step(plan[self.progress.batch]))
                self.progress.step += 1
                self.progress.batch += 1
                if self.progress.step % LOG_STEPS == 0:
                    loss = float(torch.stack(losses).mean())
                    losses.clear()
                    self.record({"loss": round(loss, 4)})
                    bar.set_postfix_str(f"step {self.progress.step}, epoch {self.progress.epoch}, loss {loss:.3f}")
                    bar.update(100 * self.schedule.share(self.progress) - bar.n)
                if self.progress.seconds - validated > VALID_SECONDS:
                    self.validate()
                    validated = self.progress.seconds
                self.progress.seconds = time.monotonic() - began
                if self.progress.seconds - saved > SAVE_SECONDS:
                    save_checkpoint(self.run, self.net, self.average, self.optimizer, self.progress)
                    saved = self.progress.seconds
            if self.progress.batch == len(plan):
                self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0
        self.validate()
        return save_checkpoint(self.run, self.net, self.average, self.optimizer, self.progress)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), default="transformer-fr-en")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs or of the stories")
    parser.add_argument("--out", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--hours", type=float, help="the time to train for; default: the recipe's epochs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.out or Path("runs") / args.model
    run.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(RECIPES[args.model], run, args.corpus, torch.device(args.device), args.hours)
    print(f"finished: {trainer.train()}")


if __name__ == "__main__":
    main()
