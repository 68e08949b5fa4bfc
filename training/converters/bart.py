"""BART's layout, which bart-denoise has: `BartForConditionalGeneration` opens it. Marian's has the same tensor names."""

from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.converters.converter import Json, Layout, of_linear, renamed
from training.data.special_tokenizers import BART
from training.recipe import Recipe

ATTENTION = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}
BLOCK_PARTS = {
    **{f"self_attn.{ours}": f"self_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    **{f"cross_attn.{ours}": f"encoder_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    "self_norm": "self_attn_layer_norm",
    "cross_norm": "encoder_attn_layer_norm",
    "feed_forward.up": "fc1",
    "feed_forward.down": "fc2",
    "feed_forward_norm": "final_layer_norm",
}


def roles(tokenizer: Tokenizer) -> Json:
    """The ids of the special tokens. The decoder starts from <s>, as the source does; no token is forced."""
    return {
        "bos_token_id": tokenizer.token_to_id(BART.begin),
        "decoder_start_token_id": tokenizer.token_to_id(BART.begin),
        "eos_token_id": tokenizer.token_to_id(BART.separate),
        "forced_bos_token_id": None,
        "forced_eos_token_id": None,
        "pad_token_id": tokenizer.token_to_id(BART.pad),
    }


def sizes(recipe: Recipe) -> Json:
    """The keys of config.json that BART and Marian share."""
    c = recipe.config
    return {
        "activation_dropout": 0.0,
        "activation_function": c.activation,
        "attention_dropout": 0.0,
        "d_model": c.d_model,
        "decoder_attention_heads": c.n_heads,
        "decoder_ffn_dim": c.d_ff,
        "decoder_layerdrop": 0.0,
        "decoder_layers": c.decoder_layers,
        "dropout": recipe.sublayer_dropout,
        "encoder_attention_heads": c.n_heads,
        "encoder_ffn_dim": c.d_ff,
        "encoder_layerdrop": 0.0,
        "encoder_layers": c.encoder_layers,
        "is_encoder_decoder": True,
        "max_position_embeddings": c.max_positions,
        "scale_embedding": c.embed_scale != 1.0,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
    }


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """BartForConditionalGeneration."""
    own: Json = {"architectures": ["BartForConditionalGeneration"], "model_type": "bart"}
    return own | sizes(recipe) | roles(tokenizer)


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json | None:
    """Greedy decoding, up to the number of positions."""
    return {**roles(tokenizer), "max_length": recipe.config.max_positions, "num_beams": 1}


def weights(net: Transformer) -> dict[str, Tensor]:
    """The tensors by BART's names; the logit bias is a matrix with one row."""
    names = {"tokens.weight": "model.shared.weight", "head.out.bias": "final_logits_bias"}
    for stack in ("encoder", "decoder"):
        names[f"{stack}.positions.table.weight"] = f"model.{stack}.embed_positions.weight"
        names |= of_linear(f"{stack}.embed_norm", f"model.{stack}.layernorm_embedding")
        for i in range(net.config.layers(stack)):
            for ours, theirs in BLOCK_PARTS.items():
                names |= of_linear(f"{stack}.blocks.{i}.{ours}", f"model.{stack}.layers.{i}.{theirs}")
    found = renamed(net, names)
    return found | {"final_logits_bias": found["final_logits_bias"][None]}  # (1, vocab)


LAYOUT = Layout(config_json, generation_json, weights)
