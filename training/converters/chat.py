"""GPT-2's layout with the special tokens of a chat, which gpt-chat-ko has."""

from tokenizers import Tokenizer

from training.converters.converter import Json, Layout
from training.converters.decoders import gpt2_sizes, gpt2_weights
from training.data.chat_tokenizer import END, PAD, USER
from training.data.translation_tokenizer import piece_id
from training.recipe import Recipe


def roles(tokenizer: Tokenizer) -> Json:
    """The ids of the tokens that start a conversation, end a turn and pad."""
    start, end, pad = (piece_id(tokenizer, piece) for piece in (USER, END, PAD))
    return {"bos_token_id": start, "eos_token_id": end, "pad_token_id": pad}


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """GPT2LMHeadModel."""
    return {**gpt2_sizes(recipe), **roles(tokenizer)}


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """The token that ends an answer, and the longest chat."""
    return {**roles(tokenizer), "max_length": recipe.config.max_positions}


LAYOUT = Layout(config_json, generation_json, gpt2_weights)
