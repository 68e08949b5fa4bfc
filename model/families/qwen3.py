"""Qwen3 (Yang et al. 2025): Qwen2 without its biases, with norms over each query and key."""

from dataclasses import replace

from model.config import TransformerConfig
from model.families import llama
from model.families.family import ConfigJson, Family
from model.families.llama import BLOCK
from model.families.qwen2 import windows


def config(hf: ConfigJson) -> TransformerConfig:
    window, layers = windows(hf)
    d_head = hf.integer("head_dim", 128)
    return replace(
        llama.config(hf, max_positions=32768, kv_heads=32),
        d_head=d_head,
        ff_bias=False,
        qk_norm=True,
        window=window,
        window_layers=layers,
    )


FAMILY = Family(
    name="qwen3",
    title="Qwen3",
    config=config,
    required={"partial_rotary_factor": 1.0},
    prefixes=("model.", "transformer."),
    output=llama.OUTPUT,
    weights={
        **llama.WEIGHTS,
        "layers.{i}.self_attn.q_norm.weight": BLOCK + ".self_attn.q_norm.weight",
        "layers.{i}.self_attn.k_norm.weight": BLOCK + ".self_attn.k_norm.weight",
    },
)
