"""One definition of the transformer, covering every family in `model.families`.

Read from the bottom: `Transformer` runs an encoder, a decoder, or both; a `Stack` is embeddings and blocks; a `Block`
is attention and a feed-forward around one stream.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.attention import Attention, Geometry
from model.cache import Cache, LayerCache
from model.config import Activation, TransformerConfig
from model.norms import build_norm
from model.positions import build_positions
from model.tap import SILENT, Tap

ACTIVATIONS: Mapping[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}


@dataclass(frozen=True)
class Dropout:
    """Shares of coordinates zeroed in training; nothing is dropped in `eval` mode."""

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
    """What a block reads besides its stream: where it stands, and the encoder's answer where there is one."""

    geometry: Geometry
    memory: Tensor | None = None  # (batch, key, d_model)
    memory_geometry: Geometry | None = None


class Block(nn.Module):
    """One layer. The order of norms and residuals, for a sublayer f:

    pre x + f(norm(x)); post norm(x + f(x)); sandwich x + norm(f(norm(x))); parallel x + attention(norm(x)) + ff(norm(x)).
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
            return self.side_by_side(x, around, tap, past)
        here = tap.at("self")
        h, past = self.self_attn(self.before(x, self.self_norm, here), None, around.geometry, here, past)
        x = self.add(x, h, self.self_norm, self.self_after, here, at)
        if self.cross_attn is not None and self.cross_norm is not None and around.memory_geometry is not None:
            here = tap.at("cross")
            h = self.before(x, self.cross_norm, here)
            h, past = self.cross_attn(h, around.memory, around.memory_geometry, here, past)
            x = self.add(x, h, self.cross_norm, None, here, at)
        assert self.feed_forward_norm is not None
        here = tap.at("feed_forward")
        h = self.feed_forward(self.before(x, self.feed_forward_norm, here), at, here)
        return self.add(x, h, self.feed_forward_norm, self.feed_forward_after, here, at), past

    def side_by_side(
        self, x: Tensor, around: Surroundings, tap: Tap, past: LayerCache | None
    ) -> tuple[Tensor, LayerCache | None]:
        """Attention and feed-forward read the same stream (Wang and Komatsuzaki 2021; Chowdhery et al. 2022)."""
        here, there, at = tap.at("self"), tap.at("feed_forward"), around.geometry.query_at
        h = self.before(x, self.self_norm, here)
        g = h if self.feed_forward_norm is None else self.before(x, self.feed_forward_norm, there)
        attended, past = self.self_attn(h, None, around.geometry, here, past)
        return x + here("out", attended, at) + there("out", self.feed_forward(g, at, there), at), past

    def before(self, x: Tensor, norm: nn.Module, tap: Tap) -> Tensor:
        """What a sublayer reads."""
        return tap("normed", x if self.order == "post" else norm(x))

    def add(self, x: Tensor, h: Tensor, norm: nn.Module, after: nn.Module | None, tap: Tap, at: Tensor) -> Tensor:
        """The stream with a sublayer's answer added."""
        h = tap("out", self.dropout(h if after is None else after(h)), at)
        return norm(x + h) if self.order == "post" else x + h


class Stack(nn.Module):
    """Embeddings, positions, blocks, and a last norm where there is one."""

    def __init__(self, config: TransformerConfig, *, causal: bool, cross: bool, dropout: Dropout) -> None:
        super().__init__()
        self.causal, self.embed_scale = causal, config.embed_scale
        self.windows = [config.layer_window(i) for i in range(config.layers("decoder" if causal else "encoder"))]
        self.positions = build_positions(config, bidirectional=not causal)
        self.segments = nn.Embedding(config.n_segments, config.d_model) if config.n_segments else None
        self.embed_norm = build_norm(config) if config.embed_norm else None
        self.dropout = nn.Dropout(dropout.embedding) if dropout.embedding else nn.Identity()
        self.blocks = nn.ModuleList(Block(config, cross=cross, dropout=dropout) for _ in self.windows)
        self.final_norm = build_norm(config) if config.final_norm else None

    def embed(self, x: Tensor, at: Tensor, segments: Tensor | None, tap: Tap) -> Tensor:
        """What enters the first block, from token embeddings (batch, time, d_model)."""
        x = tap("embedding", x * self.embed_scale if self.embed_scale != 1.0 else x)
        if (p := self.positions.embed(at)) is not None:
            x = x + tap("position", p.to(x.dtype)[None])
        if self.segments is not None:
            s = self.segments(
                torch.zeros(x.shape[:2], dtype=torch.long, device=x.device) if segments is None else segments
            )
            x = x + tap("segment", s)
        if self.embed_norm is not None:
            x = self.embed_norm(x)
        return tap("entering", self.dropout(x))

    def geometries(self, at: Tensor, key_at: Tensor, real: Tensor | None) -> dict[int | None, Geometry]:
        """One geometry for each kind of layer: those that see everything and those that see a window."""
        bias = self.positions.bias()
        return {
            window: Geometry(
                at, key_at, self.causal, window, real, bias, self.positions.rotation(at, local=window is not None)
            )
            for window in set(self.windows)
        }

    def forward(
        self,
        x: Tensor,
        *,
        real: Tensor | None = None,
        segments: Tensor | None = None,
        memory: Tensor | None = None,
        memory_real: Tensor | None = None,
        cache: Cache | None = None,
        tap: Tap = SILENT,
    ) -> tuple[Tensor, Cache | None]:
        """The final stream, (batch, time, d_model), from token embeddings of the rows not yet in the cache."""
        start = 0 if cache is None else cache.length
        key_at = torch.arange(start + x.shape[1], device=x.device)
        at = key_at[start:]
        x = self.embed(x, at, segments, tap)
        geometries = self.geometries(at, key_at, real)
        across = (
            None if memory is None else Geometry(at, torch.arange(memory.shape[1], device=x.device), real=memory_real)
        )
        layers: list[LayerCache] = []
        for i, (block, window) in enumerate(zip(self.blocks, self.windows, strict=True)):
            around = Surroundings(geometries[window], memory, across)
            x, past = block(x, around, tap.at(i), None if cache is None else cache.layers[i])
            if past is not None:
                layers.append(past)
        x = tap("leaving", x)
        x = tap("final", x if self.final_norm is None else self.final_norm(x))
        return x, None if cache is None else Cache(tuple(layers))


class Head(nn.Module):
    """From the last stream to logits; BERT passes it through one more layer first (Devlin et al. 2019)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.scale = config.logit_scale
        self.dense = nn.Linear(config.d_model, config.d_model) if config.head == "masked_lm" else None
        self.act = ACTIVATIONS[config.head_activation]
        self.norm = build_norm(config) if config.head == "masked_lm" else None
        self.out = nn.Linear(config.d_model, config.vocab_size, bias=config.logit_bias)

    def forward(self, x: Tensor) -> Tensor:
        """(..., vocab) for a stream (..., d_model)."""
        if self.dense is not None and self.norm is not None:
            x = self.norm(self.act(self.dense(x)))
        return self.out(x if self.scale == 1.0 else x * self.scale)


class Relation(nn.Module):
    """BERT's judgement of two sentences, read from the first position."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.pooler = nn.Linear(config.d_model, config.d_model)
        self.out = nn.Linear(config.d_model, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 2) logits for a stream (batch, time, d_model)."""
        return self.out(torch.tanh(self.pooler(x[:, 0])))


class Transformer(nn.Module):
    """Weights, and nothing about any run. Every method is safe to call from many threads at once in `eval` mode."""

    def __init__(self, config: TransformerConfig, dropout: Dropout = Dropout()) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        both = config.kind == "encoder-decoder"
        self.encoder = Stack(config, causal=False, cross=False, dropout=dropout) if config.encoder_layers else None
        self.decoder = Stack(config, causal=True, cross=both, dropout=dropout) if config.decoder_layers else None
        self.head = None if config.head == "none" else Head(config)
        self.relation = Relation(config) if config.relation else None
        self.tie()

    def tie(self) -> None:
        """One table for embedding and output, where the config says so; moving off the meta device splits them."""
        if self.config.tied and self.head is not None:
            self.head.out.weight = self.tokens.weight

    def encode(
        self, source: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None, tap: Tap = SILENT
    ) -> Tensor:
        """The encoder's answer, (batch, time, d_model), for ids (batch, time); `real` is False at padding."""
        assert self.encoder is not None, "this model has no encoder"
        x, _ = self.encoder(self.tokens(source), real=real, segments=segments, tap=tap.at("encoder"))
        return x

    def decode(
        self,
        target: Tensor,
        memory: Tensor | None = None,
        *,
        real: Tensor | None = None,
        memory_real: Tensor | None = None,
        tap: Tap = SILENT,
    ) -> Tensor:
        """The decoder's final stream, (batch, time, d_model), for ids (batch, time) read from their start."""
        assert self.decoder is not None, "this model has no decoder"
        x = self.tokens(target)
        x, _ = self.decoder(x, real=real, memory=memory, memory_real=memory_real, tap=tap.at("decoder"))
        return x

    def advance(
        self,
        target: Tensor,
        cache: Cache,
        memory: Tensor | None = None,
        *,
        memory_real: Tensor | None = None,
        tap: Tap = SILENT,
    ) -> tuple[Tensor, Cache]:
        """Reads ids (batch, new) that follow those in the cache: their final stream and the longer cache."""
        assert self.decoder is not None, "this model has no decoder"
        x, longer = self.decoder(
            self.tokens(target), memory=memory, memory_real=memory_real, cache=cache, tap=tap.at("decoder")
        )
        return x, longer

    def forward(
        self,
        tokens: Tensor,
        source: Tensor | None = None,
        *,
        real: Tensor | None = None,
        source_real: Tensor | None = None,
        segments: Tensor | None = None,
        tap: Tap = SILENT,
    ) -> Tensor:
        """The final stream of the stack that predicts, (batch, time, d_model); `head` turns it into logits.

        tokens (batch, time) are what that stack reads; `source` (batch, key) feeds the encoder of a model with both.
        """
        if self.decoder is None:
            return self.encode(tokens, real=real, segments=segments, tap=tap)
        if self.encoder is None:
            return self.decode(tokens, real=real, tap=tap)
        assert source is not None, "a model with both stacks needs a source"
        memory = self.encode(source, real=source_real, tap=tap)
        return self.decode(tokens, memory, real=real, memory_real=source_real, tap=tap)
