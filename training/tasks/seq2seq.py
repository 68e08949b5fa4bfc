"""The loss of an encoder-decoder on pairs of texts."""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

from model.transformer import Transformer
from training.data.batches import Batch, Examples, read_batch
from training.data.translation_tokenizer import START


def batch_loss(net: nn.Module, batch: Batch, *, smoothing: float) -> torch.Tensor:
    """Mean cross-entropy over the real target positions; the output head is computed only there."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    stream = net(batch.target_in, batch.source, real=batch.target_real, source_real=batch.source_real)
    logits = net.head(stream[batch.target_real])  # (real positions, vocab)
    return F.cross_entropy(logits.float(), batch.target_out[batch.target_real], label_smoothing=smoothing)


def mean_loss(net: nn.Module, batches: Iterable[Batch], device: torch.device) -> float:
    """Mean cross-entropy per target token over many batches, without smoothing."""
    total, count = 0.0, 0
    for batch in batches:
        real = int(batch.target_real.sum())
        total += float(batch_loss(net, batch.to(device), smoothing=0.0)) * real
        count += real
    return total / count


def held_out_loss(
    net: nn.Module, examples: Examples, tokenizer: Tokenizer, tokens: int, device: torch.device, *, start: str = START
) -> float:
    """Mean cross-entropy per token, without smoothing, on pairs as they are written."""
    rows = np.arange(examples.pairs)[np.argsort(examples.english.lengths[: examples.pairs])]
    parts = np.array_split(rows, max(1, len(rows) * 24 // tokens))
    return mean_loss(
        net, (read_batch(examples, np.stack([part, part]), tokenizer, start=start) for part in parts), device
    )
