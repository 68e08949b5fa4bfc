"""What a trainer asks of the thing to be learnt: a network, the batches of an epoch, and the loss of one of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.recipe import Recipe


class Task(Protocol):
    """One way of learning from one corpus. Everything random in it follows from the recipe's seed and the epoch."""

    tokenizer: Tokenizer

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        ...

    def plan(self, epoch: int) -> Sequence[np.ndarray]:
        """The batches of an epoch, each as the indices that `loss` understands; the same every time it is asked."""
        ...

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """What a step makes smaller: a scalar that carries gradients."""
        ...

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """The loss per token, in nats, on text that no step reads. `net` is in `eval` mode, without gradients."""
        ...


class MakeTask(Protocol):
    """How a task is set up, from the recipe, the run's folder (for its tokenizer) and the corpus folder."""

    def __call__(self, recipe: Recipe, run: Path, corpus: Path) -> Task: ...
