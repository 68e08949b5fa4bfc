"""RoBERTa (Liu et al. 2019): BERT's encoder without sentence pairs; positions are counted from the padding id."""

from model.config import TransformerConfig
from model.families.bert import BODY
from model.families.conversion import Fallback
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads = hf.integer("hidden_size"), hf.integer("num_attention_heads")
    offset = hf.integer("pad_token_id", 1) + 1
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        d_head=d_model // n_heads,
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings") - offset,
        encoder_layers=hf.integer("num_hidden_layers"),
        n_segments=hf.integer("type_vocab_size", 2),
        positions="learned",
        position_offset=offset,
        unplaced=offset - 1,
        order="post",
        norm_eps=hf.number("layer_norm_eps", 1e-12),
        embed_norm=True,
        final_norm=False,
        activation=hf.choice("hidden_act", ACTIVATIONS, "gelu"),
        head="masked_lm",
        logit_bias=True,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="roberta",
    title="RoBERTa",
    config=config,
    required={"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False},
    prefixes=("roberta.",),
    suffixes={".gamma": ".weight", ".beta": ".bias"},
    output=Output(
        weight="lm_head.decoder.weight",
        tables=("embeddings.word_embeddings.weight",),
        proof="lm_head.dense.weight",
    ),
    weights={
        **BODY,
        "lm_head.dense.{p}": "head.dense.{p}",
        "lm_head.layer_norm.{p}": "head.norm.{p}",
        "lm_head.bias": Fallback("head.out.bias"),
        "lm_head.decoder.bias": "head.out.bias",
        "lm_head.decoder.weight": "head.out.weight",
    },
)
