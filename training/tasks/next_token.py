"""The loss of a decoder, which predicts the next token at every position, and how one continues a text."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.network import Network

IGNORED = -100  # the target that F.cross_entropy ignores


def padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, targets), each (batch, longest row - 1). A target is the id after its input, or IGNORED if there is none."""
    width = max(len(row) for row in rows) - 1
    inputs = np.zeros((len(rows), width), dtype=np.int64)
    targets = np.full((len(rows), width), IGNORED, dtype=np.int64)
    for i, row in enumerate(rows):
        inputs[i, : len(row) - 1], targets[i, : len(row) - 1] = row[:-1], row[1:]
    return inputs, targets


def next_token_loss(net: nn.Module, inputs: np.ndarray, targets: np.ndarray, device: torch.device) -> Tensor:
    """Mean cross-entropy, in nats, over the positions whose target is not IGNORED. Padding is on the right."""
    ids, wanted = torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
    real = wanted != IGNORED
    assert isinstance(net, Network)
    assert net.head is not None
    logits = net.head(net(ids)[real])  # padding is not masked: it is to the right of every real position
    return F.cross_entropy(logits.float(), wanted[real])


def summed_nats(
    net: nn.Module, batches: Iterable[tuple[np.ndarray, np.ndarray]], device: torch.device
) -> tuple[float, int]:
    """(-log p in nats, number of predicted tokens), summed over batches of inputs and targets."""
    nats, tokens = 0.0, 0
    for inputs, targets in batches:
        count = int((targets != IGNORED).sum())
        nats += float(next_token_loss(net, inputs, targets, device)) * count
        tokens += count
    return nats, tokens


def continued(net: Network, ids: Sequence[int], choose: Callable[[Tensor], int], *, end: int, most: int) -> list[int]:
    """The ids that follow: `most` of them, or fewer if the end token is chosen. `choose` gives an id for some logits."""
    assert net.head is not None
    device = net.tokens.weight.device
    new: list[int] = []
    while len(new) < most:
        chosen = choose(net.head(net(torch.tensor([[*ids, *new]], device=device))[0, -1]))
        if chosen == end:
            break
        new.append(chosen)
    return new
