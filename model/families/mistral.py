"""Mistral (Jiang et al. 2023): LLaMA with grouped key heads and a window in every layer."""

from dataclasses import replace

from model.config import TransformerConfig
from model.families import llama
from model.families.family import ConfigJson, Family


def config(hf: ConfigJson) -> TransformerConfig:
    none = (
        "sliding_window" in hf.values and hf.value("sliding_window") is None
    )  # null: no window; absent: the reference's
    window = None if none else hf.integer("sliding_window", 4096)
    return replace(llama.config(hf, max_positions=4096 * 32, kv_heads=8), window=window)


FAMILY = Family(
    name="mistral",
    title="Mistral",
    config=config,
    required={"partial_rotary_factor": 1.0, "attention_bias": False, "mlp_bias": False},
    prefixes=("model.", "transformer."),
    output=llama.OUTPUT,
    weights=llama.WEIGHTS,
)
