"""The forms in which published checkpoints of a family differ: names, ties, spare heads, older keys, what is refused."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import model
from model import CheckpointError
from model.families import FAMILIES
from model.families.family import ConfigJson
from tests.model.families.cases import BART, BERT, CASES, GEMMA, LLAMA, T5
from tests.model.families.reference import Hf, HfReference, amend, shake

IDS = [5, 9, 20, 33, 7, 11, 40]


def built(family: str, name: str, folder: Path) -> tuple[HfReference, Path]:
    reference = CASES[family][name].build()
    assert isinstance(reference, HfReference)
    reference.save(folder)
    return reference, folder


def retold(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Writes the weights again under other names, or more or fewer of them."""
    held = change(load_file(folder / "model.safetensors"))
    save_file({name: x.contiguous().clone() for name, x in held.items()}, folder / "model.safetensors")


def logits(folder: Path, target: list[int] | None = None) -> torch.Tensor:
    lm = model.load(folder, device="cpu")
    return lm.run(IDS, target=target).logits


PREFIXES = {
    "bert": ("words", "bert."), "roberta": ("plain", "roberta."), "distilbert": ("plain", "distilbert."),
    "bart": ("plain", "model."), "marian": ("plain", "model."), "pegasus": ("plain", "model."),
    "gpt2": ("plain", "transformer."), "bloom": ("six", "transformer."), "gpt_neox": ("parallel", "gpt_neox."),
    "opt": ("plain", "model."), "llama": ("grouped", "model."), "mistral": ("window", "model."),
    "qwen2": ("plain", "model."), "qwen3": ("plain", "model."), "gemma3_text": ("windows", "model."),
}  # fmt: skip


@pytest.mark.parametrize("family", PREFIXES)
def test_names_without_the_base_models_prefix_are_the_same_model(family: str, tmp_path: Path) -> None:
    case, prefix = PREFIXES[family]
    _, folder = built(family, case, tmp_path)
    target = [2, 8, 9] if model.load(folder).kind == "encoder-decoder" else None
    expected = logits(folder, target)
    retold(folder, lambda held: {name.removeprefix(prefix): x for name, x in held.items()})
    assert not any(name.startswith(prefix) for name in load_file(folder / "model.safetensors"))
    assert torch.equal(logits(folder, target), expected)


def test_early_bert_files_call_a_norms_weights_gamma_and_beta(tmp_path: Path) -> None:
    _, folder = built("bert", "words", tmp_path)
    expected = logits(folder)

    def early(name: str) -> str:
        return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")

    retold(folder, lambda held: {early(name): x for name, x in held.items()})
    assert torch.equal(logits(folder), expected)


def test_spare_heads_are_listed_and_not_used(tmp_path: Path) -> None:
    _, folder = built("bert", "classifier", tmp_path)
    lm = model.load(folder)
    assert set(lm.source.unused_tensors) == {
        "classifier.weight", "classifier.bias", "pooler.dense.weight", "pooler.dense.bias",
    }  # fmt: skip
    assert lm.net.head is None
    assert lm.net.relation is None


def test_berts_pooler_is_used_where_it_judges_two_sentences(tmp_path: Path) -> None:
    _, folder = built("bert", "pairs", tmp_path)
    lm = model.load(folder)
    assert lm.source.unused_tensors == ()
    relation = lm.run(IDS, segments=[0, 0, 0, 1, 1, 1, 1]).relation
    assert relation is not None
    assert float(relation.sum()) == pytest.approx(1)


def test_a_body_without_an_output_head_loads_and_predicts_nothing(tmp_path: Path) -> None:
    _, folder = built("llama", "body", tmp_path)
    lm = model.load(folder)
    assert lm.config.head == "none"
    assert lm.run(IDS).attention("decoder", 0).weights().shape == (6, 7, 7)
    with pytest.raises(model.InputError, match="no output head"):
        next(iter(lm.decode(IDS)))


def test_a_tied_body_keeps_its_head(tmp_path: Path) -> None:
    """GPT-2 was published without one: the embedding is the head."""
    _, folder = built("gpt2", "body", tmp_path)
    lm = model.load(folder)
    assert lm.config.tied
    assert lm.run(IDS).logits.shape == (7, 61)


def test_a_stored_copy_of_a_tied_table_is_no_second_table(tmp_path: Path) -> None:
    _, folder = built("gpt2", "plain", tmp_path)
    expected = logits(folder)
    retold(folder, lambda held: held | {"lm_head.weight": held["transformer.wte.weight"]})
    lm = model.load(folder)
    assert lm.config.tied
    assert torch.equal(lm.run(IDS).logits, expected)


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_a_table_stored_three_times_must_be_one(family: str, tmp_path: Path) -> None:
    _, folder = built(family, "plain" if family == "bart" else "tied", tmp_path)
    expected = logits(folder, [2, 8])
    prefix = "model." if family == "bart" else ""
    copies = [f"{prefix}encoder.embed_tokens.weight", f"{prefix}decoder.embed_tokens.weight"]
    shared = f"{prefix}shared.weight"
    retold(folder, lambda held: held | dict.fromkeys(copies, held[shared]))
    assert torch.equal(logits(folder, [2, 8]), expected)
    retold(folder, lambda held: {name: x for name, x in held.items() if name != shared})
    assert torch.equal(logits(folder, [2, 8]), expected)
    retold(folder, lambda held: held | {copies[0]: held[copies[0]] + 1})
    with pytest.raises(CheckpointError, match=r"embed_tokens.weight differs from the one that filled tokens.weight"):
        model.load(folder)


@pytest.mark.parametrize(
    ("keys", "scaled"),
    [
        ({"tie_word_embeddings": None, "scale_decoder_outputs": None}, True),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": None}, True),
        ({"tie_word_embeddings": False, "scale_decoder_outputs": None}, False),
        ({"tie_word_embeddings": False, "scale_decoder_outputs": True}, True),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": False}, False),
    ],
)
@pytest.mark.parametrize("own_head", [True, False])
def test_t5_scales_what_its_config_says_and_owns_the_head_it_stores(
    tmp_path: Path, keys: Mapping[str, Any], scaled: bool, own_head: bool
) -> None:
    reference, folder = built("t5", "tied", tmp_path)
    amend(folder, keys)
    head = reference.net.shared.weight.detach()
    if own_head:
        head = head.flip(0)
        retold(folder, lambda held: held | {"lm_head.weight": head})
    lm = model.load(folder)
    assert lm.config.tied != own_head
    trace = lm.run(IDS, target=[0, 8, 9])
    assert torch.allclose(trace.logits, trace.final @ head.T * (24**-0.5 if scaled else 1), atol=1e-4)


def test_old_and_new_ways_to_state_rotary_positions_are_the_same_model(tmp_path: Path) -> None:
    _, folder = built("llama", "llama3", tmp_path)
    expected = logits(folder)
    config = json.loads((folder / "config.json").read_text())
    stated = config["rope_parameters"]
    scaling = {key: value for key, value in stated.items() if key != "rope_theta"}
    amend(folder, {"rope_parameters": None, "rope_theta": stated["rope_theta"], "rope_scaling": scaling})
    assert torch.equal(logits(folder), expected)
    amend(folder, {"rope_scaling": None})
    assert not torch.allclose(logits(folder), expected, atol=1e-3)


def test_old_neox_keys_are_the_same_model(tmp_path: Path) -> None:
    _, folder = built("gpt_neox", "parallel", tmp_path)
    expected = logits(folder)
    amend(folder, {"rope_parameters": None, "rotary_pct": 0.34, "rotary_emb_base": 10000})
    assert torch.equal(logits(folder), expected)


def test_blooms_early_keys_are_the_same_model(tmp_path: Path) -> None:
    _, folder = built("bloom", "six", tmp_path)
    expected = logits(folder)
    amend(folder, {"hidden_size": None, "n_embed": 24, "n_head": None, "num_attention_heads": 6})
    assert torch.equal(logits(folder), expected)


def test_bart_without_its_logit_bias_has_none(tmp_path: Path) -> None:
    """facebook/bart-base leaves the zeros out."""
    _, folder = built("bart", "plain", tmp_path)
    retold(folder, lambda held: held | {"final_logits_bias": torch.zeros(1, BART["vocab_size"])})
    expected = logits(folder, [2, 8])
    retold(folder, lambda held: {name: x for name, x in held.items() if name != "final_logits_bias"})
    assert torch.equal(logits(folder, [2, 8]), expected)


@pytest.mark.parametrize("family", ["marian", "pegasus"])
def test_stored_sinusoids_are_accepted_and_others_are_not(family: str, tmp_path: Path) -> None:
    _, folder = built(family, "plain", tmp_path)
    name = "model.encoder.embed_positions.weight"
    rest = {"model.decoder.embed_positions.weight", name}
    lm = model.load(folder)
    assert lm.net.encoder is not None
    table = lm.net.encoder.positions.get_buffer("table")
    expected = logits(folder, [2, 8])
    retold(folder, lambda held: {key: x for key, x in held.items() if key not in rest})
    assert torch.equal(logits(folder, [2, 8]), expected)
    retold(folder, lambda held: held | {name: table.half()})
    assert torch.equal(logits(folder, [2, 8]), expected)
    retold(folder, lambda held: held | {name: table + 0.1})
    with pytest.raises(CheckpointError, match=r"encoder.embed_positions.weight is not the fixed table"):
        model.load(folder)


@pytest.mark.parametrize("layout", ["model.language_model.", "language_model.model."])
def test_the_text_part_of_gemma3_is_the_text_model(tmp_path: Path, layout: str) -> None:
    _, folder = built("gemma3_text", "stretched", tmp_path)
    expected = logits(folder)
    text = json.loads((folder / "config.json").read_text())
    config = {
        "model_type": "gemma3",
        "text_config": text,
        "vision_config": {"hidden_size": 8},
        "eos_token_id": [1, 106],
    }
    (folder / "config.json").write_text(json.dumps(config))
    picture = {"vision_tower.embeddings.weight": torch.ones(3), "multi_modal_projector.w": torch.ones(2)}
    retold(folder, lambda held: {name.replace("model.", layout, 1): x for name, x in held.items()} | picture)
    lm = model.load(folder)
    assert lm.family == "gemma3"
    assert torch.equal(lm.run(IDS).logits, expected)
    assert set(lm.source.unused_tensors) == set(picture)
    assert "vision_config" in lm.source.unused_keys
    assert "text_config.initializer_range" in lm.source.unused_keys


def test_gemma3s_older_keys_are_the_same_model(tmp_path: Path) -> None:
    _, folder = built("gemma3_text", "stretched", tmp_path)
    expected = logits(folder)
    scaling = {"rope_type": "linear", "factor": 8.0}
    older = {"rope_theta": 5000.0, "rope_local_base_freq": 100.0, "rope_scaling": scaling}
    amend(folder, {"rope_parameters": None, "layer_types": None, "sliding_window_pattern": 3} | older)
    assert torch.equal(logits(folder), expected)


def test_mistral_without_a_window_key_has_4096(tmp_path: Path) -> None:
    """As transformers' MistralConfig: a missing key is its default."""
    _, folder = built("mistral", "window", tmp_path)
    amend(folder, {"sliding_window": None})
    assert model.load(folder).config.window == 4096


OPT_350M = {"model_type": "opt", "hidden_size": 24, "word_embed_proj_dim": 12, "do_layer_norm_before": False}
NEOX = {"model_type": "gpt_neox", "hidden_size": 24, "num_attention_heads": 3}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({**BERT, "model_type": "bert", "position_embedding_type": "relative_key"}, "position_embedding_type='relative_key'; BERT"),
        ({**BERT, "model_type": "bert", "is_decoder": True}, "is_decoder=True; BERT is supported with is_decoder=False"),
        ({**BERT, "model_type": "bert", "hidden_act": "mish"}, "hidden_act='mish', which is not supported; supported are gelu"),
        ({**BART, "model_type": "bart", "decoder_attention_heads": 6}, "encoder_attention_heads=3 and decoder_attention_heads=6"),
        ({**BART, "model_type": "marian", "decoder_ffn_dim": 8}, "encoder_ffn_dim=40 and decoder_ffn_dim=8"),
        ({**BART, "model_type": "marian", "decoder_vocab_size": 8}, "vocab_size=61 and decoder_vocab_size=8"),
        ({**BART, "model_type": "marian", "normalize_before": True}, "normalize_before=True; Marian is supported with"),
        ({**T5, "model_type": "t5", "feed_forward_proj": "gated-mish"}, "feed_forward_proj='gated-mish'"),
        (OPT_350M, "do_layer_norm_before=False; OPT is supported with do_layer_norm_before=True only"),
        (OPT_350M | {"do_layer_norm_before": True, "num_attention_heads": 2}, "hidden_size=24 and word_embed_proj_dim=12"),
        (NEOX | {"alibi": True}, "alibi=True; GPT-NeoX is supported with alibi=False only"),
        ({"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx=True"),
        ({"model_type": "bloom", "apply_residual_connection_post_layernorm": True}, "BLOOM is supported with"),
        ({**GEMMA, "model_type": "gemma3_text", "attn_logit_softcapping": 50.0}, "attn_logit_softcapping=50.0"),
        ({**GEMMA, "model_type": "gemma3_text", "use_bidirectional_attention": True}, "use_bidirectional_attention=True"),
        ({"model_type": "gemma3"}, "config.json has no text_config"),
        ({**LLAMA, "model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2}}, "of type 'dynamic'"),
        ({**LLAMA, "model_type": "llama", "rope_scaling": {"type": "linear"}}, "config.json has no factor"),
        ({**LLAMA, "model_type": "qwen2", "use_sliding_window": True, "layer_types": ["chunked"]}, "layer_types="),
        ({"model_type": "llama", "hidden_size": 24}, "config.json has no num_attention_heads"),
    ],
)  # fmt: skip
def test_a_value_that_would_change_the_computation_is_refused(config: Mapping[str, Any], said: str) -> None:
    with pytest.raises(CheckpointError) as raised:
        FAMILIES[config["model_type"]].read_config(ConfigJson(config))
    assert said in str(raised.value)


def test_unused_keys_are_listed(tmp_path: Path) -> None:
    _, folder = built("llama", "grouped", tmp_path)
    amend(folder, {"something_new": 7})
    unused = model.load(folder).source.unused_keys
    assert unused["something_new"] == 7
    assert not {"hidden_size", "rope_parameters", "num_key_value_heads", "model_type"} & set(unused)


def test_a_different_table_beside_a_tied_one_is_an_output_of_its_own(tmp_path: Path) -> None:
    """As the reference reads it: what is stored counts above what the config says."""
    reference = Hf("LlamaForCausalLM", "LlamaConfig", LLAMA).build()
    shake(reference.net)
    reference.save(tmp_path)
    expected = reference.read(IDS, None, None).logits
    amend(tmp_path, {"tie_word_embeddings": True})
    assert expected is not None
    assert torch.allclose(logits(tmp_path), expected, atol=1e-4)
