"""What a run needs to go on after a stop, written whole or not at all."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from model.network import Network, build
from training.recipe import Recipe

KEPT = 2


@dataclass
class Progress:
    """Where a run stands. `batch` counts inside the epoch; `seconds` is time spent training, stops left out."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0

    @property
    def epochs(self) -> float:
        """Epochs read, the part of the present one by the mean length of those before it (a first epoch counts 0)."""
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
        """Move towards the live weights; early on the average forgets faster, so that it starts from no stale value."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.live], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the average and the live weights; a second call puts them back."""
        for value, p in zip(self.values, self.live, strict=True):
            kept = p.detach().clone()
            p.copy_(value)
            value.copy_(kept)

    def state(self) -> dict[str, Tensor]:
        """The averaged parameters by name."""
        return dict(zip(self.names, self.values, strict=True))

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up saved averages."""
        for name, value in zip(self.names, self.values, strict=True):
            value.copy_(state[name])


def newest_checkpoint(run: Path) -> Path | None:
    """The checkpoint with the most steps, or None in a fresh run."""
    return max(run.glob("step-*.pt"), default=None)


def save_checkpoint(
    run: Path, net: nn.Module, average: Average, optimizer: torch.optim.Optimizer, progress: Progress
) -> Path:
    """Write a checkpoint under a temporary name, rename it, and drop all but the newest two."""
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
    """Put a run back where it was saved."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    net.load_state_dict(state["net"])
    average.load(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["rng"])
    if torch.cuda.is_available() and state["cuda_rng"]:
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return Progress(**state["progress"])


def averaged_weights(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint by parameter name: what is evaluated and shipped."""
    averages: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["average"]
    return averages


def read_progress(path: Path) -> Progress:
    """How far the run was at a checkpoint."""
    return Progress(**torch.load(path, map_location="cpu", weights_only=True)["progress"])


def trained(recipe: Recipe, checkpoint: Path, device: torch.device) -> Network:
    """The averaged weights of a checkpoint in a network ready to be used."""
    net = build(recipe.config)
    weights = averaged_weights(checkpoint)
    unfilled = {name for name, _ in net.named_parameters()} ^ set(weights)
    if unfilled:
        raise ValueError(f"{checkpoint} does not fit the recipe: {', '.join(sorted(unfilled))}")
    net.load_state_dict(weights, strict=False)  # what is not in the average is tied or a buffer
    return net.to(device).eval()
