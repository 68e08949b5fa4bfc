"""What the trainer asks of a task: a network, the batches of an epoch, and the loss of one batch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn


class Task(Protocol):
    """One training objective on one corpus. Everything random in it follows from the recipe's seed and the epoch."""

    tokenizer: Tokenizer

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        ...

    def plan(self, epoch: int) -> Sequence[np.ndarray]:
        """The batches of an epoch, each as an array of indices for `loss`. The same epoch always gives the same batches."""
        ...

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """The loss of a planned batch: a scalar with gradients."""
        ...

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """The loss per token, in nats, on text that is not trained on. `net` is in `eval` mode; no gradients are kept."""
        ...
