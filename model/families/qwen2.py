"""Qwen2 (Yang et al. 2024): LLaMA with biases on queries, keys and values; windows where the config asks for them."""

from dataclasses import replace

from model.config import TransformerConfig
from model.families import llama
from model.families.family import ConfigJson, Family
from model.families.sliding_window import layer_types


def config(hf: ConfigJson) -> TransformerConfig:
    window, layers = windows(hf)
    return replace(
        llama.config(hf, max_positions=32768, kv_heads=32),
        qkv_bias=True,
        out_bias=False,
        ff_bias=False,
        window=window,
        window_layers=layers,
    )


def windows(hf: ConfigJson) -> tuple[int | None, tuple[int, ...] | None]:
    """(window, layers with it): none unless `use_sliding_window` is true, and then the layers from `max_window_layers` on."""
    if not hf.flag("use_sliding_window", False):
        for key in ("sliding_window", "max_window_layers", "layer_types"):
            hf.value(key)  # without effect while the switch is off
        return None, None
    depth, first = hf.integer("num_hidden_layers"), hf.integer("max_window_layers", 28)
    stated = layer_types(hf, depth)
    return hf.integer("sliding_window", 4096), tuple(range(first, depth)) if stated is None else stated


FAMILY = Family(
    name="qwen2",
    title="Qwen2",
    config=config,
    required={"partial_rotary_factor": 1.0},
    prefixes=("model.", "transformer."),
    output=llama.OUTPUT,
    weights=llama.WEIGHTS,
)
