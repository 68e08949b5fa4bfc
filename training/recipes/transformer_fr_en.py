"""French to English with the architecture of Vaswani et al. (2017) at small size."""

from model.config import TransformerConfig
from training.recipe import Recipe

D_MODEL = 256

RECIPE = Recipe(
    task="translate",
    config=TransformerConfig(
        vocab_size=6_000,
        d_model=D_MODEL,
        n_heads=8,
        d_head=32,
        d_ff=1_024,
        max_positions=1_024,
        encoder_layers=3,
        decoder_layers=3,
        positions="sinusoidal",
        order="post",
        final_norm=False,
        activation="relu",
        embed_scale=D_MODEL**0.5,
        logit_bias=True,
        tied=True,
    ),
    embedding_dropout=0.1,
    sublayer_dropout=0.0,
    label_smoothing=0.1,
    peak_rate=1e-3,
    warmup_steps=1_000,
    betas=(0.9, 0.98),
    weight_decay=0.01,
    clip_norm=1.0,
    ema_decay=0.9985,
    batch_tokens=2_500,
    epochs=8,
    lexicon_copies=6,
    seed=2017,
)
