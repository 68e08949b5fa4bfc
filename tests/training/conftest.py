"""A tokenizer learnt from the committed lexicon, and a network too small to matter."""

import pytest
from tokenizers import Tokenizer

from model.config import TransformerConfig
from training.data.translation_pairs import LEXICON, read_pairs
from training.data.translation_tokenizer import train_tokenizer
from training.recipe import Recipe

VOCAB = 800


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(
        (text for pair in read_pairs(LEXICON) for text in (pair.english, pair.french)), vocab_size=VOCAB
    )


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(
        task="translate",
        config=TransformerConfig(
            vocab_size=VOCAB,
            d_model=16,
            n_heads=2,
            d_head=8,
            d_ff=32,
            max_positions=64,
            encoder_layers=2,
            decoder_layers=1,
            positions="sinusoidal",
            order="post",
            final_norm=False,
            activation="relu",
            embed_scale=4.0,
            logit_bias=True,
            tied=True,
        ),
        embedding_dropout=0.1,
        sublayer_dropout=0.0,
        label_smoothing=0.1,
        peak_rate=1e-3,
        warmup_steps=10,
        betas=(0.9, 0.98),
        weight_decay=0.01,
        clip_norm=1.0,
        ema_decay=0.9,
        batch_tokens=300,
        epochs=1,
        lexicon_copies=2,
        seed=1,
    )
