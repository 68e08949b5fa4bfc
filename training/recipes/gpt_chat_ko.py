"""gpt-chat-ko: a decoder that answers in Korean, with GPT-2's architecture and about two million parameters.

It is trained like the decoders that continue stories, but for more epochs and with dropout, since there is less data.
"""

from dataclasses import replace

from model.config import TransformerConfig
from training.recipes.stories import recipe

RECIPE = replace(
    recipe(
        TransformerConfig(
            vocab_size=4_096,
            d_model=160,
            n_heads=5,
            d_head=32,
            d_ff=640,
            max_positions=512,
            decoder_layers=4,
            positions="learned",
            activation="gelu_tanh",
        ),
        epochs=16,
    ),
    task="chat",
    embedding_dropout=0.2,
    sublayer_dropout=0.2,
    seed=2018,
    cpu_bfloat16=True,
)
