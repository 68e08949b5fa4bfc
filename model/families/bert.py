"""BERT (Devlin et al. 2019): encoder-only, post-norm, learned positions, sentence pairs, a masked-word head."""

from model.config import TransformerConfig
from model.families.conversion import Fallback, Spare, Table
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output

BLOCK = "encoder.blocks.{i}"
LAYER = "encoder.layer.{i}"

BODY: Table = {
    "embeddings.word_embeddings.weight": "tokens.weight",
    "embeddings.position_embeddings.weight": "encoder.positions.table.weight",
    "embeddings.token_type_embeddings.weight": "encoder.segments.weight",
    "embeddings.LayerNorm.{p}": "encoder.embed_norm.{p}",
    "embeddings.position_ids": None,
    LAYER + ".attention.self.query.{p}": BLOCK + ".self_attn.q.{p}",
    LAYER + ".attention.self.key.{p}": BLOCK + ".self_attn.k.{p}",
    LAYER + ".attention.self.value.{p}": BLOCK + ".self_attn.v.{p}",
    LAYER + ".attention.output.dense.{p}": BLOCK + ".self_attn.o.{p}",
    LAYER + ".attention.output.LayerNorm.{p}": BLOCK + ".self_norm.{p}",
    LAYER + ".intermediate.dense.{p}": BLOCK + ".feed_forward.up.{p}",
    LAYER + ".output.dense.{p}": BLOCK + ".feed_forward.down.{p}",
    LAYER + ".output.LayerNorm.{p}": BLOCK + ".feed_forward_norm.{p}",
    "pooler.dense.{p}": Spare("relation.pooler.{p}"),
}
"""The names of encoder tensors in BERT and RoBERTa, and of the heads of fine-tuned ones."""


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads = hf.integer("hidden_size"), hf.integer("num_attention_heads")
    activation = hf.choice("hidden_act", ACTIVATIONS, "gelu")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings"),
        encoder_layers=hf.integer("num_hidden_layers"),
        n_segments=hf.integer("type_vocab_size", 2),
        positions="learned",
        order="post",
        norm_eps=hf.number("layer_norm_eps", 1e-12),
        embed_norm=True,
        final_norm=False,
        activation=activation,
        head="masked_lm",
        head_activation=activation,
        logit_bias=True,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="bert",
    title="BERT",
    config=config,
    required={"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False},
    prefixes=("bert.",),
    suffixes={".gamma": ".weight", ".beta": ".bias"},
    output=Output(
        weight="cls.predictions.decoder.weight",
        tables=("embeddings.word_embeddings.weight",),
        proof="cls.predictions.transform.dense.weight",
        relation=("cls.seq_relationship.weight", "pooler.dense.weight"),
    ),
    weights={
        **BODY,
        "cls.predictions.transform.dense.{p}": "head.dense.{p}",
        "cls.predictions.transform.LayerNorm.{p}": "head.norm.{p}",
        "cls.predictions.bias": Fallback("head.out.bias"),
        "cls.predictions.decoder.bias": "head.out.bias",
        "cls.predictions.decoder.weight": "head.out.weight",
        "cls.seq_relationship.{p}": "relation.out.{p}",
    },
)
