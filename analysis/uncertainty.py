"""Uncertainty of a model: entropy, surprisal and rank at every position, and a softmax at several temperatures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

ROOM = 256 * 1024**2  # bytes for the logits of a block of positions and what is made of them
COPIES, FLOAT = 4, 4  # logits, their softmax and its products; bytes of each number
MOST_ROWS = 256


@dataclass(frozen=True)
class Positionwise:
    """One row for each position that predicts; all numbers are of the full softmax."""

    top_ids: Tensor  # (time, n)
    top_probabilities: Tensor  # (time, n)
    entropy: Tensor  # (time,) bits
    came: Tensor  # (time,) the id of the actual next token, -1 where there is none
    probability: Tensor  # (time,) of that token, NaN where there is none
    surprisal: Tensor  # (time,) of that token in bits, NaN where there is none
    rank: Tensor  # (time,) of that token, 1 for the most probable; 0 where there is none


def positionwise(logits: Tensor, came: list[int | None], n: int = 5, block: int = 256) -> Positionwise:
    """Compares (time, vocab) logits with the actual next token of each position (None: no next token), `block` rows at a time."""
    if len(came) != len(logits):
        raise ValueError(f"{len(came)} tokens came after {len(logits)} positions")
    ids = torch.tensor([-1 if i is None else i for i in came], device=logits.device)
    parts = [_rows(logits[at : at + block], ids[at : at + block], n) for at in range(0, len(logits), block)]
    return Positionwise(*(torch.cat(column) for column in zip(*parts, strict=True)))


def along_text(
    final: Tensor, logits_of: Callable[[Tensor], Tensor], vocab: int, came: Sequence[int | None], n: int = 5
) -> Positionwise:
    """The same from a final stream (time, d_model): logits are worked out for a few positions at a time, never for all of them.

    With 262,144 pieces the logits of 4,000 positions take 4 GB.
    """
    block = max(1, min(MOST_ROWS, ROOM // (COPIES * FLOAT * vocab)))
    parts = [
        positionwise(logits_of(final[at : at + block]), list(came[at : at + block]), n)
        for at in range(0, len(final), block)
    ]
    columns = zip(*(_columns(part) for part in parts), strict=True)
    return Positionwise(*(torch.cat(column) for column in columns))


def _columns(part: Positionwise) -> tuple[Tensor, ...]:
    tops = part.top_ids, part.top_probabilities
    return (*tops, part.entropy, part.came, part.probability, part.surprisal, part.rank)


def _rows(logits: Tensor, came: Tensor, n: int) -> tuple[Tensor, ...]:
    logs = logits.float().log_softmax(dim=-1)
    shares = logs.exp()
    top = shares.topk(min(n, shares.shape[-1]))
    entropy = -torch.where(shares > 0, shares * logs, torch.zeros_like(logs)).sum(dim=-1) / math.log(2)
    known = came >= 0
    log = logs.gather(1, came.clamp(min=0)[:, None])[:, 0]
    nothing = torch.full_like(log, float("nan"))
    rank = (logs > log[:, None]).sum(dim=-1) + 1
    return (
        top.indices,
        top.values,
        entropy,
        came,
        torch.where(known, log.exp(), nothing),
        torch.where(known, -log / math.log(2), nothing),
        torch.where(known, rank, torch.zeros_like(rank)),
    )


def tempered(logits: Tensor, temperatures: Tensor) -> Tensor:
    """(temperatures, vocab): the softmax of (vocab,) logits divided by each temperature."""
    if bool((temperatures <= 0).any()):
        raise ValueError("a temperature is above 0")
    return (logits.float() / temperatures[:, None]).softmax(dim=-1)
