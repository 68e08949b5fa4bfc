"""Strategies, which choose the next token from the logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from model.decoding.rules import penalised
from model.errors import InputError


class Strategy(Protocol):
    """Chooses the next token from constrained logits."""

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        """The next id, from logits (vocab,) and the ids read so far; `index` is the number of tokens generated before it."""
        ...


@dataclass(frozen=True)
class Greedy:
    """Always the most probable token."""

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        return int(logits.argmax())


@dataclass(frozen=True)
class Forced:
    """Takes given tokens at given steps, and another strategy's choice at all others."""

    choices: tuple[tuple[int, int], ...]  # (step index, token id)
    otherwise: Strategy = Greedy()

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        for at, token in self.choices:
            if at == index:
                return token
        return self.otherwise.choose(logits, read, index)


@dataclass(frozen=True)
class Sample:
    """Draws a token at random, after the stages below, in the order of `transformers`.

    Repetition penalty (Keskar et al. 2019), temperature, top-k (Fan et al. 2018), top-p (Holtzman et al. 2020), min-p
    (Nguyen et al. 2024). Step k draws from a generator seeded by (seed, k), so going back and decoding again
    gives the same tokens.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise InputError(
                f"temperature must be above 0, not {self.temperature}; use Greedy for the most probable token"
            )
        if not 0 < self.top_p <= 1 or not 0 <= self.min_p <= 1:
            raise InputError("top_p lies in (0, 1] and min_p in [0, 1]")
        if self.top_k < 0 or self.repetition_penalty <= 0:
            raise InputError("top_k is 0 (off) or more, and repetition_penalty is above 0")

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        shares = self.narrowed(logits, read).softmax(dim=-1).cpu()
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + index)
        return int(torch.multinomial(shares, 1, generator=generator))

    def narrowed(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """(vocab,) logits after all stages, minus infinity where a token is ruled out."""
        for stage in (self.penalised, self.tempered, self.top_k_only, self.top_p_only, self.min_p_only):
            logits = stage(logits, read)
        return logits

    def penalised(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Lowers the logits of tokens already read."""
        return penalised(logits, self.repetition_penalty, read)

    def tempered(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Divides by the temperature: below 1 the distribution is sharper, above 1 flatter."""
        return logits / self.temperature

    def top_k_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Keeps the k most probable tokens."""
        if not self.top_k:
            return logits
        least = logits.topk(min(self.top_k, logits.shape[-1])).values[-1]
        return logits.masked_fill(logits < least, float("-inf"))

    def top_p_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Keeps the smallest set of most probable tokens whose probabilities sum to at least top_p."""
        if self.top_p >= 1.0:
            return logits
        rising, order = logits.sort()
        ruled_out = rising.softmax(dim=-1).cumsum(dim=-1) <= 1 - self.top_p
        ruled_out[-1] = False
        return logits.masked_fill(torch.zeros_like(ruled_out).scatter(0, order, ruled_out), float("-inf"))

    def min_p_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Keeps tokens at least min_p times as probable as the most probable one."""
        if not self.min_p:
            return logits
        shares = logits.softmax(dim=-1)
        ruled_out = shares < self.min_p * shares.max()
        return logits.masked_fill(ruled_out, float("-inf"))


def own_penalty(strategy: Strategy) -> float:
    """A strategy's own repetition penalty, which takes the place of the checkpoint's; 1 where it has none."""
    if isinstance(strategy, Forced):
        return own_penalty(strategy.otherwise)
    return strategy.repetition_penalty if isinstance(strategy, Sample) else 1.0


def entropy(logits: Tensor) -> float:
    """Entropy of the softmax over (vocab,) logits, in bits."""
    log_shares = logits.double().log_softmax(dim=-1)
    held = log_shares.isfinite()
    return float(-(log_shares[held].exp() * log_shares[held]).sum() / torch.log(torch.tensor(2.0, dtype=torch.float64)))
