"""The layout of T5 1.1, which t5-fr-en has. Only its output shares the token table, as in T5 1.0."""

from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.converters.converter import Json, Layout, renamed
from training.data.translation_tokenizer import END, PAD, piece_id
from training.recipe import Recipe
from training.tasks.text_to_text.task import PREFIX

NAMES = {"gate": "wi_0", "up": "wi_1", "down": "wo"}


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """T5ForConditionalGeneration. The prefix is under the key that T5 has for it."""
    c = recipe.config
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "d_ff": c.d_ff,
        "d_kv": c.d_head,
        "d_model": c.d_model,
        "decoder_start_token_id": piece_id(tokenizer, PAD),
        "dropout_rate": recipe.embedding_dropout,
        "eos_token_id": piece_id(tokenizer, END),
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": True,
        "layer_norm_epsilon": c.norm_eps,
        "model_type": "t5",
        "num_decoder_layers": c.decoder_layers,
        "num_heads": c.n_heads,
        "num_layers": c.encoder_layers,
        "pad_token_id": piece_id(tokenizer, PAD),
        "relative_attention_max_distance": c.relative_reach,
        "relative_attention_num_buckets": c.relative_buckets,
        "scale_decoder_outputs": True,
        "task_specific_params": {"translation_fr_to_en": {"prefix": PREFIX}},
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
    }


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """The tokens that start, end and pad an answer."""
    pad, end = piece_id(tokenizer, PAD), piece_id(tokenizer, END)
    return {"decoder_start_token_id": pad, "eos_token_id": end, "max_length": 512, "pad_token_id": pad}


def weights(net: Transformer) -> dict[str, Tensor]:
    """The tensors by T5's names. The first block of a stack holds the position bias that all its blocks share."""
    names = {"tokens.weight": "shared.weight"}
    for stack, cross in (("encoder", False), ("decoder", True)):
        names[f"{stack}.positions.table.weight"] = (
            f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        )
        names[f"{stack}.final_norm.weight"] = f"{stack}.final_layer_norm.weight"
        for i in range(net.config.layers(stack)):
            ours, theirs = f"{stack}.blocks.{i}", f"{stack}.block.{i}.layer"
            parts = {"self": "0.SelfAttention", **({"cross": "1.EncDecAttention"} if cross else {})}
            for n, (part, there) in enumerate(parts.items()):
                names[f"{ours}.{part}_norm.weight"] = f"{theirs}.{n}.layer_norm.weight"
                names |= {f"{ours}.{part}_attn.{x}.weight": f"{theirs}.{there}.{x}.weight" for x in "qkvo"}
            last = len(parts)
            names[f"{ours}.feed_forward_norm.weight"] = f"{theirs}.{last}.layer_norm.weight"
            names |= {
                f"{ours}.feed_forward.{x}.weight": f"{theirs}.{last}.DenseReluDense.{y}.weight"
                for x, y in NAMES.items()
            }
    return renamed(net, names)


LAYOUT = Layout(config_json, generation_json, weights)
