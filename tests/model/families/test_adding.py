"""docs/adding-a-family.md, followed with a family that is not built in, and each of its names looked up."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import model
from model.config import TransformerConfig
from model.families import FAMILIES, conversion
from model.families.family import ACTIVATIONS, ConfigJson, Family, Output
from model.families.rope import rope_settings
from tests.model.families.reference import Hf

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "adding-a-family.md").read_text(encoding="utf-8")
BLOCK = "decoder.blocks.{i}"


def config(hf: ConfigJson) -> TransformerConfig:
    d_model, n_heads, rope = hf.integer("hidden_size"), hf.integer("num_attention_heads"), rope_settings(hf)
    bias = hf.flag("use_bias", True)
    return TransformerConfig(
        vocab_size=hf.integer("vocab_size"),
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=hf.integer("num_key_value_heads"),
        d_head=d_model // n_heads,
        d_ff=hf.integer("intermediate_size"),
        max_positions=hf.integer("max_position_embeddings"),
        decoder_layers=hf.integer("num_hidden_layers"),
        positions="rotary",
        rotary_base=rope.base,
        window=None if hf.value("sliding_window") is None else hf.integer("sliding_window"),
        norm_eps=hf.number("norm_epsilon", 1e-5),
        qkv_bias=bias,
        out_bias=bias,
        ff_bias=bias,
        activation=hf.choice("hidden_act", ACTIVATIONS),
        tied=hf.flag("tie_word_embeddings", True),
    )


STARCODER2 = Family(
    name="starcoder2",
    title="StarCoder2",
    config=config,
    prefixes=("model.",),
    output=Output(tables=("embed_tokens.weight",)),
    weights={
        "embed_tokens.weight": "tokens.weight",
        "layers.{i}.input_layernorm.{p}": BLOCK + ".self_norm.{p}",
        "layers.{i}.self_attn.{x}_proj.{p}": BLOCK + ".self_attn.{x}.{p}",
        "layers.{i}.post_attention_layernorm.{p}": BLOCK + ".feed_forward_norm.{p}",
        "layers.{i}.mlp.c_fc.{p}": BLOCK + ".feed_forward.up.{p}",
        "layers.{i}.mlp.c_proj.{p}": BLOCK + ".feed_forward.down.{p}",
        "norm.{p}": "decoder.final_norm.{p}",
        "lm_head.weight": "head.out.weight",
    },
)
SETTINGS = {
    "vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
    "intermediate_size": 40, "max_position_embeddings": 64, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
    "sliding_window": 5,
}  # fmt: skip
IDS = [5, 9, 20, 33, 7, 11, 40, 18, 6]


def test_a_family_added_as_the_page_says_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "starcoder2", STARCODER2)
    reference = Hf("Starcoder2ForCausalLM", "Starcoder2Config", SETTINGS).build()
    reference.save(tmp_path)
    lm, expected = model.load(tmp_path, "cpu"), reference.read(IDS, None, None)
    trace = lm.run(IDS)
    assert expected.logits is not None
    assert (trace.logits - expected.logits).abs().max() < 1e-4
    for layer, pattern in enumerate(expected.patterns["decoder", "self"]):
        assert (trace.attention("decoder", layer).weights() - pattern).abs().max() < 1e-5
    assert [step.token.id for step in lm.decode(IDS, max_new_tokens=8)] == reference.write(IDS, 8)
    assert "hidden_size" not in lm.source.unused_keys


def test_the_config_fields_the_page_names_exist() -> None:
    first = PAGE[PAGE.index("## 1.") : PAGE.index("## 2.")]
    named = set(re.findall(r"`([a-z_]+)`", first))
    assert len(named) > 20
    assert named <= {field.name for field in fields(TransformerConfig)}


def test_the_rules_and_readers_the_page_names_exist() -> None:
    second = PAGE[PAGE.index("## 2.") : PAGE.index("## 3.")]
    rules = set(re.findall(r"`(\w+)\(\w*(?:, op)?\)`", second))
    assert rules == {"Via", "Copy", "Fallback", "Spare", "Computed"}
    for name in (*rules, "transposed", "stacked_qkv", "interleaved_qkv", "flat"):
        assert callable(getattr(conversion, name))
    for name in ("integer", "number", "flag", "text", "choice", "part"):
        assert callable(getattr(ConfigJson, name))
    parts = {field.name for field in fields(Family)}
    assert {"name", "title", "config", "required", "prefixes", "output", "weights", "aliases"} <= parts
    assert {"weight", "proof", "tables"} <= {field.name for field in fields(Output)}


def test_the_files_the_page_names_are_there() -> None:
    for path in set(re.findall(r"`((?:\w+/)+\w+\.\w+)`", PAGE)):
        places = (ROOT / path, ROOT / "model" / path)
        assert any(place.is_file() for place in places), path


def test_a_value_it_does_not_know_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value the reader does not know is refused by name, as the page promises."""
    monkeypatch.setitem(FAMILIES, "starcoder2", STARCODER2)
    Hf("Starcoder2ForCausalLM", "Starcoder2Config", SETTINGS | {"hidden_act": "quick_gelu"}).build().save(tmp_path)
    with pytest.raises(model.CheckpointError, match="hidden_act='quick_gelu', which is not supported"):
        model.load(tmp_path, "cpu")
