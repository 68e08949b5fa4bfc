"""Attention, and the pure functions it is made of.

`scores`, `weigh` and `mix` are used twice: by the forward where an edit touches them, and by the trace, which keeps
queries, keys and values and works the patterns out again when a page asks for them.
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
from model.weight_layout import apply_together


@dataclass(frozen=True, eq=False)
class Geometry:
    """Who may look at whom, what distance costs them, and how they turn. One object serves all layers of a run."""

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
        """Whether the fused kernel's own causal mask says the same: it aligns top-left, so only for square maps."""
        same = len(self.query_at) == len(self.key_at)
        return self.causal and same and self.real is None and self.window is None and self.bias is None

    def visible(self) -> Tensor:
        """(batch or 1, 1, query, key) bool: which keys each query may look at."""
        if "visible" not in self._built:
            ahead = self.key_at - self.query_at[:, None]
            seen = ahead <= 0 if self.causal else torch.ones_like(ahead, dtype=torch.bool)
            if self.window is not None:
                seen = seen & (ahead.abs() < self.window)
            shown = seen[None, None]
            self._built["visible"] = shown if self.real is None else shown & self.real[:, None, None, :]
        return self._built["visible"]

    def added(self) -> Tensor | None:
        """(heads, query, key): what the position scheme adds to the scores; None where it adds nothing."""
        if self.bias is None:
            return None
        if "bias" not in self._built:
            self._built["bias"] = self.bias(self.query_at, self.key_at)
        return self._built["bias"]

    def fused_mask(self, dtype: torch.dtype) -> Tensor | None:
        """Mask and bias in the form the fused kernel takes."""
        added = self.added()
        if added is None:
            return self.visible() if self.masks else None
        if "fused" not in self._built:
            fused = added.to(dtype)[None]
            self._built["fused"] = fused.masked_fill(~self.visible(), float("-inf")) if self.masks else fused
        return self._built["fused"]


def scores(q: Tensor, k: Tensor, scale: float, bias: Tensor | None, visible: Tensor | None) -> Tensor:
    """How strongly each query calls each key: (..., heads, query, key) float32, minus infinity where a key is hidden.

    q is (..., heads, query, d_head), k (..., kv_heads, key, d_head); query heads share key heads in order, in groups
    (Ainslie et al. 2023). Equation 1 of Vaswani et al. 2017, plus what the position scheme adds.
    """
    k = k.repeat_interleave(q.shape[-3] // k.shape[-3], dim=-3)
    s = q.float() @ k.float().transpose(-2, -1) * scale
    if bias is not None:
        s = s + bias
    return s if visible is None else s.masked_fill(~visible, float("-inf"))


def weigh(s: Tensor) -> Tensor:
    """Scores as shares of one, per query. A query with no key left gives every key nothing, rather than 0/0."""
    return s.softmax(dim=-1).masked_fill((s == float("-inf")).all(dim=-1, keepdim=True), 0.0)


def mix(weights: Tensor, v: Tensor) -> Tensor:
    """Each head's answer: the values averaged by weight, (..., heads, query, d_head) float32."""
    return weights @ v.float().repeat_interleave(weights.shape[-3] // v.shape[-3], dim=-3)


def fused(q: Tensor, k: Tensor, v: Tensor, scale: float, geometry: Geometry) -> Tensor:
    """`mix(weigh(scores(...)), v)` in one kernel that never holds the pattern."""
    shared = q.shape[1] != k.shape[1]
    if geometry.plain_causal and len(geometry.query_at) > 1:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=shared)
    mask = geometry.fused_mask(q.dtype)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale, enable_gqa=shared)


class Attention(nn.Module):
    """Queries from one stream, keys and values from the same or another (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.n_heads, self.kv_heads, self.scale = config.n_heads, config.kv_heads, config.scale
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
        """What this sublayer adds, (batch, query, d_model). `source` None: x looks at itself and what came before."""
        at = geometry.query_at
        if source is None:
            flat, *own = apply_together((self.q, self.k, self.v), x)
        else:
            flat, own = self.q(x), []
        q = split(flat, self.n_heads)  # (batch, heads, query, d_head)
        if self.q_norm is not None:
            q = self.q_norm(q)
        q = tap("q_straight", q, at)
        if geometry.rotation is not None:
            q = geometry.rotation.turn(q)
        q = tap("q", q, at)
        if source is None:
            k, v, past = self.look_within(own, geometry, tap, past)
        else:
            k, v, past = self.look_across(source, tap, past)
        if tap.touches("scores") or tap.touches("weights"):
            z = self.explicit(q, k, v, geometry, tap)
        else:
            z = fused(q, k, v, self.scale, geometry)
        z = tap("mixed", z, at)  # (batch, heads, query, d_head)
        return self.o(merge(z)), past

    def explicit(self, q: Tensor, k: Tensor, v: Tensor, geometry: Geometry, tap: Tap) -> Tensor:
        """The same answer by way of the pattern, for runs that change or keep it."""
        at, there = geometry.query_at, geometry.key_at
        visible = geometry.visible() if geometry.masks else None
        s = tap("scores", scores(q, k, self.scale, geometry.added(), visible), at, there)
        w = tap("weights", weigh(s), at, there)  # (batch, heads, query, key)
        return mix(w, v).to(q.dtype)

    def heads_of(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values, (batch, kv_heads, key, d_head), before any rotation."""
        k, v = split(keys, self.kv_heads), split(values, self.kv_heads)
        return (k if self.k_norm is None else self.k_norm(k)), v

    def look_within(
        self, own: Sequence[Tensor], geometry: Geometry, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, Tensor, LayerCache | None]:
        """Keys and values of the stream itself, `own`, after those already in the cache."""
        at = geometry.query_at
        k, v = self.heads_of(*own)
        k = tap("k_straight", k, at)
        if geometry.rotation is not None:
            k = geometry.rotation.turn(k)
        k, v = tap("k", k, at), tap("v", v, at)
        if past is None:
            return k, v, None
        past = LayerCache(past.k.append(k), past.v.append(v), past.cross_k, past.cross_v)
        return past.k.tensor, past.v.tensor, past

    def look_across(
        self, source: Tensor, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, Tensor, LayerCache | None]:
        """Keys and values of the encoder's answer, worked out once a decode."""
        if past is not None and past.cross_k is not None and past.cross_v is not None:
            return past.cross_k, past.cross_v, past
        k, v = self.heads_of(self.k(source), self.v(source))
        there = torch.arange(source.shape[1], device=source.device)
        k, v = tap("k", tap("k_straight", k, there), there), tap("v", v, there)  # nothing turns between two texts
        return k, v, None if past is None else LayerCache(past.k, past.v, k, v)


def split(x: Tensor, heads: int) -> Tensor:
    """(batch, time, heads * d_head) to (batch, heads, time, d_head)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge(x: Tensor) -> Tensor:
    """(batch, heads, time, d_head) to (batch, time, heads * d_head)."""
    return x.transpose(1, 2).flatten(-2)
