"""One layer of a stack: attention and a feed-forward network around one stream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from model.attention import Attention, Geometry
from model.cache import LayerCache
from model.config import Activation, TransformerConfig
from model.norms import build_norm
from model.tap import Tap

ACTIVATIONS: Mapping[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}


@dataclass(frozen=True)
class Dropout:
    """Probabilities with which a number is set to zero in training; nothing is dropped in `eval` mode."""

    embedding: float = 0.0
    sublayer: float = 0.0


class FeedForward(nn.Module):
    """Two linear maps around an activation, at each position (Vaswani et al. 2017, 3.3; gated: Shazeer 2020)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.act = ACTIVATIONS[config.activation]
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.ff_bias)
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=config.ff_bias) if config.gated else None
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.ff_bias)

    def forward(self, x: Tensor, at: Tensor, tap: Tap) -> Tensor:
        h = self.act(self.up(x)) if self.gate is None else self.act(self.gate(x)) * self.up(x)
        h = tap("hidden", h, at)  # (batch, time, d_ff)
        return self.down(h)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a block reads besides its stream: positions and masks, and the encoder's output where there is one."""

    geometry: Geometry
    memory: Tensor | None = None  # (batch, key, d_model)
    memory_geometry: Geometry | None = None


class Block(nn.Module):
    """One layer, in one of four orders of norms and residual connections.

        pre                 post                sandwich            parallel

        ┌─ x                ┌─ x                ┌─ x                ┌─ x ───────────┐
        │  ↓                │  ↓                │  ↓                │  ↓            ↓
        │  norm             │  attention        │  norm             │  norm         norm
        │  ↓                │  ↓                │  ↓                │  ↓            ↓
        │  attention        └► +                │  attention        │  attention    feed-forward
        │  ↓                   ↓                │  ↓                │  ↓            │
        └► +                   norm             │  norm             └► + ◄──────────┘
        ┌─ ┤                ┌─ ┤                │  ↓
        │  ↓                │  ↓                └► +
        │  norm             │  feed-forward     ┌─ ┤
        │  ↓                │  ↓                │  ↓
        │  feed-forward     └► +                │  norm
        │  ↓                   ↓                │  ↓
        └► +                   norm             │  feed-forward
                                                │  ↓
                                                │  norm
                                                │  ↓
                                                └► +

    Cross-attention, in the decoder of an encoder-decoder, is one more such part between attention and feed-forward. In
    "parallel" with `parallel_norms` 1, both branches read the same norm.
    """

    def __init__(self, config: TransformerConfig, *, cross: bool, dropout: Dropout) -> None:
        super().__init__()
        sandwich, parallel = config.order == "sandwich", config.order == "parallel"
        self.order = config.order
        self.dropout = nn.Dropout(dropout.sublayer) if dropout.sublayer else nn.Identity()
        self.self_norm, self.self_attn = build_norm(config), Attention(config)
        self.cross_norm = build_norm(config) if cross else None
        self.cross_attn = Attention(config) if cross else None
        self.feed_forward_norm = None if parallel and config.parallel_norms == 1 else build_norm(config)
        self.feed_forward = FeedForward(config)
        self.self_after = build_norm(config) if sandwich else None
        self.feed_forward_after = build_norm(config) if sandwich else None

    def forward(
        self, x: Tensor, around: Surroundings, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, LayerCache | None]:
        """(batch, time, d_model) in and out."""
        at = around.geometry.query_at
        x = tap("stream", x, at)
        if self.order == "parallel":
            return self.parallel(x, around, tap, past)
        here = tap.at("self")
        h, past = self.self_attn(self.sublayer_input(x, self.self_norm, here), None, around.geometry, here, past)
        x = self.add(x, h, self.self_norm, self.self_after, here, at)
        if self.cross_attn is not None and self.cross_norm is not None and around.memory_geometry is not None:
            here = tap.at("cross")
            h = self.sublayer_input(x, self.cross_norm, here)
            h, past = self.cross_attn(h, around.memory, around.memory_geometry, here, past)
            x = self.add(x, h, self.cross_norm, None, here, at)
        assert self.feed_forward_norm is not None
        here = tap.at("feed_forward")
        h = self.feed_forward(self.sublayer_input(x, self.feed_forward_norm, here), at, here)
        return self.add(x, h, self.feed_forward_norm, self.feed_forward_after, here, at), past

    def parallel(
        self, x: Tensor, around: Surroundings, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, LayerCache | None]:
        """The forward pass where attention and feed-forward read the same stream (Wang and Komatsuzaki 2021; Chowdhery et al.
        2022)."""
        here, there, at = tap.at("self"), tap.at("feed_forward"), around.geometry.query_at
        h = self.sublayer_input(x, self.self_norm, here)
        g = h if self.feed_forward_norm is None else self.sublayer_input(x, self.feed_forward_norm, there)
        attended, past = self.self_attn(h, None, around.geometry, here, past)
        return x + here("out", attended, at) + there("out", self.feed_forward(g, at, there), at), past

    def sublayer_input(self, x: Tensor, norm: nn.Module, tap: Tap) -> Tensor:
        """What a sublayer reads: the stream, or its norm where the norm comes first."""
        return tap("normed", x if self.order == "post" else norm(x))

    def add(self, x: Tensor, h: Tensor, norm: nn.Module, after: nn.Module | None, tap: Tap, at: Tensor) -> Tensor:
        """The stream with a sublayer's output `h` added, normed where the norm comes last."""
        h = tap("out", self.dropout(h if after is None else after(h)), at)
        return norm(x + h) if self.order == "post" else x + h
