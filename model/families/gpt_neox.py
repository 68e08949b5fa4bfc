"""GPT-NeoX (Black et al. 2022), also Pythia: parallel block with two norms, a quarter of each head rotated."""

from model.config import TransformerConfig
from model.families.conversion import Via, interleaved_qkv
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output
from model.families.rope import rope_settings

BLOCK = "decoder.blocks.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads, rope = (
        hf.integer("hidden_size"),
        hf.integer("num_attention_heads"),
        rope_settings(hf, default_share=0.25),
    )
    bias = hf.flag("attention_bias", True)
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings"),
        decoder_layers=hf.integer("num_hidden_layers"),
        positions="rotary",
        rotary_base=rope.base,
        rotary_share=rope.share,
        rotary_scale=rope.scale,
        rotary_llama3=rope.llama3,
        order="parallel" if hf.flag("use_parallel_residual", True) else "pre",
        parallel_norms=2,
        norm_eps=hf.number("layer_norm_eps", 1e-5),
        qkv_bias=bias,
        out_bias=bias,
        activation=hf.choice("hidden_act", ACTIVATIONS, "gelu"),
        tied=hf.flag("tie_word_embeddings", False),
    )


FAMILY = Family(
    name="gpt_neox",
    title="GPT-NeoX",
    config=config,
    required={"alibi": False},
    aliases={"rotary_pct": "partial_rotary_factor", "rotary_emb_base": "rope_theta"},
    prefixes=("gpt_neox.",),
    output=Output(weight="embed_out.weight", tables=("embed_in.weight",)),
    weights={
        "embed_in.weight": "tokens.weight",
        "layers.{i}.input_layernorm.{p}": BLOCK + ".self_norm.{p}",
        "layers.{i}.attention.bias": None,  # causal masks and rotary frequencies, stored in old files
        "layers.{i}.attention.masked_bias": None,
        "layers.{i}.attention.rotary_emb.inv_freq": None,
        "layers.{i}.attention.query_key_value.{p}": Via(BLOCK + ".self_attn.{part}.{p}", interleaved_qkv),
        "layers.{i}.attention.dense.{p}": BLOCK + ".self_attn.o.{p}",
        "layers.{i}.post_attention_layernorm.{p}": BLOCK + ".feed_forward_norm.{p}",
        "layers.{i}.mlp.dense_h_to_4h.{p}": BLOCK + ".feed_forward.up.{p}",
        "layers.{i}.mlp.dense_4h_to_h.{p}": BLOCK + ".feed_forward.down.{p}",
        "final_layer_norm.{p}": "decoder.final_norm.{p}",
        "embed_out.weight": "head.out.weight",
    },
)
