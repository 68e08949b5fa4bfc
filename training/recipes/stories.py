"""The five decoders that continue stories: one corpus, one budget of parameters, five architectures.

About 1.1 million parameters each. Four of them share a tokenizer of 3,072 pieces. Jurassic's has phrases, so that a story
has fewer tokens: eight epochs cost as much as six of the others (Lieber et al. 2021).
"""

from model.config import TransformerConfig
from training.recipe import Recipe

VOCAB, D_MODEL, LAYERS, HEADS, D_HEAD = 3_072, 128, 3, 4, 32
POSITIONS = 512


def recipe(config: TransformerConfig, *, word_pieces: int = 0, epochs: int = 4, embedding_rate: float = 1.0) -> Recipe:
    """The settings that the five have in common."""
    return Recipe(
        task="continue",
        config=config,
        embedding_dropout=0.0,
        sublayer_dropout=0.0,
        label_smoothing=0.0,
        peak_rate=3e-3,
        warmup_steps=100,
        betas=(0.9, 0.95),
        weight_decay=0.1,
        clip_norm=1.0,
        ema_decay=0.99,
        batch_tokens=2_048,
        epochs=epochs,
        seed=2019,
        word_pieces=word_pieces,
        optimizer="muon",
        embedding_rate=embedding_rate,
    )


GPT = recipe(
    TransformerConfig(
        vocab_size=VOCAB,
        d_model=D_MODEL,
        n_heads=HEADS,
        d_head=D_HEAD,
        d_ff=512,
        max_positions=POSITIONS,
        decoder_layers=LAYERS,
        positions="learned",
        activation="gelu_tanh",
    )
)

BLOOM = recipe(
    TransformerConfig(
        vocab_size=VOCAB,
        d_model=D_MODEL,
        n_heads=HEADS,
        d_head=D_HEAD,
        d_ff=512,
        max_positions=None,
        decoder_layers=LAYERS,
        positions="alibi",
        embed_norm=True,
        activation="gelu_tanh",
    )
)

LLAMA = recipe(
    TransformerConfig(
        vocab_size=VOCAB,
        d_model=D_MODEL,
        n_heads=HEADS,
        n_kv_heads=2,
        d_head=D_HEAD,
        d_ff=384,
        max_positions=POSITIONS,
        decoder_layers=LAYERS,
        positions="rotary",
        norm="rms",
        qkv_bias=False,
        out_bias=False,
        ff_bias=False,
        activation="silu",
        gated=True,
    )
)

PALM = recipe(
    TransformerConfig(
        vocab_size=VOCAB,
        d_model=D_MODEL,
        n_heads=HEADS,
        n_kv_heads=1,
        d_head=D_HEAD,
        d_ff=400,
        max_positions=POSITIONS,
        decoder_layers=LAYERS,
        positions="rotary",
        order="parallel",
        norm_bias=False,
        qkv_bias=False,
        out_bias=False,
        ff_bias=False,
        activation="silu",
        gated=True,
        logit_scale=D_MODEL**-0.5,
    ),
    embedding_rate=D_MODEL**0.5,
)

JURASSIC = recipe(
    TransformerConfig(
        vocab_size=3_584,
        d_model=D_MODEL,
        n_heads=HEADS,
        d_head=D_HEAD,
        d_ff=512,
        max_positions=POSITIONS,
        decoder_layers=LAYERS,
        positions="learned",
        activation="gelu_tanh",
    ),
    word_pieces=2_304,
    epochs=8,
)
