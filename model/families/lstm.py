"""A recurrent language model: stacked LSTM layers (Hochreiter and Schmidhuber 1997) as wide as their embeddings.

Regard's own layout, since `transformers` has no such model. config.json:

    model_type "regard-lstm"    vocab_size    hidden_size: width of embeddings, states and cells
    num_hidden_layers           tie_word_embeddings: one table for embedding and output, true where it is not stated
    bos_token_id, eos_token_id, pad_token_id, as elsewhere

model.safetensors holds `embed_tokens.weight` (vocab_size, hidden_size), for each layer i the four tensors of
`torch.nn.LSTM`, `layers.i.weight_ih` and `layers.i.weight_hh` (4 hidden_size, hidden_size), `layers.i.bias_ih` and
`layers.i.bias_hh` (4 hidden_size,), gates in the order input, forget, cell, output, and `lm_head.weight` where the output
has a table of its own.
"""

from model.config import TransformerConfig
from model.families.family import ConfigJson, Family, Output


def config(hf: ConfigJson) -> TransformerConfig:
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=hf.integer("hidden_size"),
        n_heads=0,
        d_head=0,
        d_ff=0,
        max_positions=None,
        decoder_layers=hf.integer("num_hidden_layers"),
        recurrence="lstm",
        positions="none",
        final_norm=False,
        tied=hf.flag("tie_word_embeddings", True),
    )


FAMILY = Family(
    name="regard-lstm",
    title="LSTM",
    config=config,
    required={"bidirectional": False, "proj_size": 0},
    output=Output(tables=("embed_tokens.weight",)),
    weights={
        "embed_tokens.weight": "tokens.weight",
        "layers.{i}.{p}": "layers.{i}.{p}_l0",
        "lm_head.weight": "head.out.weight",
    },
)
