"""PaLM (Chowdhery et al. 2022): parallel block with one norm, one key head, SwiGLU, rotary positions, no biases.

No weights were published, so the layout is Regard's own. config.json has `model_type` "palm" and vocab_size,
hidden_size, num_hidden_layers, num_attention_heads, intermediate_size, max_position_embeddings; and may have head_dim
(hidden_size / num_attention_heads where absent), num_key_value_heads (1), layer_norm_eps (1e-5), rope_theta (10000) and
scale_logits (true: logits are multiplied by hidden_size**-0.5, because they share the embedding's table).
Tensors: embed.weight, layers.{i}.norm.weight, layers.{i}.{q,k,v,o}.weight, layers.{i}.ff.{gate,up,down}.weight,
norm.weight.
"""

from model.config import TransformerConfig
from model.families.family import ConfigJson, Family, Output
from model.families.rope import rope_settings

BLOCK = "decoder.blocks.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads, rope = hf.integer("hidden_size"), hf.integer("num_attention_heads"), rope_settings(hf)
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=hf.integer("num_key_value_heads", 1),
        d_head=hf.integer("head_dim", d_model // n_heads),
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings"),
        decoder_layers=hf.integer("num_hidden_layers"),
        positions="rotary",
        rotary_base=rope.base,
        rotary_scale=rope.scale,
        rotary_llama3=rope.llama3,
        order="parallel",
        norm_eps=hf.number("layer_norm_eps", 1e-5),
        norm_bias=False,
        qkv_bias=False,
        out_bias=False,
        ff_bias=False,
        activation="silu",
        gated=True,
        logit_scale=d_model**-0.5 if hf.flag("scale_logits", True) else 1.0,
    )


FAMILY = Family(
    name="palm",
    title="PaLM",
    config=config,
    required={"tie_word_embeddings": True, "partial_rotary_factor": 1.0},
    output=Output(tables=("embed.weight",)),
    weights={
        "embed.weight": "tokens.weight",
        "layers.{i}.norm.weight": BLOCK + ".self_norm.weight",
        "layers.{i}.ff.{x}.weight": BLOCK + ".feed_forward.{x}.weight",
        "layers.{i}.{x}.weight": BLOCK + ".self_attn.{x}.weight",
        "norm.weight": "decoder.final_norm.weight",
    },
)
