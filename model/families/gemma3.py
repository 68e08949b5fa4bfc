"""Gemma 3 (Gemma Team 2025), the text model: sandwich norms, norms over queries and keys, most layers with a window.

Layers with a window have their own rotary base. A `gemma3` checkpoint also has a picture encoder, which is not used.
"""

from dataclasses import replace

from model.config import TransformerConfig
from model.errors import CheckpointError
from model.families import llama
from model.families.family import ACTIVATIONS, ConfigJson, Family
from model.families.llama import BLOCK
from model.families.rope import RopeSettings, stated
from model.families.sliding_window import layer_types


def config(hf: ConfigJson) -> TransformerConfig:
    """Absent sizes have the defaults of Gemma3TextConfig in `transformers`, because published configs leave them out."""
    d_model, layers = hf.integer("hidden_size", 2304), hf.integer("num_hidden_layers", 26)
    bias, (rope, local) = hf.flag("attention_bias", False), turnings(hf)
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size", 262_208),
        d_model=d_model,
        n_heads=hf.integer("num_attention_heads", 8),
        n_kv_heads=hf.integer("num_key_value_heads", 4),
        d_head=hf.integer("head_dim", 256),
        d_ff=hf.integer("intermediate_size", 9216),
        max_positions=hf.integer("max_position_embeddings", 131_072),
        decoder_layers=layers,
        positions="rotary",
        rotary_base=rope.base,
        rotary_scale=rope.scale,
        rotary_llama3=rope.llama3,
        local_rotary_base=local.base,
        window=hf.integer("sliding_window", 4096),
        window_layers=windowed(hf, layers),
        order="sandwich",
        norm="rms",
        norm_eps=hf.number("rms_norm_eps", 1e-6),
        norm_offset=1.0,
        qk_norm=True,
        qkv_bias=bias,
        out_bias=bias,
        ff_bias=False,
        activation=hf.choice("hidden_activation", ACTIVATIONS, "gelu_pytorch_tanh"),
        gated=True,
        attention_scale=hf.number("query_pre_attn_scalar", 256) ** -0.5,
        embed_scale=d_model**0.5,
        tied=hf.flag("tie_word_embeddings", True),
    )


def turnings(hf: ConfigJson) -> tuple[RopeSettings, RopeSettings]:
    """Rotary settings: (of full layers, of layers with a window)."""
    far, near = hf.number("rope_theta", 1_000_000.0), hf.number("rope_local_base_freq", 10_000.0)
    both = hf.part("rope_parameters") or ConfigJson({})
    full, sliding = both.part("full_attention") or hf.part("rope_scaling"), both.part("sliding_attention")
    rope = RopeSettings(far) if full is None else stated(full, far)
    local = RopeSettings(near) if sliding is None else stated(sliding, near)
    if local.scale != 1.0 or local.llama3 is not None:
        raise CheckpointError("config.json stretches the rotation of windowed layers, which is not supported")
    return rope, local


def windowed(hf: ConfigJson, layers: int) -> tuple[int, ...]:
    """The layers with a window; where the config does not list them, all but every sixth."""
    period, listed = hf.integer("sliding_window_pattern", 6), layer_types(hf, layers)
    return tuple(i for i in range(layers) if (i + 1) % period) if listed is None else listed


def text_part(hf: ConfigJson) -> TransformerConfig:
    """The config of the text model inside a larger one."""
    part = hf.part("text_config")
    if part is None:
        raise CheckpointError("config.json has no text_config")
    part.value("model_type")  # gemma3_text, whatever it says
    return TEXT.read_config(part)


TEXT = Family(
    name="gemma3_text",
    title="Gemma 3",
    config=config,
    required={"final_logit_softcapping": None, "attn_logit_softcapping": None, "use_bidirectional_attention": False},
    prefixes=("model.language_model.", "language_model.model.", "language_model.", "model."),
    output=llama.OUTPUT,
    weights={
        **llama.WEIGHTS,
        "layers.{i}.self_attn.q_norm.weight": BLOCK + ".self_attn.q_norm.weight",
        "layers.{i}.self_attn.k_norm.weight": BLOCK + ".self_attn.k_norm.weight",
        "layers.{i}.post_attention_layernorm.weight": BLOCK + ".self_after.weight",
        "layers.{i}.pre_feedforward_layernorm.weight": BLOCK + ".feed_forward_norm.weight",
        "layers.{i}.post_feedforward_layernorm.weight": BLOCK + ".feed_forward_after.weight",
        "vision_tower.{*}": None,
        "multi_modal_projector.{*}": None,
    },
)

WITH_PICTURES = replace(TEXT, name="gemma3", config=text_part, required={})
