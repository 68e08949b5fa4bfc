"""The config of one published model of each family, from which the table of differences is made.

Those of PaLM and Jurassic come from their papers. The tests compare the number of parameters with the published ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from model.config import TransformerConfig
from model.families import FAMILIES
from model.families.family import ConfigJson


@dataclass(frozen=True)
class Example:
    """A published model: where its config is, and the keys of it that matter here."""

    source: str
    config_json: Mapping[str, object]


BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
BART = {
    "d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 12, "decoder_attention_heads": 12,
    "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072, "max_position_embeddings": 1024, "activation_function": "gelu",
}  # fmt: skip

EXAMPLES: Mapping[str, Example] = {
    "bert": Example(
        "google-bert/bert-base-uncased",
        BASE | {"vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu"},
    ),
    "roberta": Example(
        "FacebookAI/roberta-base",
        BASE | {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1},
    ),
    "distilbert": Example(
        "distilbert/distilbert-base-uncased",
        {"vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "max_position_embeddings": 512},
    ),
    "bart": Example("facebook/bart-base", BART | {"vocab_size": 50265}),
    "marian": Example(
        "Helsinki-NLP/opus-mt-fr-en",
        {
            "vocab_size": 59514, "d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
            "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048, "max_position_embeddings": 512,
            "activation_function": "swish", "scale_embedding": True,
        },
    ),
    "pegasus": Example(
        "google/pegasus-large",
        {
            "vocab_size": 96103, "d_model": 1024, "encoder_layers": 16, "decoder_layers": 16, "encoder_attention_heads": 16,
            "decoder_attention_heads": 16, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096, "scale_embedding": True,
            "max_position_embeddings": 1024, "activation_function": "relu",
        },
    ),
    "t5": Example(
        "google-t5/t5-small",
        {"vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_heads": 8},
    ),
    "gpt2": Example(
        "openai-community/gpt2",
        {"vocab_size": 50257, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024},
    ),
    "jurassic": Example(
        "Lieber et al. 2021, J1-Jumbo",
        {"vocab_size": 256_000, "n_embd": 13824, "n_layer": 76, "n_head": 96, "n_positions": 2048},
    ),
    "opt": Example(
        "facebook/opt-125m",
        {
            "vocab_size": 50272, "hidden_size": 768, "word_embed_proj_dim": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
            "ffn_dim": 3072, "max_position_embeddings": 2048, "activation_function": "relu",
        },
    ),
    "gpt_neox": Example(
        "EleutherAI/pythia-70m",
        {
            "vocab_size": 50304, "hidden_size": 512, "num_hidden_layers": 6, "num_attention_heads": 8, "intermediate_size": 2048,
            "max_position_embeddings": 2048, "rotary_pct": 0.25, "use_parallel_residual": True, "tie_word_embeddings": False,
        },
    ),
    "bloom": Example("bigscience/bloom-560m", {"vocab_size": 250_880, "hidden_size": 1024, "n_layer": 24, "n_head": 16}),
    "llama": Example(
        "meta-llama/Llama-3.1-8B",
        {
            "vocab_size": 128_256, "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
            "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 131_072, "rope_theta": 500_000.0,
            "tie_word_embeddings": False,
            "rope_scaling": {
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8192,
            },
        },
    ),
    "mistral": Example(
        "mistralai/Mistral-7B-v0.1",
        {
            "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
            "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 32768, "sliding_window": 4096,
            "tie_word_embeddings": False,
        },
    ),
    "qwen2": Example(
        "Qwen/Qwen2.5-0.5B",
        {
            "vocab_size": 151_936, "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14,
            "num_key_value_heads": 2, "intermediate_size": 4864, "max_position_embeddings": 32768, "rope_theta": 1_000_000.0,
            "tie_word_embeddings": True, "use_sliding_window": False,
        },
    ),
    "qwen3": Example(
        "Qwen/Qwen3-0.6B",
        {
            "vocab_size": 151_936, "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "head_dim": 128,
            "num_key_value_heads": 8, "intermediate_size": 3072, "max_position_embeddings": 40960, "rope_theta": 1_000_000.0,
            "tie_word_embeddings": True, "use_sliding_window": False,
        },
    ),
    "gemma3_text": Example(
        "google/gemma-3-1b-pt",
        {
            "vocab_size": 262_144, "hidden_size": 1152, "num_hidden_layers": 26, "num_attention_heads": 4, "head_dim": 256,
            "num_key_value_heads": 1, "intermediate_size": 6912, "max_position_embeddings": 32768, "sliding_window": 512,
            "sliding_window_pattern": 6, "query_pre_attn_scalar": 256,
        },
    ),
    "gemma3": Example(
        "google/gemma-3-4b-pt, its text part",
        {
            "text_config": {
                "vocab_size": 262_208, "hidden_size": 2560, "num_hidden_layers": 34, "num_attention_heads": 8, "head_dim": 256,
                "num_key_value_heads": 4, "intermediate_size": 10240, "max_position_embeddings": 131_072, "sliding_window": 1024,
                "query_pre_attn_scalar": 256, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            }
        },
    ),
    "palm": Example(
        "Chowdhery et al. 2022, PaLM 8B",
        {
            "vocab_size": 256_000, "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 16, "head_dim": 256,
            "intermediate_size": 16384, "max_position_embeddings": 2048,
        },
    ),
}  # fmt: skip


def example_config(family: str) -> TransformerConfig:
    """The config of a family's example, read by the family's own reader."""
    return FAMILIES[family].read_config(ConfigJson(EXAMPLES[family].config_json))
