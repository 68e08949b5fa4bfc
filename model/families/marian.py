"""Marian (Junczys-Dowmunt et al. 2018): the 2017 Transformer in practice. Post-norm, sinusoids, one shared vocabulary."""

from model.config import TransformerConfig
from model.families.family import ConfigJson, Family
from model.weights import Via, flat

BLOCK = "{s}.blocks.{i}"

ACTIVATIONS = {"relu": "relu", "gelu": "gelu", "swish": "silu", "silu": "silu", "gelu_new": "gelu_tanh"}


def config(hf: ConfigJson) -> TransformerConfig:
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
        activation=hf.choice("activation_function", ACTIVATIONS),  # type: ignore[arg-type]
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
    start_is_pad=True,
    weights={
        "shared.weight": "tokens.weight",
        "{s}.embed_tokens.weight": None,
        "lm_head.weight": None,
        "final_logits_bias": Via("head.out.bias", flat),
        "{s}.embed_positions.weight": None,
        "{s}.layers.{i}.self_attn.q_proj.{p}": BLOCK + ".self_attn.q.{p}",
        "{s}.layers.{i}.self_attn.k_proj.{p}": BLOCK + ".self_attn.k.{p}",
        "{s}.layers.{i}.self_attn.v_proj.{p}": BLOCK + ".self_attn.v.{p}",
        "{s}.layers.{i}.self_attn.out_proj.{p}": BLOCK + ".self_attn.o.{p}",
        "{s}.layers.{i}.self_attn_layer_norm.{p}": BLOCK + ".self_norm.{p}",
        "{s}.layers.{i}.encoder_attn.q_proj.{p}": BLOCK + ".cross_attn.q.{p}",
        "{s}.layers.{i}.encoder_attn.k_proj.{p}": BLOCK + ".cross_attn.k.{p}",
        "{s}.layers.{i}.encoder_attn.v_proj.{p}": BLOCK + ".cross_attn.v.{p}",
        "{s}.layers.{i}.encoder_attn.out_proj.{p}": BLOCK + ".cross_attn.o.{p}",
        "{s}.layers.{i}.encoder_attn_layer_norm.{p}": BLOCK + ".cross_norm.{p}",
        "{s}.layers.{i}.fc1.{p}": BLOCK + ".feed_forward.up.{p}",
        "{s}.layers.{i}.fc2.{p}": BLOCK + ".feed_forward.down.{p}",
        "{s}.layers.{i}.final_layer_norm.{p}": BLOCK + ".feed_forward_norm.{p}",
    },
)
