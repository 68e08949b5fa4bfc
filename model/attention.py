"""Attention, and the pure functions it is made of.

`scores`, `weigh` and `mix` have two users: the forward pass, where an edit changes scores or weights, and the trace, which keeps
queries, keys and values and computes scores and weights from them when they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cache import LayerCache
from model.config import TransformerConfig
from model.norms import build_norm
from model.positions import Bias, Rotation
from model.tap import Tap
from model.weight_layout import project


@dataclass(frozen=True, eq=False)
class Geometry:
    """Positions, mask, position bias and rotation of one pass. One object serves all layers with the same window."""

    query_at: Tensor  # (query,) absolute positions
    key_at: Tensor  # (key,)
    causal: bool = False
    window: int | None = None
    real: Tensor | None = None  # (batch, key) bool, False where a key is padding
    bias: Bias | None = None
    rotation: Rotation | None = None  # of the rows being read
    _built: dict[str, Tensor] = field(default_factory=dict, repr=False)

    @property
    def masks(self) -> bool:
        """Whether any key is hidden from any query."""
        return self.real is not None or self.window is not None or (self.causal and len(self.query_at) > 1)

    @property
    def plain_causal(self) -> bool:
        """Whether the fused kernel's own causal mask is the right one. It is aligned top-left, so only for square maps."""
        same = len(self.query_at) == len(self.key_at)
        return self.causal and same and self.real is None and self.window is None and self.bias is None

    def visible(self) -> Tensor:
        """(batch or 1, 1, query, key) bool: the keys each query may look at."""
        if "visible" not in self._built:
            ahead = self.key_at - self.query_at[:, None]
            seen = ahead <= 0 if self.causal else torch.ones_like(ahead, dtype=torch.bool)
            if self.window is not None:
                seen = seen & (ahead.abs() < self.window)
            shown = seen[None, None]
            self._built["visible"] = shown if self.real is None else shown & self.real[:, None, None, :]
        return self._built["visible"]

    def added(self) -> Tensor | None:
        """(heads, query, key): the position scheme's addition to the scores; None where it adds nothing."""
        if self.bias is None:
            return None
        if "bias" not in self._built:
            self._built["bias"] = self.bias(self.query_at, self.key_at)
        return self._built["bias"]

    def fused_mask(self, dtype: torch.dtype) -> Tensor | None:
        """Mask and bias as one argument of the fused kernel: (…, query, key), bool or `dtype`; None where there is neither."""
        added = self.added()
        if added is None:
            return self.visible() if self.masks else None
        if "fused" not in self._built:
            fused = added.to(dtype)[None]
            self._built["fused"] = fused.masked_fill(~self.visible(), float("-inf")) if self.masks else fused
        return self._built["fused"]


def scores(q: Tensor, k: Tensor, scale: float, bias: Tensor | None, visible: Tensor | None) -> Tensor:
    """Scores before the softmax: (..., heads, query, key) float32, minus infinity where a key is hidden.

    q is (..., heads, query, d_head), k (..., kv_heads, key, d_head); query heads share key heads in order, in groups
    (Ainslie et al. 2023). Equation 1 of Vaswani et al. 2017, plus the bias of the position scheme.
    """
    k = k.repeat_interleave(q.shape[-3] // k.shape[-3], dim=-3)
    s = q.float() @ k.float().transpose(-2, -1) * scale
    if bias is not None:
        s = s + bias
    return s if visible is None else s.masked_fill(~visible, float("-inf"))


def weigh(s: Tensor) -> Tensor:
    """Attention weights: the softmax over keys, (..., query, key). A query that sees no key has zero weights, not NaN."""
    return s.softmax(dim=-1).masked_fill((s == float("-inf")).all(dim=-1, keepdim=True), 0.0)


def mix(weights: Tensor, v: Tensor) -> Tensor:
    """Each head's output: the weighted mean of the values, (..., heads, query, d_head) float32."""
    return weights @ v.float().repeat_interleave(weights.shape[-3] // v.shape[-3], dim=-3)


def fused(q: Tensor, k: Tensor, v: Tensor, scale: float, geometry: Geometry) -> Tensor:
    """`mix(weigh(scores(...)), v)` in one kernel that never stores the weights."""
    shared = q.shape[1] != k.shape[1]
    if geometry.plain_causal and len(geometry.query_at) > 1:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=shared)
    mask = geometry.fused_mask(q.dtype)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale, enable_gqa=shared)


class Attention(nn.Module):
    """Queries from one stream, keys and values from the same or another (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_head, self.scale = config.d_head, config.scale
        wide, narrow = config.n_heads * config.d_head, config.kv_heads * config.d_head
        self.q = nn.Linear(config.d_model, wide, bias=config.qkv_bias)
        self.k = nn.Linear(config.d_model, narrow, bias=config.qkv_bias)
        self.v = nn.Linear(config.d_model, narrow, bias=config.qkv_bias)
        self.o = nn.Linear(wide, config.d_model, bias=config.out_bias)
        self.q_norm = build_norm(config, config.d_head) if config.qk_norm else None
        self.k_norm = build_norm(config, config.d_head) if config.qk_norm else None

    def forward(
        self, x: Tensor, source: Tensor | None, geometry: Geometry, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, LayerCache | None]:
        """The output of this sublayer, (batch, query, d_model), and the longer cache.

        `source` (batch, key, d_model) is None in self-attention, where x reads itself and the cached positions before it.
        """
        at, rotation = geometry.query_at, geometry.rotation
        q, *kv = project(x, self.q, self.k, self.v) if source is None else project(x, self.q)
        q = split(q, self.d_head)  # (batch, heads, query, d_head)
        q = tap("q_straight", q if self.q_norm is None else self.q_norm(q), at)
        q = tap("q", q if rotation is None else rotation.turn(q), at)
        if source is None:
            k, v, past = self.own_keys(kv, geometry, tap, past)
        else:
            k, v, past = self.source_keys(source, tap, past)  # (batch, kv_heads, key, d_head)
        if tap.touches("scores") or tap.touches("weights"):
            z = self.explicit(q, k, v, geometry, tap)
        else:
            z = fused(q, k, v, self.scale, geometry)
        z = tap("mixed", z, at)  # (batch, heads, query, d_head)
        return self.o(merge(z)), past  # (batch, query, d_model)

    def explicit(self, q: Tensor, k: Tensor, v: Tensor, geometry: Geometry, tap: Tap) -> Tensor:
        """The same as `fused`, with scores and weights as tensors, for runs that change or keep them."""
        at, there = geometry.query_at, geometry.key_at
        visible = geometry.visible() if geometry.masks else None
        s = tap("scores", scores(q, k, self.scale, geometry.added(), visible), at, there)
        w = tap("weights", weigh(s), at, there)  # (batch, heads, query, key)
        return mix(w, v).to(q.dtype)

    def own_keys(
        self, projected: Sequence[Tensor], geometry: Geometry, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, Tensor, LayerCache | None]:
        """Self-attention's keys and values: those in the cache, then those `projected` from the rows being read."""
        at, rotation = geometry.query_at, geometry.rotation
        k, v = (split(y, self.d_head) for y in projected)
        k = tap("k_straight", k if self.k_norm is None else self.k_norm(k), at)
        k = tap("k", k if rotation is None else rotation.turn(k), at)
        v = tap("v", v, at)
        if past is None:
            return k, v, None
        past = LayerCache(past.k.append(k), past.v.append(v), past.cross_k, past.cross_v)
        return past.k.tensor, past.v.tensor, past

    def source_keys(
        self, source: Tensor, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, Tensor, LayerCache | None]:
        """Cross-attention's keys and values, computed once in a decode. They are not rotated: two texts share no positions."""
        if past is not None and past.cross_k is not None and past.cross_v is not None:
            return past.cross_k, past.cross_v, past
        at = torch.arange(source.shape[1], device=source.device)
        k, v = (split(y, self.d_head) for y in project(source, self.k, self.v))
        k = tap("k_straight", k if self.k_norm is None else self.k_norm(k), at)
        k, v = tap("k", k, at), tap("v", v, at)
        return k, v, None if past is None else LayerCache(past.k, past.v, k, v)


def split(x: Tensor, d_head: int) -> Tensor:
    """(batch, time, heads * d_head) to (batch, heads, time, d_head)."""
    return x.unflatten(-1, (-1, d_head)).transpose(1, 2)


def merge(x: Tensor) -> Tensor:
    """(batch, heads, time, d_head) to (batch, time, heads * d_head)."""
    return x.transpose(1, 2).flatten(-2)
