"""The models every family is checked on. A new family is checked by adding its entries here, and nothing else."""

from collections.abc import Mapping
from typing import Any

from tests.model.families.jurassic import JurassicCase
from tests.model.families.palm import PalmCase
from tests.model.families.reference import END, PAD, START, Hf

IDS = {"vocab_size": 61, "pad_token_id": PAD, "eos_token_id": END, "bos_token_id": START}

BERT = IDS | {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 32,
}
DISTILBERT = IDS | {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40, "max_position_embeddings": 32}
BART = IDS | {
    "d_model": 24,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 64,
    "decoder_start_token_id": START,
    "forced_eos_token_id": None,
}
T5 = {
    "vocab_size": 61,
    "d_model": 24,
    "d_kv": 6,
    "d_ff": 40,
    "num_layers": 2,
    "num_heads": 3,
    "decoder_start_token_id": PAD,
    "pad_token_id": PAD,
    "eos_token_id": END,
}
GPT2 = IDS | {"n_embd": 24, "n_layer": 2, "n_head": 3, "n_positions": 64}
LLAMA = IDS | {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
}
OPT = IDS | {
    "hidden_size": 24,
    "word_embed_proj_dim": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "ffn_dim": 40,
    "max_position_embeddings": 64,
}
NEOX = BERT | {"max_position_embeddings": 64, "hidden_size": 36}
GEMMA = LLAMA | {"head_dim": 8, "num_hidden_layers": 3, "sliding_window": 4, "query_pre_attn_scalar": 10}
ROPE_LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5000.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
SLIDING_THIRD = ["full_attention", "sliding_attention", "full_attention"]


def seq2seq(name: str, settings: Mapping[str, Any]) -> Hf:
    return Hf(f"{name}ForConditionalGeneration", f"{name}Config", settings)


def causal(name: str, settings: Mapping[str, Any]) -> Hf:
    return Hf(f"{name}ForCausalLM", f"{name}Config", settings)


def gemma(settings: Mapping[str, Any]) -> Hf:
    return Hf("Gemma3ForCausalLM", "Gemma3TextConfig", settings)


def gpt2(settings: Mapping[str, Any], config_json: Mapping[str, Any] = {}) -> Hf:
    return Hf("GPT2LMHeadModel", "GPT2Config", settings, config_json)


CASES: Mapping[str, Mapping[str, Hf | PalmCase | JurassicCase]] = {
    "bert": {
        "pairs": Hf("BertForPreTraining", "BertConfig", BERT),
        "words": Hf("BertForMaskedLM", "BertConfig", BERT | {"hidden_act": "relu", "type_vocab_size": 3}),
        "untied": Hf("BertForMaskedLM", "BertConfig", BERT | {"tie_word_embeddings": False}),
        "body": Hf("BertModel", "BertConfig", BERT),
        "classifier": Hf("BertForSequenceClassification", "BertConfig", BERT),
    },
    "bart": {
        "plain": seq2seq("Bart", BART),
        "scaled": seq2seq("Bart", BART | {"scale_embedding": True, "activation_function": "relu", "encoder_layers": 1}),
    },
    "t5": {
        "tied": seq2seq("T5", T5),
        "gated": seq2seq("T5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
        "encoder-alone": Hf("T5EncoderModel", "T5Config", T5),
        "buckets": seq2seq(
            "T5",
            T5
            | {
                "relative_attention_num_buckets": 10,
                "relative_attention_max_distance": 12,
                "num_layers": 3,
                "num_decoder_layers": 2,
                "d_kv": 5,
            },
        ),
    },
    "gpt2": {
        "plain": gpt2(GPT2),
        "wide": gpt2(GPT2 | {"n_inner": 30, "activation_function": "relu", "scale_attn_weights": False}),
        "body": Hf("GPT2Model", "GPT2Config", GPT2),
    },
    "bloom": {
        "four": causal("Bloom", IDS | {"hidden_size": 24, "n_layer": 2, "n_head": 4}),
        "six": causal("Bloom", IDS | {"hidden_size": 24, "n_layer": 2, "n_head": 6}),
        "one": causal("Bloom", IDS | {"hidden_size": 24, "n_layer": 2, "n_head": 1}),
    },
    "llama": {
        "grouped": causal("Llama", LLAMA),
        "one-key-head": causal("Llama", LLAMA | {"num_key_value_heads": 1, "head_dim": 10, "rms_norm_eps": 1e-4}),
        "llama3": causal("Llama", LLAMA | {"rope_parameters": ROPE_LLAMA3, "tie_word_embeddings": True}),
        "linear": causal(
            "Llama",
            LLAMA
            | {
                "rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 10000.0},
                "attention_bias": True,
                "mlp_bias": True,
            },
        ),
        "body": Hf("LlamaModel", "LlamaConfig", LLAMA),
    },
    "palm": {"paper": PalmCase(heads=4, key_heads=1), "few-heads": PalmCase(heads=3, key_heads=1, d_head=10)},
    "jurassic": {
        "written-out": JurassicCase(layers=3, width=24, heads=2, vocab=97),
        "wide": gpt2(GPT2 | {"n_layer": 2, "n_embd": 40, "n_head": 4}, {"regard": {"family": "jurassic"}}),
    },
    "marian": {
        "plain": Hf("MarianMTModel", "MarianConfig", BART | {"scale_embedding": True, "activation_function": "swish"}),
    },
    "pegasus": {
        "plain": seq2seq("Pegasus", BART),
        "scaled": seq2seq("Pegasus", BART | {"scale_embedding": True, "activation_function": "relu"}),
    },
    "mistral": {
        "window": causal("Mistral", LLAMA | {"sliding_window": 5}),
        "open": causal("Mistral", LLAMA | {"sliding_window": None, "head_dim": 6}),
    },
    "qwen2": {
        "plain": causal("Qwen2", LLAMA),
        "upper-windows": causal(
            "Qwen2",
            LLAMA
            | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1, "tie_word_embeddings": True},
        ),
    },
    "qwen3": {
        "plain": causal("Qwen3", LLAMA | {"head_dim": 8}),
        "windows": causal(
            "Qwen3",
            LLAMA
            | {
                "head_dim": 6,
                "num_hidden_layers": 3,
                "use_sliding_window": True,
                "sliding_window": 4,
                "layer_types": SLIDING_THIRD,
                "attention_bias": True,
            },
        ),
    },
    "gpt_neox": {
        "parallel": causal("GPTNeoX", NEOX | {"rotary_pct": 0.34}),
        "in-turn": causal(
            "GPTNeoX", NEOX | {"use_parallel_residual": False, "rotary_pct": 1.0, "hidden_act": "gelu_new"}
        ),
        "no-bias": causal("GPTNeoX", NEOX | {"attention_bias": False, "rotary_pct": 0.5, "tie_word_embeddings": True}),
    },
    "opt": {
        "plain": causal("OPT", OPT),
        "no-bias": causal("OPT", OPT | {"enable_bias": False, "activation_function": "gelu"}),
    },
    "roberta": {
        "plain": Hf(
            "RobertaForMaskedLM", "RobertaConfig", BERT | {"type_vocab_size": 1, "pad_token_id": 1, "eos_token_id": 3}
        ),
        "two-segments": Hf("RobertaForMaskedLM", "RobertaConfig", BERT | {"pad_token_id": 4}),
    },
    "distilbert": {
        "plain": Hf("DistilBertForMaskedLM", "DistilBertConfig", DISTILBERT),
        "waves": Hf(
            "DistilBertForMaskedLM",
            "DistilBertConfig",
            DISTILBERT | {"sinusoidal_pos_embds": True, "activation": "relu"},
        ),
    },
    "gemma3_text": {
        "windows": gemma(GEMMA | {"layer_types": SLIDING_THIRD}),
        "stretched": gemma(
            GEMMA
            | {
                "sliding_window_pattern": 3,
                "rope_parameters": {
                    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5000.0},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                },
            },
        ),
    },
}
