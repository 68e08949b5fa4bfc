"""Pegasus (Zhang et al. 2020): encoder-decoder, pre-norm with a final norm on each stack, sinusoids."""

from model.config import TransformerConfig
from model.families.bart import BLOCKS, TABLES, check_halves
from model.families.conversion import Computed, Copy, Via, flat
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output


def config(hf: ConfigJson) -> TransformerConfig:
    check_halves(hf)
    d_model, n_heads = hf.integer("d_model"), hf.integer("encoder_attention_heads")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("encoder_ffn_dim"),
        max_positions=hf.integer("max_position_embeddings"),
        encoder_layers=hf.integer("encoder_layers"),
        decoder_layers=hf.integer("decoder_layers"),
        positions="sinusoidal",
        order="pre",
        activation=hf.choice("activation_function", ACTIVATIONS),
        embed_scale=d_model**0.5 if hf.flag("scale_embedding", False) else 1.0,
        logit_bias=True,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="pegasus",
    title="Pegasus",
    config=config,
    required={
        "normalize_before": True,
        "normalize_embedding": False,
        "add_final_layer_norm": True,
        "static_position_embeddings": True,
    },
    prefixes=("model.",),
    output=Output(tables=TABLES, bias="final_logits_bias"),
    start_is_pad=True,
    weights={
        "shared.weight": "tokens.weight",
        "{s}.embed_tokens.weight": Copy("tokens.weight"),
        "lm_head.weight": "head.out.weight",
        "final_logits_bias": Via("head.out.bias", flat),
        "{s}.embed_positions.weight": Computed("{s}.positions.table"),
        "{s}.layer_norm.{p}": "{s}.final_norm.{p}",
        **BLOCKS,
    },
)
