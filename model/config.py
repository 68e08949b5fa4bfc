"""The config of a model: one frozen record for all families."""

import math
from dataclasses import dataclass, field
from typing import Literal

Scheme = Literal["none", "sinusoidal", "learned", "rotary", "alibi", "relative"]
Order = Literal["pre", "post", "parallel", "sandwich"]
Norm = Literal["layer", "rms"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu"]
HeadKind = Literal["linear", "masked_lm", "none"]
Kind = Literal["encoder", "decoder", "encoder-decoder", "recurrent"]
Recurrence = Literal["none", "lstm"]


@dataclass(frozen=True, kw_only=True)
class Llama3Scaling:
    """Llama 3.1's scaling of low rotary frequencies by `factor`, with a ramp between two wavelengths (Grattafiori et al. 2024)."""

    factor: float
    low_frequency: float
    high_frequency: float
    trained_positions: int

    def __post_init__(self) -> None:
        if not (self.factor > 0 and 0 < self.low_frequency < self.high_frequency and self.trained_positions > 0):
            raise ValueError(
                "a Llama 3 scaling needs a factor above 0, high_freq_factor above low_freq_factor above 0, and positions it "
                "was trained on"
            )


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Everything in which one transformer differs from another.

    A family never appears here by name: code that needs to know "is this BLOOM?" asks `positions == "alibi"`.
    Raises ValueError with a sentence where two choices contradict each other.
    """

    # Sizes
    vocab_size: int
    d_model: int
    n_heads: int
    d_head: int
    d_ff: int
    max_positions: int | None  # None: the scheme sets no limit (relative buckets, ALiBi)
    encoder_layers: int = 0
    decoder_layers: int = 0
    n_kv_heads: int = 0  # 0: one per query head
    n_segments: int = 0  # BERT's token types
    recurrence: Recurrence = "none"  # what decoder layers are instead of blocks; then there are no heads: n_heads is 0

    # Positions
    positions: Scheme = "learned"
    position_offset: int = 0  # BART's table starts counting at 2
    unplaced: int | None = field(default=None, repr=False)  # RoBERTa: this id, its padding, is not counted by positions
    rotary_base: float = 10_000.0
    rotary_share: float = 1.0  # the part of each head that is rotated (GPT-NeoX: a quarter)
    rotary_scale: float = 1.0  # linear scaling: positions divided by this
    rotary_llama3: Llama3Scaling | None = None
    local_rotary_base: float | None = None  # Gemma 3: another base in the layers with a window
    relative_buckets: int = 32
    relative_reach: int = 128

    # Attention window
    window: int | None = None  # a query sees this many keys, itself included
    window_layers: tuple[int, ...] | None = None  # None: every layer, where there is a window

    # Around the sublayers
    order: Order = "pre"
    norm: Norm = "layer"
    norm_eps: float = 1e-5
    norm_offset: float = 0.0  # Gemma scales by 1 + weight
    embed_norm: bool = False
    final_norm: bool = True
    parallel_norms: int = 1  # GPT-NeoX norms attention and feed-forward separately
    qk_norm: bool = False

    # Inside the sublayers
    qkv_bias: bool = True
    out_bias: bool = True
    ff_bias: bool = True
    norm_bias: bool = True
    activation: Activation = "gelu"
    gated: bool = False
    attention_scale: float | None = None  # None: 1/sqrt(d_head); T5 trains without one

    # From vectors to tokens
    embed_scale: float = 1.0
    logit_scale: float = 1.0
    tied: bool = True
    head: HeadKind = "linear"
    head_activation: Activation = "gelu"  # inside the masked-word head
    logit_bias: bool = False
    relation: bool = False  # BERT's pooler and next-sentence head

    def __post_init__(self) -> None:
        if self.recurrence != "none":
            self._check_recurrence()
            return
        self._check_sizes()
        self._check_numbers()
        if self.n_heads % self.kv_heads:
            raise ValueError(f"{self.n_heads} query heads cannot share {self.kv_heads} key heads evenly")
        if self.order == "parallel" and self.encoder_layers:
            raise ValueError("parallel blocks are only defined for decoder-only models")
        if self.positions == "rotary" and (self.rotary_dims % 2 or self.rotary_dims < 2):
            raise ValueError(
                f"a rotation turns pairs of coordinates; {self.rotary_dims} of {self.d_head} are not pairs"
            )
        if self.positions in ("sinusoidal", "learned") and self.max_positions is None:
            raise ValueError(f"{self.positions} positions need max_positions")
        if self.positions == "relative":
            exact = self.relative_buckets // (4 if self.encoder_layers else 2)  # both directions share an encoder's
            near = self.relative_buckets // (2 if self.decoder_layers else 4)
            if exact < 1 or self.relative_reach <= near:
                raise ValueError(f"{self.relative_buckets} buckets cannot reach {self.relative_reach} positions")

    def _check_recurrence(self) -> None:
        if self.encoder_layers or self.positions != "none" or self.window is not None or self.relation:
            raise ValueError("a recurrent model reads in order: it has no encoder, no position scheme and no window")
        if self.n_heads or self.n_kv_heads or self.n_segments or self.d_head or self.d_ff:
            raise ValueError("a recurrent model has neither heads nor a feed-forward: their sizes are 0")
        if min(self.vocab_size, self.d_model, self.decoder_layers) < 1:
            raise ValueError("vocab_size, d_model and decoder_layers must be positive")

    def _check_sizes(self) -> None:
        if min(self.encoder_layers, self.decoder_layers) < 0 or not (self.encoder_layers or self.decoder_layers):
            raise ValueError("a model needs an encoder, a decoder, or both")
        if min(self.vocab_size, self.d_model, self.n_heads, self.d_head, self.d_ff) < 1:
            raise ValueError("vocab_size, d_model, n_heads, d_head and d_ff must be positive")
        if min(self.n_kv_heads, self.n_segments, self.position_offset) < 0:
            raise ValueError("key heads, segments and the offset of positions cannot be negative")
        if self.max_positions is not None and self.max_positions < 1:
            raise ValueError(f"a model with {self.max_positions} positions reads nothing")
        if self.window is not None and self.window < 1:
            raise ValueError(f"a window of {self.window} tokens shows nothing")

    def _check_numbers(self) -> None:
        if not (math.isfinite(self.norm_eps) and self.norm_eps >= 0):
            raise ValueError(f"a norm cannot add {self.norm_eps} to a variance")
        bases = [self.rotary_base, self.rotary_scale]
        bases += [] if self.local_rotary_base is None else [self.local_rotary_base]
        if not all(math.isfinite(base) and base > 0 for base in bases):
            raise ValueError("a rotation's base and scale must be above 0")
        if not 0 < self.rotary_share <= 1:
            raise ValueError(f"a share of {self.rotary_share} of a head cannot turn")
        if not all(
            isinstance(x, int | float) and math.isfinite(x) for x in (self.scale, self.embed_scale, self.logit_scale)
        ):
            raise ValueError("scores, embeddings and logits are scaled by finite numbers")

    @property
    def kind(self) -> Kind:
        """Encoder, decoder, encoder-decoder, or a recurrent network."""
        if self.recurrence != "none":
            return "recurrent"
        if self.encoder_layers and self.decoder_layers:
            return "encoder-decoder"
        return "encoder" if self.encoder_layers else "decoder"

    @property
    def kv_heads(self) -> int:
        """The number of key and value heads; several query heads share one where it is smaller than n_heads."""
        return self.n_kv_heads or self.n_heads

    @property
    def scale(self) -> float:
        """The factor of q.k in the scores."""
        return self.d_head**-0.5 if self.attention_scale is None else self.attention_scale

    @property
    def rotary_dims(self) -> int:
        """The number of coordinates of a head that are rotated."""
        return int(self.d_head * self.rotary_share)

    def layers(self, stack: str) -> int:
        """The number of blocks in a stack ("encoder" or "decoder")."""
        return self.encoder_layers if stack == "encoder" else self.decoder_layers

    def layer_window(self, layer: int) -> int | None:
        """How many keys a query of this layer sees, itself included; None: all."""
        return self.window if self.window_layers is None or layer in self.window_layers else None
