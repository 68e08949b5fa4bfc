"""lstm-stories: two LSTM layers on the same stories, with about as many parameters as gpt-stories.

1.04 million (gpt-stories: 1.05): the 3,072 pieces that the story models share, width 176, and two layers of 176 cells.
Dropout is between the layers, not inside the recurrence (Zaremba et al. 2014).
"""

from dataclasses import replace

from model.config import TransformerConfig
from training.recipes.stories import VOCAB, recipe

RECIPE = replace(
    recipe(
        TransformerConfig(
            vocab_size=VOCAB,
            d_model=176,
            n_heads=0,
            d_head=0,
            d_ff=0,
            max_positions=None,
            decoder_layers=2,
            recurrence="lstm",
            positions="none",
            final_norm=False,
        )
    ),
    embedding_dropout=0.1,
    sublayer_dropout=0.1,
    weight_decay=0.01,
    peak_rate=6e-3,
    optimizer="adamw",
    epochs=8,
)
