"""One definition of the transformer, covering every family in `model.families`.

Read from the bottom: `Transformer` runs an encoder, a decoder, or both; a `Stack` is embeddings and blocks; `Head` and
`Relation` predict from the final stream.
"""

import torch
from torch import Tensor, nn

from model.attention import Geometry
from model.block import ACTIVATIONS, Block, Dropout, Surroundings
from model.cache import Cache, LayerCache
from model.config import TransformerConfig
from model.norms import build_norm
from model.positions import build_positions
from model.tap import SILENT, Tap


class Stack(nn.Module):
    """Embeddings, positions, blocks, and a final norm where there is one."""

    def __init__(self, config: TransformerConfig, *, causal: bool, cross: bool, dropout: Dropout) -> None:
        super().__init__()
        self.causal, self.embed_scale = causal, config.embed_scale
        self.unplaced = config.unplaced
        self.windows = [config.layer_window(i) for i in range(config.layers("decoder" if causal else "encoder"))]
        self.positions = build_positions(config, bidirectional=not causal)
        self.segments = nn.Embedding(config.n_segments, config.d_model) if config.n_segments else None
        self.embed_norm = build_norm(config) if config.embed_norm else None
        self.dropout = nn.Dropout(dropout.embedding) if dropout.embedding else nn.Identity()
        self.blocks = nn.ModuleList(Block(config, cross=cross, dropout=dropout) for _ in self.windows)
        self.final_norm = build_norm(config) if config.final_norm else None

    def embed(self, x: Tensor, at: Tensor, segments: Tensor | None, tap: Tap) -> Tensor:
        """What enters the first block, from token embeddings (batch, time, d_model) at positions (time,) or (batch, time)."""
        x = tap("embedding", x * self.embed_scale if self.embed_scale != 1.0 else x)
        if (p := self.positions.embed(at)) is not None:
            p = p.to(x.dtype)
            x = x + tap("position", p if p.ndim == x.ndim else p[None])
        if self.segments is not None:
            s = self.segments(
                torch.zeros(x.shape[:2], dtype=torch.long, device=x.device) if segments is None else segments
            )
            x = x + tap("segment", s)
        if self.embed_norm is not None:
            x = self.embed_norm(x)
        return tap("entering", self.dropout(x))

    def places(self, ids: Tensor) -> Tensor | None:
        """(batch, time): the positions of ids where some of them take none: those stand at -1, below the first. Else None."""
        if self.unplaced is None or not bool((ids == self.unplaced).any()):
            return None
        counted = ids != self.unplaced
        return counted.cumsum(dim=1) * counted - 1

    def geometries(self, at: Tensor, key_at: Tensor, real: Tensor | None) -> dict[int | None, Geometry]:
        """The geometry of each kind of layer, by its window; None: layers without one."""
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
        places: Tensor | None = None,
        tap: Tap = SILENT,
    ) -> tuple[Tensor, Cache | None]:
        """The final stream, (batch, time, d_model), from token embeddings of the rows not yet in the cache.

        `places` (batch, time) are their positions where these do not simply count on.
        """
        start = 0 if cache is None else cache.length
        key_at = torch.arange(start + x.shape[1], device=x.device)
        at = key_at[start:]
        x = self.embed(x, at if places is None else places, segments, tap)
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
    """From the final stream to logits; BERT has one more layer in between (Devlin et al. 2019)."""

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
    """BERT's next-sentence prediction, from the first position (Devlin et al. 2019)."""

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
        """Makes embedding and output one table where the config says so. Call it again after moving off the meta device."""
        if self.config.tied and self.head is not None:
            self.head.out.weight = self.tokens.weight

    def encode(
        self, source: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None, tap: Tap = SILENT
    ) -> Tensor:
        """The encoder's output, (batch, time, d_model), for ids (batch, time); `real` (batch, time) is False at padding."""
        assert self.encoder is not None, "this model has no encoder"
        places = self.encoder.places(source)
        x, _ = self.encoder(self.tokens(source), real=real, segments=segments, places=places, tap=tap.at("encoder"))
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
        """The decoder's final stream, (batch, time, d_model), for ids (batch, time) without a cache."""
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
        """Reads ids (batch, new) after those in the cache: their final stream, (batch, new, d_model), and the longer cache."""
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

        `tokens` (batch, time) are the ids that stack reads; `source` (batch, key) those of the encoder in a model with both.
        """
        if self.decoder is None:
            return self.encode(tokens, real=real, segments=segments, tap=tap)
        if self.encoder is None:
            return self.decode(tokens, real=real, tap=tap)
        assert source is not None, "a model with both stacks needs a source"
        memory = self.encode(source, real=source_real, tap=tap)
        return self.decode(tokens, memory, real=real, memory_real=source_real, tap=tap)
