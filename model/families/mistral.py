"""Mistral (Jiang et al. 2023): LLaMA with grouped key heads and a window in every layer."""

from dataclasses import replace

from model.config import TransformerConfig
from model.families import llama
from model.families.family import ConfigJson, Family


def config(hf: ConfigJson) -> TransformerConfig:
    window = None if hf.value("sliding_window") is None else hf.integer("sliding_window")
    return replace(llama.config(hf), window=window)


FAMILY = Family(
    name="mistral",
    title="Mistral",
    config=config,
    required={"partial_rotary_factor": 1.0, "attention_bias": False, "mlp_bias": False},
    prefixes=("model.",),
    output=llama.OUTPUT,
    weights=llama.WEIGHTS,
)
