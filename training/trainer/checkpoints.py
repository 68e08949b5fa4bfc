"""Checkpoints: what a run needs to resume after a stop. A file is complete or absent, never half written."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.network import Network, build
from training.recipe import Recipe

KEPT = 2


@dataclass
class Progress:
    """How far a run is. `batch` counts inside the epoch; `seconds` is the time spent training, without interruptions."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0

    @property
    def epochs(self) -> float:
        """Epochs as a fraction. The current epoch is taken to be as long as the mean of those before; a first one counts 0."""
        return self.epoch + (self.batch * self.epoch / (self.step - self.batch) if self.epoch else 0.0)


class Average:
    """An exponential moving average of a network's parameters."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.live = [p for _, p in net.named_parameters()]
        self.names = [name for name, _ in net.named_parameters()]
        self.values = [p.detach().clone() for p in self.live]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the live weights. The decay is lower at first, so that the initial weights are soon forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.live], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the average and the live weights; a second call exchanges them back."""
        for value, p in zip(self.values, self.live, strict=True):
            kept = p.detach().clone()
            p.copy_(value)
            value.copy_(kept)

    def state(self) -> dict[str, Tensor]:
        """The averaged parameters by name."""
        return dict(zip(self.names, self.values, strict=True))

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy saved averages into this one."""
        for name, value in zip(self.names, self.values, strict=True):
            value.copy_(state[name])


def newest_checkpoint(run: Path) -> Path | None:
    """The checkpoint with the most steps, or None if there is none yet."""
    return max(run.glob("step-*.pt"), default=None)


def save_checkpoint(
    run: Path, net: nn.Module, average: Average, optimizer: torch.optim.Optimizer, progress: Progress
) -> Path:
    """Write a checkpoint under a temporary name, rename it, and delete all but the newest two."""
    path = run / f"step-{progress.step:07d}.pt"
    state = {
        "progress": asdict(progress),
        "net": net.state_dict(),
        "average": average.state(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    unfinished = path.with_suffix(".tmp")
    torch.save(state, unfinished)
    os.replace(unfinished, path)
    for old in sorted(run.glob("step-*.pt"))[:-KEPT]:
        old.unlink()
    return path


def load_checkpoint(path: Path, net: nn.Module, average: Average, optimizer: torch.optim.Optimizer) -> Progress:
    """Restore the state that was saved, the random number generators included; how far the run was."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(state["net"])
    average.load(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["rng"])
    if torch.cuda.is_available() and state["cuda_rng"]:
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return Progress(**state["progress"])


def averaged_weights(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint by parameter name. These are evaluated and shipped."""
    averages: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["average"]
    return averages


def read_progress(path: Path) -> Progress:
    """How far the run was at a checkpoint."""
    return Progress(**torch.load(path, map_location="cpu", weights_only=True)["progress"])


def trained(recipe: Recipe, checkpoint: Path, device: torch.device) -> Network:
    """A network in `eval` mode with the averaged weights. Raises ValueError if they do not fit the recipe."""
    net = build(recipe.config)
    weights = averaged_weights(checkpoint)
    unfilled = {name for name, _ in net.named_parameters()} ^ set(weights)
    if unfilled:
        raise ValueError(f"{checkpoint} does not fit the recipe: {', '.join(sorted(unfilled))}")
    net.load_state_dict(weights, strict=False)  # missing names are tied weights or buffers
    return net.to(device).eval()


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A run's newest checkpoint, ready to be measured or exported."""

    recipe: Recipe
    net: Network  # the averaged weights, in `eval` mode
    tokenizer: Tokenizer
    progress: Progress

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        return self.net.tokens.weight.device


def open_run(recipe: Recipe, run: Path, device: torch.device) -> TrainedRun:
    """The newest checkpoint in a run's folder. Raises ValueError if there is none or it does not fit the recipe."""
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise ValueError(f"{run} holds no checkpoint yet")
    net, tokenizer = trained(recipe, checkpoint, device), Tokenizer.from_file(str(run / "tokenizer.json"))
    return TrainedRun(recipe, net, tokenizer, read_progress(checkpoint))
