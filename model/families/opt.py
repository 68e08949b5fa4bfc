"""OPT (Zhang et al. 2022): decoder-only, pre-norm, learned positions counted from 2, ReLU. opt-350m has another architecture."""

from model.config import TransformerConfig
from model.families.bart import BLOCKS
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads, bias = hf.integer("hidden_size"), hf.integer("num_attention_heads"), hf.flag("enable_bias", True)
    hf.same("hidden_size", "word_embed_proj_dim")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("ffn_dim"),
        max_positions=hf.integer("max_position_embeddings"),
        decoder_layers=hf.integer("num_hidden_layers"),
        positions="learned",
        position_offset=2,
        qkv_bias=bias,
        out_bias=bias,
        ff_bias=bias,
        activation=hf.choice("activation_function", ACTIVATIONS, "relu"),
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="opt",
    title="OPT",
    config=config,
    required={
        "do_layer_norm_before": True,  # opt-350m has false here
        "_remove_final_layer_norm": False,
        "layer_norm_elementwise_affine": True,
    },
    prefixes=("model.",),
    output=Output(tables=("decoder.embed_tokens.weight",)),
    weights={
        "decoder.embed_tokens.weight": "tokens.weight",
        "decoder.embed_positions.weight": "decoder.positions.table.weight",
        "decoder.final_layer_norm.{p}": "decoder.final_norm.{p}",
        "decoder.layer_norm.{p}": "decoder.final_norm.{p}",  # early files
        "lm_head.weight": "head.out.weight",
        **BLOCKS,
    },
)
