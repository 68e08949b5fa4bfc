"""GPT-2 (Radford et al. 2019): decoder-only, pre-norm, learned positions. Jurassic-1 differs in proportions."""

from dataclasses import replace

from model.config import TransformerConfig
from model.families.conversion import Via, stacked_qkv, transposed
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output

BLOCK = "decoder.blocks.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads = hf.integer("n_embd"), hf.integer("n_head")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("n_inner", 4 * d_model),
        max_positions=hf.integer("n_positions"),
        decoder_layers=hf.integer("n_layer"),
        positions="learned",
        norm_eps=hf.number("layer_norm_epsilon", 1e-5),
        activation=hf.choice("activation_function", ACTIVATIONS, "gelu_new"),
        attention_scale=None if hf.flag("scale_attn_weights", True) else 1.0,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="gpt2",
    title="GPT-2",
    config=config,
    required={"scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False},
    aliases={
        "hidden_size": "n_embd",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
        "max_position_embeddings": "n_positions",
    },
    prefixes=("transformer.",),
    output=Output(tables=("wte.weight",)),
    weights={
        "wte.weight": "tokens.weight",
        "wpe.weight": "decoder.positions.table.weight",
        "h.{i}.ln_1.{p}": BLOCK + ".self_norm.{p}",
        "h.{i}.attn.bias": None,  # causal masks, stored in old files
        "h.{i}.attn.masked_bias": None,
        "h.{i}.attn.c_attn.{p}": Via(BLOCK + ".self_attn.{part}.{p}", stacked_qkv),
        "h.{i}.attn.c_proj.{p}": Via(BLOCK + ".self_attn.o.{p}", transposed),
        "h.{i}.ln_2.{p}": BLOCK + ".feed_forward_norm.{p}",
        "h.{i}.mlp.c_fc.{p}": Via(BLOCK + ".feed_forward.up.{p}", transposed),
        "h.{i}.mlp.c_proj.{p}": Via(BLOCK + ".feed_forward.down.{p}", transposed),
        "ln_f.{p}": "decoder.final_norm.{p}",
        "lm_head.weight": "head.out.weight",
    },
)

JURASSIC = replace(FAMILY, name="jurassic", title="Jurassic-1")
"""Jurassic-1 (Lieber et al. 2021): GPT's architecture with depth traded for width and a multi-word vocabulary.

Its config.json keeps model_type gpt2, so that `transformers` opens it, and adds "regard": {"family": "jurassic"}.
"""
