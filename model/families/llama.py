"""LLaMA 1 to 3 (Touvron et al. 2023; Grattafiori et al. 2024): decoder-only, pre-norm RMS, rotary positions, SwiGLU."""

from model.config import TransformerConfig
from model.families.conversion import Table
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output
from model.families.rope import rope_settings

BLOCK = "decoder.blocks.{i}"

WEIGHTS: Table = {
    "embed_tokens.weight": "tokens.weight",
    "layers.{i}.input_layernorm.weight": BLOCK + ".self_norm.weight",
    "layers.{i}.self_attn.q_proj.{p}": BLOCK + ".self_attn.q.{p}",
    "layers.{i}.self_attn.k_proj.{p}": BLOCK + ".self_attn.k.{p}",
    "layers.{i}.self_attn.v_proj.{p}": BLOCK + ".self_attn.v.{p}",
    "layers.{i}.self_attn.o_proj.{p}": BLOCK + ".self_attn.o.{p}",
    "layers.{i}.post_attention_layernorm.weight": BLOCK + ".feed_forward_norm.weight",
    "layers.{i}.mlp.gate_proj.{p}": BLOCK + ".feed_forward.gate.{p}",
    "layers.{i}.mlp.up_proj.{p}": BLOCK + ".feed_forward.up.{p}",
    "layers.{i}.mlp.down_proj.{p}": BLOCK + ".feed_forward.down.{p}",
    "norm.weight": "decoder.final_norm.weight",
    "lm_head.weight": "head.out.weight",
    "layers.{i}.self_attn.rotary_emb.inv_freq": None,
}
"""The tensor names of LLaMA and of the models that follow it."""

OUTPUT = Output(tables=("embed_tokens.weight",))


def config(hf: ConfigJson, *, max_positions: int = 2048, kv_heads: int | None = None) -> TransformerConfig:
    """`max_positions` and `kv_heads` hold where config.json does not state them; kv_heads None: one for each query head."""
    d_model, n_heads, rope = hf.integer("hidden_size"), hf.integer("num_attention_heads"), rope_settings(hf)
    bias, ff_bias = hf.flag("attention_bias", False), hf.flag("mlp_bias", False)
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=hf.integer("num_key_value_heads", n_heads if kv_heads is None else kv_heads),
        d_head=hf.integer("head_dim", d_model // n_heads),
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings", max_positions),
        decoder_layers=hf.integer("num_hidden_layers"),
        positions="rotary",
        rotary_base=rope.base,
        rotary_scale=rope.scale,
        rotary_llama3=rope.llama3,
        norm="rms",
        norm_eps=hf.number("rms_norm_eps", 1e-6),
        qkv_bias=bias,
        out_bias=bias,
        ff_bias=ff_bias,
        activation=hf.choice("hidden_act", ACTIVATIONS, "silu"),
        gated=True,
        tied=hf.flag("tie_word_embeddings", False),
    )


FAMILY = Family(
    name="llama",
    title="LLaMA",
    config=config,
    required={"partial_rotary_factor": 1.0},
    prefixes=("model.", "transformer."),
    output=OUTPUT,
    weights=WEIGHTS,
)
