"""Marian's layout, which transformer-fr-en and transformer-ko-en have: the architecture of Vaswani et al. (2017)."""

from tokenizers import Tokenizer

from training.converters.bart import sizes, weights
from training.converters.converter import Json, Layout
from training.data.translation_tokenizer import END, PAD, START, piece_id
from training.recipe import Recipe


def roles(tokenizer: Tokenizer) -> Json:
    """The ids of the tokens that start, end and pad a translation."""
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    return {"bos_token_id": start, "decoder_start_token_id": start, "eos_token_id": end, "pad_token_id": pad}


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """MarianMTModel."""
    own: Json = {
        "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"],
        "decoder_vocab_size": recipe.config.vocab_size,
        "forced_eos_token_id": None,
        "init_std": 0.02,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "share_encoder_decoder_embeddings": True,
        "static_position_embeddings": True,
        "use_cache": True,
    }
    return own | sizes(recipe) | roles(tokenizer)


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """Greedy decoding, up to the number of positions."""
    return {**roles(tokenizer), "max_length": recipe.config.max_positions, "num_beams": 1}


LAYOUT = Layout(config_json, generation_json, weights)
