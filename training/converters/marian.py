"""The French-English model as Marian's checkpoints are laid out: the architecture of Vaswani et al. (2017)."""

from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.converters.converter import Json, Layout
from training.data.translation_tokenizer import END, PAD, START, piece_id
from training.recipe import Recipe

ATTENTION = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}
ENCODER_PARTS = {
    **{f"self_attn.{ours}": f"self_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    "self_norm": "self_attn_layer_norm",
    "feed_forward.up": "fc1",
    "feed_forward.down": "fc2",
    "feed_forward_norm": "final_layer_norm",
}
DECODER_PARTS = {
    **ENCODER_PARTS,
    **{f"cross_attn.{ours}": f"encoder_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    "cross_norm": "encoder_attn_layer_norm",
}


def weights(net: Transformer) -> dict[str, Tensor]:
    """A new name for each tensor. Sinusoids are computed at load, tied weights stored once."""
    ours = net.state_dict()
    names = {"tokens.weight": "model.shared.weight"}
    for stack, parts, layers in (
        ("encoder", ENCODER_PARTS, net.config.encoder_layers),
        ("decoder", DECODER_PARTS, net.config.decoder_layers),
    ):
        for layer in range(layers):
            for part, theirs in parts.items():
                for kind in ("weight", "bias"):
                    names[f"{stack}.blocks.{layer}.{part}.{kind}"] = f"model.{stack}.layers.{layer}.{theirs}.{kind}"
    parameters = {name for name, _ in net.named_parameters()}
    if left := parameters - names.keys() - {"head.out.bias"}:
        raise ValueError(f"Marian has no place for {', '.join(sorted(left))}")
    named = {theirs: ours[name] for name, theirs in names.items()}
    named["final_logits_bias"] = ours["head.out.bias"][None]  # (1, vocab)
    return named


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """config.json as `transformers` reads it."""
    c = recipe.config
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    return {
        "activation_dropout": 0.0,
        "activation_function": c.activation,
        "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"],
        "attention_dropout": 0.0,
        "bos_token_id": start,
        "d_model": c.d_model,
        "decoder_attention_heads": c.n_heads,
        "decoder_ffn_dim": c.d_ff,
        "decoder_layerdrop": 0.0,
        "decoder_layers": c.decoder_layers,
        "decoder_start_token_id": start,
        "decoder_vocab_size": c.vocab_size,
        "dropout": recipe.sublayer_dropout,
        "encoder_attention_heads": c.n_heads,
        "encoder_ffn_dim": c.d_ff,
        "encoder_layerdrop": 0.0,
        "encoder_layers": c.encoder_layers,
        "eos_token_id": end,
        "forced_eos_token_id": None,
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "max_position_embeddings": c.max_positions,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "pad_token_id": pad,
        "scale_embedding": True,
        "share_encoder_decoder_embeddings": True,
        "static_position_embeddings": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "use_cache": True,
        "vocab_size": c.vocab_size,
    }


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """generation_config.json: which tokens start, end and pad a translation."""
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    return {
        "bos_token_id": start,
        "decoder_start_token_id": start,
        "eos_token_id": end,
        "max_length": recipe.config.max_positions,
        "num_beams": 1,
        "pad_token_id": pad,
    }


LAYOUT = Layout(config_json, generation_json, weights)
