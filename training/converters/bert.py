"""BERT's layout with both heads, which bert-stories has: `BertForPreTraining` opens it."""

from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.converters.converter import Json, Layout, of_linear, renamed
from training.data.special_tokenizers import BERT
from training.recipe import Recipe

BLOCK_PARTS = {
    "self_attn.q": "attention.self.query",
    "self_attn.k": "attention.self.key",
    "self_attn.v": "attention.self.value",
    "self_attn.o": "attention.output.dense",
    "self_norm": "attention.output.LayerNorm",
    "feed_forward.up": "intermediate.dense",
    "feed_forward.down": "output.dense",
    "feed_forward_norm": "output.LayerNorm",
}


def config_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """BertForPreTraining."""
    c = recipe.config
    return {
        "architectures": ["BertForPreTraining"],
        "attention_probs_dropout_prob": 0.0,
        "hidden_act": c.activation,
        "hidden_dropout_prob": recipe.sublayer_dropout,
        "hidden_size": c.d_model,
        "intermediate_size": c.d_ff,
        "layer_norm_eps": c.norm_eps,
        "max_position_embeddings": c.max_positions,
        "model_type": "bert",
        "num_attention_heads": c.n_heads,
        "num_hidden_layers": c.encoder_layers,
        "pad_token_id": tokenizer.token_to_id(BERT.pad),
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "type_vocab_size": c.n_segments,
        "vocab_size": c.vocab_size,
    }


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json | None:
    """None: an encoder does not generate."""
    return None


def weights(net: Transformer) -> dict[str, Tensor]:
    """The tensors by BERT's names. The output matrix is the token table and is not stored again."""
    names = {
        "tokens.weight": "bert.embeddings.word_embeddings.weight",
        "encoder.positions.table.weight": "bert.embeddings.position_embeddings.weight",
        "encoder.segments.weight": "bert.embeddings.token_type_embeddings.weight",
        "head.out.bias": "cls.predictions.bias",
        **of_linear("encoder.embed_norm", "bert.embeddings.LayerNorm"),
        **of_linear("head.dense", "cls.predictions.transform.dense"),
        **of_linear("head.norm", "cls.predictions.transform.LayerNorm"),
        **of_linear("relation.pooler", "bert.pooler.dense"),
        **of_linear("relation.out", "cls.seq_relationship"),
    }
    for i in range(net.config.encoder_layers):
        for ours, theirs in BLOCK_PARTS.items():
            names |= of_linear(f"encoder.blocks.{i}.{ours}", f"bert.encoder.layer.{i}.{theirs}")
    return renamed(net, names)


LAYOUT = Layout(config_json, generation_json, weights)
