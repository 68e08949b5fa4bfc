"""What the Transformer replaced, on the same stories: two LSTM layers, as many parameters as gpt-stories has.

1.26 million: the 3,072 pieces that the other story models share, 200 wide, and two layers of 200 cells. Dropout stands
between the layers and nowhere inside the recurrence (Zaremba et al. 2014).
"""

from dataclasses import replace

from model.config import TransformerConfig
from training.recipes.stories import VOCAB, recipe

RECIPE = replace(
    recipe(
        TransformerConfig(
            vocab_size=VOCAB,
            d_model=200,
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
    batch_tokens=2_048,
)
