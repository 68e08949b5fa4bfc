"""Regard's own layout of LSTM language models. `model/families/lstm.py` explains its keys and tensors."""

from tokenizers import Tokenizer
from torch import Tensor

from model.recurrent import Recurrent
from training.converters.converter import Json, Layout
from training.converters.decoders import all_placed, ends
from training.recipe import Recipe

LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
LONGEST = 2_048  # tokens of a story; the model itself has no limit


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """config.json of a "regard-lstm"."""
    c = recipe.config
    return {
        "architectures": ["RegardLSTMForCausalLM"],
        "embedding_dropout": recipe.embedding_dropout,
        "hidden_size": c.d_model,
        "layer_dropout": recipe.sublayer_dropout,
        "model_type": "regard-lstm",
        "num_hidden_layers": c.decoder_layers,
        "tie_word_embeddings": c.tied,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
        **ends(tokenizer),
    }


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """The token that ends a story, and the longest one."""
    return {**ends(tokenizer), "max_length": LONGEST}


def weights(net: Recurrent) -> dict[str, Tensor]:
    """The tensors by the layout's names."""
    ours = dict(net.named_parameters())
    held = {"embed_tokens.weight": ours.pop("tokens.weight")}
    for i in range(net.config.decoder_layers):
        held |= {f"layers.{i}.{p}": ours.pop(f"layers.{i}.{p}_l0") for p in LSTM}
    if not net.config.tied:
        held["lm_head.weight"] = ours.pop("head.out.weight")
    return all_placed(held, ours)


LAYOUT = Layout(config_json, generation_json, weights)
