"""The training loop: steps, validation and checkpoints. It can resume in the middle of an epoch."""

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from training.recipe import Recipe
from training.trainer.checkpoints import Average, Progress, load_checkpoint, newest_checkpoint, save_checkpoint
from training.trainer.optimisation import Schedule, optimizer
from training.trainer.precision import mixed_precision
from training.trainer.task import Task

LOG_STEPS = 25
SAVE_SECONDS = 300.0
VALID_SECONDS = 600.0


class Trainer:
    """One run, from its newest checkpoint to the end of its budget."""

    def __init__(self, recipe: Recipe, task: Task, run: Path, device: torch.device, hours: float | None) -> None:
        self.recipe, self.task, self.run, self.device = recipe, task, run, device
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
        """Update the weights from one batch. Returns its loss, still on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.progress) * group["factor"]
        with mixed_precision(self.recipe, self.device):
            loss = self.task.loss(self.net, planned, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.average.update(self.progress.step)
        return loss.detach()

    def record(self, figures: dict[str, float]) -> None:
        """Add a line to curve.jsonl: how far the run is, and the figures given."""
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
        """Train until the budget is used up. Returns the last checkpoint."""
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
