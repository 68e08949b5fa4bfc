"""T5 (Raffel et al. 2020), and 1.1 and Flan-T5: pre-norm RMS, relative buckets, no biases, unscaled q.k."""

from model.config import Activation, TransformerConfig
from model.errors import CheckpointError
from model.families.conversion import Copy
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output

BLOCK = "{s}.blocks.{i}"
LAYER = "{s}.block.{i}.layer"


def config(hf: ConfigJson) -> TransformerConfig:
    activation, gated = feed_forward(hf)
    # T5 1.0 ties the output to the embedding and scales for it; later versions state one of the two keys
    scaled = hf.flag("scale_decoder_outputs", hf.value("tie_word_embeddings") is not False)
    d_model = hf.integer("d_model")
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=hf.integer("num_heads"),
        d_head=hf.integer("d_kv"),
        d_ff=hf.integer("d_ff"),
        max_positions=None,
        encoder_layers=hf.integer("num_layers"),
        decoder_layers=hf.integer("num_decoder_layers", hf.integer("num_layers")),
        positions="relative",
        relative_buckets=hf.integer("relative_attention_num_buckets", 32),
        relative_reach=hf.integer("relative_attention_max_distance", 128),
        norm="rms",
        norm_eps=hf.number("layer_norm_epsilon", 1e-6),
        qkv_bias=False,
        out_bias=False,
        ff_bias=False,
        activation=activation,
        gated=gated,
        attention_scale=1.0,
        logit_scale=d_model**-0.5 if scaled else 1.0,
    )


def feed_forward(hf: ConfigJson) -> tuple[Activation, bool]:
    """(activation, gated) of `feed_forward_proj`. "gated-gelu" means the tanh form of GELU."""
    stated = hf.text("feed_forward_proj", "relu")
    name = stated.removeprefix("gated-")
    if name not in ACTIVATIONS:
        known = ", ".join(sorted(ACTIVATIONS))
        raise CheckpointError(
            f"config.json has feed_forward_proj={stated!r}; supported are {known}, alone or with gated- before them"
        )
    return "gelu_tanh" if stated == "gated-gelu" else ACTIVATIONS[name], stated != name


FAMILY = Family(
    name="t5",
    title="T5",
    config=config,
    required={"is_decoder": False},
    aliases={"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers", "hidden_size": "d_model"},
    prefixes=("transformer.",),
    output=Output(tables=("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")),
    start_is_pad=True,
    weights={
        "shared.weight": "tokens.weight",
        "{s}.embed_tokens.weight": Copy("tokens.weight"),
        "{s}.block.0.layer.0.SelfAttention.relative_attention_bias.weight": "{s}.positions.table.weight",
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": None,  # early files; not used
        LAYER + ".0.layer_norm.weight": BLOCK + ".self_norm.weight",
        LAYER + ".0.SelfAttention.{x}.weight": BLOCK + ".self_attn.{x}.weight",
        "decoder.block.{i}.layer.1.layer_norm.weight": "decoder.blocks.{i}.cross_norm.weight",
        "decoder.block.{i}.layer.1.EncDecAttention.{x}.weight": "decoder.blocks.{i}.cross_attn.{x}.weight",
        LAYER + ".{n}.layer_norm.weight": BLOCK + ".feed_forward_norm.weight",
        LAYER + ".{n}.DenseReluDense.wi.weight": BLOCK + ".feed_forward.up.weight",
        LAYER + ".{n}.DenseReluDense.wi_0.weight": BLOCK + ".feed_forward.gate.weight",
        LAYER + ".{n}.DenseReluDense.wi_1.weight": BLOCK + ".feed_forward.up.weight",
        LAYER + ".{n}.DenseReluDense.wo.weight": BLOCK + ".feed_forward.down.weight",
        "{s}.final_layer_norm.weight": "{s}.final_norm.weight",
        "lm_head.weight": "head.out.weight",
    },
)
