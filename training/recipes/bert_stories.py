"""bert-stories: BERT (Devlin et al. 2019) at 1.2 million parameters, on short stories."""

from model.config import TransformerConfig
from training.recipe import Recipe

RECIPE = Recipe(
    task="mask",
    config=TransformerConfig(
        vocab_size=3_072,
        d_model=128,
        n_heads=4,
        d_head=32,
        d_ff=384,
        max_positions=512,
        encoder_layers=4,
        n_segments=2,
        positions="learned",
        order="post",
        norm_eps=1e-12,
        embed_norm=True,
        final_norm=False,
        activation="gelu",
        head="masked_lm",
        head_activation="gelu",
        logit_bias=True,
        relation=True,
    ),
    embedding_dropout=0.0,
    sublayer_dropout=0.0,
    label_smoothing=0.0,
    peak_rate=3e-3,
    warmup_steps=50,
    betas=(0.9, 0.98),
    weight_decay=0.01,
    clip_norm=1.0,
    ema_decay=0.99,
    batch_tokens=3_072,
    epochs=12,
    seed=2018,
    optimizer="muon",
)
