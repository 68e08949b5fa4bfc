"""BLOOM (BigScience 2022): decoder-only, pre-norm, ALiBi, a norm directly after the embeddings."""

from model.config import TransformerConfig
from model.families.conversion import Via, interleaved_qkv
from model.families.family import ConfigJson, Family, Output

BLOCK = "decoder.blocks.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads = hf.integer("hidden_size"), hf.integer("n_head")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("n_inner", 4 * d_model),
        max_positions=None,
        decoder_layers=hf.integer("n_layer"),
        positions="alibi",
        norm_eps=hf.number("layer_norm_epsilon", 1e-5),
        embed_norm=True,
        activation="gelu_tanh",
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="bloom",
    title="BLOOM",
    config=config,
    required={"apply_residual_connection_post_layernorm": False},
    aliases={"n_embed": "hidden_size", "num_attention_heads": "n_head", "num_hidden_layers": "n_layer"},
    prefixes=("transformer.",),
    output=Output(tables=("word_embeddings.weight",)),
    weights={
        "word_embeddings.weight": "tokens.weight",
        "word_embeddings_layernorm.{p}": "decoder.embed_norm.{p}",
        "h.{i}.input_layernorm.{p}": BLOCK + ".self_norm.{p}",
        "h.{i}.self_attention.query_key_value.{p}": Via(BLOCK + ".self_attn.{part}.{p}", interleaved_qkv),
        "h.{i}.self_attention.dense.{p}": BLOCK + ".self_attn.o.{p}",
        "h.{i}.post_attention_layernorm.{p}": BLOCK + ".feed_forward_norm.{p}",
        "h.{i}.mlp.dense_h_to_4h.{p}": BLOCK + ".feed_forward.up.{p}",
        "h.{i}.mlp.dense_4h_to_h.{p}": BLOCK + ".feed_forward.down.{p}",
        "ln_f.{p}": "decoder.final_norm.{p}",
        "lm_head.weight": "head.out.weight",
    },
)
