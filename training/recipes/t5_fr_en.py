"""t5-fr-en: translates and fills blanks, with the architecture of T5 1.1 (Raffel et al. 2020; gated: Shazeer 2020)."""

from model.config import TransformerConfig
from training.recipe import Recipe

D_MODEL, D_HEAD = 256, 32

RECIPE = Recipe(
    task="text to text",
    config=TransformerConfig(
        vocab_size=6_008,  # the translator's 6,000 pieces and 8 sentinels
        d_model=D_MODEL,
        n_heads=8,
        d_head=D_HEAD,
        d_ff=320,
        max_positions=None,
        encoder_layers=3,
        decoder_layers=2,
        positions="relative",
        norm="rms",
        norm_eps=1e-6,
        qkv_bias=False,
        out_bias=False,
        ff_bias=False,
        activation="gelu_tanh",
        gated=True,
        attention_scale=1.0,
        logit_scale=D_MODEL**-0.5,
        tied=True,
    ),
    embedding_dropout=0.05,
    sublayer_dropout=0.0,
    label_smoothing=0.1,
    peak_rate=1.5e-3,
    warmup_steps=400,
    betas=(0.9, 0.98),
    weight_decay=0.01,
    clip_norm=1.0,
    ema_decay=0.998,
    batch_tokens=2_500,
    epochs=5,
    lexicon_copies=6,
    seed=2019,
    embedding_rate=4.0,
)
