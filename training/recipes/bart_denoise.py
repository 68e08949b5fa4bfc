"""bart-denoise: BART (Lewis et al. 2020) at 1.3 million parameters, on sentences of short stories."""

from model.config import TransformerConfig
from training.recipe import Recipe

RECIPE = Recipe(
    task="denoise",
    config=TransformerConfig(
        vocab_size=2_048,
        d_model=128,
        n_heads=4,
        d_head=32,
        d_ff=256,
        max_positions=512,
        encoder_layers=3,
        decoder_layers=3,
        positions="learned",
        position_offset=2,
        order="post",
        embed_norm=True,
        final_norm=False,
        activation="gelu",
        logit_bias=True,
    ),
    embedding_dropout=0.0,
    sublayer_dropout=0.0,
    label_smoothing=0.0,
    peak_rate=2e-3,
    warmup_steps=200,
    betas=(0.9, 0.98),
    weight_decay=0.01,
    clip_norm=1.0,
    ema_decay=0.99,
    batch_tokens=3_072,
    epochs=6,
    seed=2020,
)
