"""transformer-ko-en: Korean to English with the sizes of transformer-fr-en."""

from dataclasses import replace

from training.recipes import transformer_fr_en

RECIPE = replace(
    transformer_fr_en.RECIPE,
    task="translate Korean",
    sublayer_dropout=0.1,
    warmup_steps=800,
    ema_decay=0.998,
    lexicon_copies=0,
    seed=1446,
    cpu_bfloat16=True,
)
