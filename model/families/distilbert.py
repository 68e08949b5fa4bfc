"""DistilBERT (Sanh et al. 2019): BERT at half the layers, without segments."""

from model.config import TransformerConfig
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output

BLOCK = "encoder.blocks.{i}"
LAYER = "transformer.layer.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    activation = hf.choice("activation", ACTIVATIONS, "gelu")
    hf.value("sinusoidal_pos_embds")  # how the table was made; it is stored either way
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=hf.integer("dim"),
        n_heads=hf.integer("n_heads"),
        d_head=hf.integer("dim") // hf.integer("n_heads"),
        d_ff=hf.integer("hidden_dim"),
        max_positions=hf.integer("max_position_embeddings"),
        encoder_layers=hf.integer("n_layers"),
        positions="learned",
        order="post",
        norm_eps=1e-12,
        embed_norm=True,
        final_norm=False,
        activation=activation,
        head="masked_lm",
        head_activation=activation,
        logit_bias=True,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="distilbert",
    title="DistilBERT",
    config=config,
    aliases={
        "hidden_size": "dim",
        "num_attention_heads": "n_heads",
        "num_hidden_layers": "n_layers",
        "intermediate_size": "hidden_dim",
    },
    prefixes=("distilbert.",),
    suffixes={".gamma": ".weight", ".beta": ".bias"},
    output=Output(
        weight="vocab_projector.weight",
        tables=("embeddings.word_embeddings.weight",),
        proof="vocab_transform.weight",
    ),
    weights={
        "embeddings.word_embeddings.weight": "tokens.weight",
        "embeddings.position_embeddings.weight": "encoder.positions.table.weight",
        "embeddings.LayerNorm.{p}": "encoder.embed_norm.{p}",
        "embeddings.position_ids": None,
        LAYER + ".attention.q_lin.{p}": BLOCK + ".self_attn.q.{p}",
        LAYER + ".attention.k_lin.{p}": BLOCK + ".self_attn.k.{p}",
        LAYER + ".attention.v_lin.{p}": BLOCK + ".self_attn.v.{p}",
        LAYER + ".attention.out_lin.{p}": BLOCK + ".self_attn.o.{p}",
        LAYER + ".sa_layer_norm.{p}": BLOCK + ".self_norm.{p}",
        LAYER + ".ffn.lin1.{p}": BLOCK + ".feed_forward.up.{p}",
        LAYER + ".ffn.lin2.{p}": BLOCK + ".feed_forward.down.{p}",
        LAYER + ".output_layer_norm.{p}": BLOCK + ".feed_forward_norm.{p}",
        "vocab_transform.{p}": "head.dense.{p}",
        "vocab_layer_norm.{p}": "head.norm.{p}",
        "vocab_projector.bias": "head.out.bias",
        "vocab_projector.weight": "head.out.weight",
    },
)
