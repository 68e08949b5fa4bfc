"""One attention sublayer of a trace: scores and weights are computed when asked for, with the functions of the forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model.attention import mix, scores, weigh
from model.errors import InputError
from model.positions import Bias
from model.tap import Site


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """What one attention sublayer kept, and the scores and weights computed from it."""

    q: Tensor  # (heads, query, d_head), after any rotation
    k: Tensor  # (kv_heads, key, d_head), after any rotation
    v: Tensor  # (kv_heads, key, d_head)
    mixed: Tensor  # (heads, query, d_head), from the forward itself
    out: Tensor  # (query, d_model), after any edit
    scale: float
    causal: bool
    window: int | None
    position_bias: Bias | None
    edited: Mapping[Site, Tensor]  # scores or weights, where the forward pass kept them because of an edit

    def __repr__(self) -> str:
        (heads, query, width), (kv_heads, key, _) = self.q.shape, self.k.shape
        return f"AttentionTrace(heads={heads}, kv_heads={kv_heads}, query={query}, key={key}, d_head={width})"

    @property
    def visible(self) -> Tensor:
        """(query, key) bool: the keys each query may look at."""
        return self._seen(*self._positions())

    def _seen(self, query: Tensor, key: Tensor) -> Tensor:
        """(query, key) bool, for these positions."""
        ahead = key - query[:, None]
        seen = ahead <= 0 if self.causal else torch.ones_like(ahead, dtype=torch.bool)
        return seen if self.window is None else seen & (ahead.abs() < self.window)

    def bias(self, head: int | None = None) -> Tensor | None:
        """The position scheme's addition to the scores: (heads, query, key), or (query, key) of one head; None without one."""
        self._check(head)
        if self.position_bias is None:
            return None
        bias = self.position_bias(*self._positions())
        return bias if head is None else bias[head]

    def scores(self, head: int | None = None) -> Tensor:
        """Scores before the softmax, minus infinity where a key is hidden: (heads, query, key), or (query, key) of one head."""
        self._check(head)
        if "scores" in self.edited:
            return self.edited["scores"] if head is None else self.edited["scores"][head]
        if head is None:
            return scores(self.q, self.k, self.scale, self.bias(), self.visible)
        bias = self.bias()
        one = None if bias is None else bias[head, None]
        shared = self.q.shape[0] // self.k.shape[0]
        return scores(self.q[head, None], self.k[head // shared, None], self.scale, one, self.visible)[0]

    def weights(self, head: int | None = None) -> Tensor:
        """Attention weights, which sum to 1 for each query: (heads, query, key), or (query, key) of one head."""
        self._check(head)
        if "weights" in self.edited:
            return self.edited["weights"] if head is None else self.edited["weights"][head]
        return weigh(self.scores(head))

    def weights_from(self, first: int, end: int | None = None) -> Tensor:
        """(heads, query, key): the weights of the queries from `first` to before `end`; a negative number counts from the end.

        For a few tokens of a long text this computes their rows alone, not the whole map.
        """
        query, key = self._positions()
        query = query[first:end]
        if self.edited:
            return self.weights()[:, first:end]
        bias = None if self.position_bias is None else self.position_bias(query, key)
        return weigh(scores(self.q[:, first:end], self.k, self.scale, bias, self._seen(query, key)))

    def difference(self) -> float:
        """The largest absolute difference between `mixed`, from the forward pass, and the same computed from the weights.

        Heads that an edit set to zero are left out.
        """
        computed = mix(self.weights(), self.v)
        zeroed = (self.mixed == 0).all(dim=-1).all(dim=-1)
        return float((computed - self.mixed).abs()[~zeroed].max()) if not bool(zeroed.all()) else 0.0

    def _positions(self) -> tuple[Tensor, Tensor]:
        key = torch.arange(self.k.shape[1], device=self.k.device)
        return torch.arange(self.q.shape[1], device=self.k.device), key

    def _check(self, head: int | None) -> None:
        if head is not None and not 0 <= head < self.q.shape[0]:
            raise InputError(f"head {head} is out of range: this layer has heads 0 to {self.q.shape[0] - 1}")
