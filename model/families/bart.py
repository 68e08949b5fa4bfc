"""BART (Lewis et al. 2020): encoder-decoder, post-norm, learned positions counted from 2."""

from model.config import TransformerConfig
from model.families.conversion import Copy, Table, Via, flat
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output

BLOCK = "{s}.blocks.{i}"

BLOCKS: Table = {
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
    "{s}.version": None,
}
"""The names of block tensors in models that come from fairseq (BART, Marian, Pegasus, OPT)."""

TABLES = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")


def check_halves(hf: ConfigJson) -> None:
    """Raises CheckpointError where the blocks of encoder and decoder have different shapes."""
    hf.same("encoder_attention_heads", "decoder_attention_heads")
    hf.same("encoder_ffn_dim", "decoder_ffn_dim")


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
        positions="learned",
        position_offset=2,
        order="post",
        embed_norm=True,
        final_norm=False,
        activation=hf.choice("activation_function", ACTIVATIONS),
        embed_scale=d_model**0.5 if hf.flag("scale_embedding", False) else 1.0,
        logit_bias=True,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="bart",
    title="BART",
    config=config,
    required={
        "normalize_before": False,
        "normalize_embedding": True,
        "add_final_layer_norm": False,
        "static_position_embeddings": False,
    },
    prefixes=("model.",),
    output=Output(tables=TABLES, bias="final_logits_bias"),
    weights={
        "shared.weight": "tokens.weight",
        "{s}.embed_tokens.weight": Copy("tokens.weight"),
        "lm_head.weight": "head.out.weight",
        "final_logits_bias": Via("head.out.bias", flat),
        "{s}.embed_positions.weight": "{s}.positions.table.weight",
        "{s}.layernorm_embedding.{p}": "{s}.embed_norm.{p}",
        **BLOCKS,
    },
)
