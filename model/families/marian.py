"""Marian (Junczys-Dowmunt et al. 2018): the 2017 Transformer in practice. Post-norm, sinusoids, one vocabulary."""

from model.config import TransformerConfig
from model.families.bart import BLOCKS, TABLES, check_halves
from model.families.conversion import Computed, Copy, Via, flat
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output


def config(hf: ConfigJson) -> TransformerConfig:
    check_halves(hf)
    hf.same("vocab_size", "decoder_vocab_size")
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
        order="post",
        final_norm=False,
        activation=hf.choice("activation_function", ACTIVATIONS),
        embed_scale=d_model**0.5 if hf.flag("scale_embedding", False) else 1.0,
        logit_bias=True,
    )


FAMILY = Family(
    name="marian",
    title="Marian",
    config=config,
    required={
        "normalize_before": False,
        "normalize_embedding": False,
        "add_final_layer_norm": False,
        "static_position_embeddings": True,
        "share_encoder_decoder_embeddings": True,
        "tie_word_embeddings": True,
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
        **BLOCKS,
    },
)
