"""The layouts of the five decoders that continue stories: GPT-2 (also for Jurassic-1), BLOOM, LLaMA and PaLM."""

from collections.abc import Mapping

import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.converters.converter import Json, Layout, of_linear, renamed
from training.data.stories import END_OF_STORY
from training.recipe import Recipe

BLOCK = "decoder.blocks"


def ends(tokenizer: Tokenizer) -> Json:
    """The ids of the special tokens: one token starts, ends and pads."""
    end = tokenizer.token_to_id(END_OF_STORY)
    return {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}


def generation_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """The token that ends a story, and the longest one."""
    return {**ends(tokenizer), "max_length": recipe.config.max_positions or 2_048}


def gpt2_sizes(recipe: Recipe) -> Json:
    """The config of a GPT2LMHeadModel, without its special tokens."""
    c = recipe.config
    return {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.0,
        "embd_pdrop": recipe.embedding_dropout,
        "layer_norm_epsilon": c.norm_eps,
        "model_type": "gpt2",
        "n_embd": c.d_model,
        "n_head": c.n_heads,
        "n_inner": c.d_ff,
        "n_layer": c.decoder_layers,
        "n_positions": c.max_positions,
        "resid_pdrop": recipe.sublayer_dropout,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
    }


def gpt2_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """GPT2LMHeadModel."""
    return {**gpt2_sizes(recipe), **ends(tokenizer)}


def jurassic_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """As GPT-2's, with the family's name for Regard."""
    return {**gpt2_json(recipe, tokenizer), "regard": {"family": "jurassic"}}


def gpt2_weights(net: Transformer) -> dict[str, Tensor]:
    """GPT-2 stores q, k and v as one matrix, and every matrix of a block transposed (Conv1D)."""
    ours = dict(net.named_parameters())
    weights = {
        "transformer.wte.weight": ours.pop("tokens.weight"),
        "transformer.wpe.weight": ours.pop("decoder.positions.table.weight"),
        "transformer.ln_f.weight": ours.pop("decoder.final_norm.weight"),
        "transformer.ln_f.bias": ours.pop("decoder.final_norm.bias"),
    }
    maps = {"self_attn.o": "attn.c_proj", "feed_forward.up": "mlp.c_fc", "feed_forward.down": "mlp.c_proj"}
    norms = {"self_norm": "ln_1", "feed_forward_norm": "ln_2"}
    for i in range(net.config.decoder_layers):
        here, there = f"{BLOCK}.{i}", f"transformer.h.{i}"
        for p in ("weight", "bias"):
            qkv = torch.cat([ours.pop(f"{here}.self_attn.{part}.{p}") for part in "qkv"])
            weights[f"{there}.attn.c_attn.{p}"] = qkv.T if p == "weight" else qkv
            for mine, theirs in maps.items():
                x = ours.pop(f"{here}.{mine}.{p}")
                weights[f"{there}.{theirs}.{p}"] = x.T if p == "weight" else x
            for mine, theirs in norms.items():
                weights[f"{there}.{theirs}.{p}"] = ours.pop(f"{here}.{mine}.{p}")
    return all_placed(weights, ours)


def all_placed(weights: dict[str, Tensor], left: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights. Raises ValueError if any are `left` without a name in the layout."""
    if left:
        raise ValueError(f"the layout has no place for {', '.join(sorted(left))}")
    return {name: x.detach() for name, x in weights.items()}


def bloom_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """BloomForCausalLM."""
    c = recipe.config
    return {
        "apply_residual_connection_post_layernorm": False,
        "architectures": ["BloomForCausalLM"],
        "attention_dropout": 0.0,
        "hidden_dropout": recipe.sublayer_dropout,
        "hidden_size": c.d_model,
        "layer_norm_epsilon": c.norm_eps,
        "model_type": "bloom",
        "n_head": c.n_heads,
        "n_layer": c.decoder_layers,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
        **ends(tokenizer),
    }


def bloom_weights(net: Transformer) -> dict[str, Tensor]:
    """BLOOM stores q, k and v as one matrix, head by head."""
    ours = dict(net.named_parameters())
    heads, d_head = net.config.n_heads, net.config.d_head
    weights = {"transformer.word_embeddings.weight": ours.pop("tokens.weight")}
    for p in ("weight", "bias"):
        weights[f"transformer.word_embeddings_layernorm.{p}"] = ours.pop(f"decoder.embed_norm.{p}")
        weights[f"transformer.ln_f.{p}"] = ours.pop(f"decoder.final_norm.{p}")
    plain = {
        "self_norm": "input_layernorm",
        "self_attn.o": "self_attention.dense",
        "feed_forward_norm": "post_attention_layernorm",
        "feed_forward.up": "mlp.dense_h_to_4h",
        "feed_forward.down": "mlp.dense_4h_to_h",
    }
    for i in range(net.config.decoder_layers):
        here, there = f"{BLOCK}.{i}", f"transformer.h.{i}"
        for p in ("weight", "bias"):
            parts = [ours.pop(f"{here}.self_attn.{part}.{p}") for part in "qkv"]
            by_head = [x.unflatten(0, (heads, 1, d_head)) for x in parts]  # (heads, 1, d_head, ...)
            weights[f"{there}.self_attention.query_key_value.{p}"] = torch.cat(by_head, dim=1).flatten(0, 2)
            for mine, theirs in plain.items():
                weights[f"{there}.{theirs}.{p}"] = ours.pop(f"{here}.{mine}.{p}")
    return all_placed(weights, ours)


def rotary_sizes(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """The keys of config.json that LLaMA and PaLM share."""
    c = recipe.config
    return {
        "head_dim": c.d_head,
        "hidden_size": c.d_model,
        "intermediate_size": c.d_ff,
        "max_position_embeddings": c.max_positions,
        "num_attention_heads": c.n_heads,
        "num_hidden_layers": c.decoder_layers,
        "num_key_value_heads": c.kv_heads,
        "rope_theta": c.rotary_base,
        "torch_dtype": "float16",
        "vocab_size": c.vocab_size,
        **ends(tokenizer),
    }


def llama_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """LlamaForCausalLM."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": recipe.config.activation,
        "mlp_bias": False,
        "model_type": "llama",
        "rms_norm_eps": recipe.config.norm_eps,
        "tie_word_embeddings": True,
        **rotary_sizes(recipe, tokenizer),
    }


def llama_weights(net: Transformer) -> dict[str, Tensor]:
    """The tensors by LLaMA's names."""
    names = {"tokens.weight": "model.embed_tokens.weight", "decoder.final_norm.weight": "model.norm.weight"}
    parts = {
        "self_norm": "input_layernorm",
        "feed_forward_norm": "post_attention_layernorm",
        **{f"self_attn.{x}": f"self_attn.{x}_proj" for x in "qkvo"},
        **{f"feed_forward.{x}": f"mlp.{x}_proj" for x in ("gate", "up", "down")},
    }
    for i in range(net.config.decoder_layers):
        for mine, theirs in parts.items():
            names |= of_linear(f"{BLOCK}.{i}.{mine}", f"model.layers.{i}.{theirs}")
    return renamed(net, names)


def palm_json(recipe: Recipe, tokenizer: Tokenizer) -> Json:
    """Regard's own layout: no weights of PaLM were published."""
    own: Json = {"layer_norm_eps": recipe.config.norm_eps, "model_type": "palm", "scale_logits": True}
    return own | rotary_sizes(recipe, tokenizer)


def palm_weights(net: Transformer) -> dict[str, Tensor]:
    """The tensors by the names that model/families/palm.py reads."""
    names = {"tokens.weight": "embed.weight", "decoder.final_norm.weight": "norm.weight"}
    parts = {
        "self_norm": "norm",
        **{f"self_attn.{x}": x for x in "qkvo"},
        **{f"feed_forward.{x}": f"ff.{x}" for x in ("gate", "up", "down")},
    }
    for i in range(net.config.decoder_layers):
        for mine, theirs in parts.items():
            names[f"{BLOCK}.{i}.{mine}.weight"] = f"layers.{i}.{theirs}.weight"
    return renamed(net, names)


GPT2 = Layout(gpt2_json, generation_json, gpt2_weights)
JURASSIC = Layout(jurassic_json, generation_json, gpt2_weights)
BLOOM = Layout(bloom_json, generation_json, bloom_weights)
LLAMA = Layout(llama_json, generation_json, llama_weights)
PALM = Layout(palm_json, generation_json, palm_weights)
