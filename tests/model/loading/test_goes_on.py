"""Loading goes on where it can: extra heads and layers are listed, an unreadable tokenizer leaves ids, and keys have defaults."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import model
from model import CheckpointError, InputError
from model.families import FAMILIES, of_class
from model.families.family import ConfigJson
from tests.model.builders import byte_tokenizer
from tests.model.families.cases import CASES
from tests.model.families.reference import Hf, HfReference, amend

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 548118077\n".format("0" * 64)
IDS = [5, 9, 20, 33, 7]


def case(family: str) -> Hf:
    found = next(iter(CASES[family].values()))
    assert isinstance(found, Hf)
    return found


def reference(name: str, family: str) -> Any:
    """A tiny model of another class of the reference library, with the family's config."""
    settings = dict(case(family).settings) | {"num_labels": 2}
    return Hf(name, case(family).config, settings).build()


def logits(folder: Path) -> torch.Tensor:
    lm = model.load(folder, device="cpu")
    return lm.run(IDS, target=[2, 5] if lm.kind == "encoder-decoder" else None).final


CLASSIFIERS = [
    ("bert", "BertForSequenceClassification", "classifier.weight"),
    ("bert", "BertForQuestionAnswering", "qa_outputs.bias"),
    ("roberta", "RobertaForSequenceClassification", "classifier.dense.weight"),
    ("distilbert", "DistilBertForTokenClassification", "classifier.bias"),
    ("distilbert", "DistilBertForSequenceClassification", "pre_classifier.weight"),
    ("bart", "BartForSequenceClassification", "classification_head.dense.weight"),
    ("t5", "T5ForSequenceClassification", "classification_head.dense.weight"),
    ("t5", "T5ForTokenClassification", "classifier.weight"),
    ("t5", "T5ForQuestionAnswering", "qa_outputs.weight"),
    ("gpt2", "GPT2DoubleHeadsModel", "multiple_choice_head.summary.weight"),
    ("gpt_neox", "GPTNeoXForTokenClassification", "classifier.weight"),
    ("bloom", "BloomForTokenClassification", "classifier.weight"),
    ("opt", "OPTForSequenceClassification", "score.weight"),
    ("llama", "LlamaForQuestionAnswering", "qa_outputs.weight"),
    ("mistral", "MistralForTokenClassification", "score.weight"),
    ("qwen2", "Qwen2ForQuestionAnswering", "qa_outputs.weight"),
    ("qwen3", "Qwen3ForQuestionAnswering", "qa_outputs.weight"),
    ("gemma3_text", "Gemma3TextForSequenceClassification", "score.weight"),
]


@pytest.mark.parametrize(("family", "name", "spare"), CLASSIFIERS)
def test_the_head_of_a_published_classifier_is_listed_and_its_body_runs(
    tmp_path: Path, family: str, name: str, spare: str
) -> None:
    reference(name, family).save(tmp_path)
    assert spare in model.load(tmp_path, device="cpu").source.unused_tensors
    assert logits(tmp_path).isfinite().all()


def renamed(folder: Path, change: Callable[[str], str]) -> None:
    held = load_file(folder / "model.safetensors")
    save_file({change(name): x for name, x in held.items()}, folder / "model.safetensors")


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "module._orig_mod.", "0.auto_model."])
def test_what_training_tools_put_before_names_is_left_out(tmp_path: Path, wrapper: str) -> None:
    case("bert").build().save(tmp_path)
    expected = logits(tmp_path)
    renamed(tmp_path, lambda name: wrapper + name)
    assert torch.equal(logits(tmp_path), expected)


def added(folder: Path, **tensors: torch.Tensor) -> None:
    held = load_file(folder / "model.safetensors")
    save_file(held | {name.replace("__", "."): x for name, x in tensors.items()}, folder / "model.safetensors")


def test_a_value_head_of_a_reward_model_is_listed(tmp_path: Path) -> None:
    case("gpt2").build().save(tmp_path)
    added(tmp_path, v_head__summary__weight=torch.zeros(1, 24))
    assert model.load(tmp_path, device="cpu").source.unused_tensors == ("v_head.summary.weight",)


def test_parts_of_an_output_head_without_the_rest_are_listed(tmp_path: Path) -> None:
    reference("BertModel", "bert").save(tmp_path)
    added(tmp_path, cls__predictions__decoder__weight=torch.zeros(61, 24), cls__seq_relationship__bias=torch.zeros(2))
    unused = model.load(tmp_path, device="cpu").source.unused_tensors
    assert {"cls.predictions.decoder.weight", "cls.seq_relationship.bias"} <= set(unused)


def test_a_tensor_of_no_known_part_is_still_refused(tmp_path: Path) -> None:
    case("gpt2").build().save(tmp_path)
    added(tmp_path, h__0__adapter__weight=torch.zeros(1, 24))
    with pytest.raises(CheckpointError, match=r"the tensor h\.0\.adapter\.weight belongs to nothing"):
        model.load(tmp_path, device="cpu")


@pytest.mark.parametrize(
    ("family", "key"), [("gpt2", "n_layer"), ("bart", "decoder_layers"), ("llama", "num_hidden_layers")]
)
def test_layers_above_the_last_one_of_the_config_are_listed_as_the_reference_leaves_them_out(
    tmp_path: Path, family: str, key: str
) -> None:
    theirs = case(family).build()
    theirs.save(tmp_path)
    amend(tmp_path, {key: 1})
    lm = model.load(tmp_path, device="cpu")
    assert lm.config.decoder_layers == 1
    assert lm.source.unused_tensors
    cut = type(theirs.net).from_pretrained(tmp_path, attn_implementation="eager").eval()
    target = [2, 5] if family == "bart" else None
    expected = HfReference(cut, {}).read(IDS, target, None).logits
    assert expected is not None
    assert (lm.run(IDS, target=target).logits - expected).abs().max() < 1e-4


@pytest.mark.parametrize("broken", ["{", '{"version": "1.0"}', POINTER])
def test_an_unreadable_tokenizer_leaves_ids_as_a_missing_one_does(tmp_path: Path, broken: str) -> None:
    case("gpt2").build().save(tmp_path)
    (tmp_path / "tokenizer.json").write_text(broken, encoding="utf-8")
    lm = model.load(tmp_path, device="cpu")
    assert lm.tokenizer is None
    assert lm.run(IDS).logits.isfinite().all()
    assert "tokenizer.json" in lm.source.tokenizer_fault
    with pytest.raises(InputError, match=r"tokenizer could not be read \(tokenizer\.json .*\): give token ids"):
        lm.run("hello")
    byte_tokenizer().pipeline.save(str(tmp_path / "tokenizer.json"))
    assert model.load(tmp_path, device="cpu").source.tokenizer_fault == ""


@pytest.mark.parametrize(
    "file", ["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "config.json"]
)
def test_a_git_lfs_pointer_is_called_that(tmp_path: Path, file: str) -> None:
    case("gpt2").build().save(tmp_path)
    if file != "config.json":
        (tmp_path / "model.safetensors").unlink()
    (tmp_path / file).write_text(POINTER, encoding="utf-8")
    with pytest.raises(CheckpointError, match=rf"{file} is a git-lfs pointer, .*: run git lfs pull in {tmp_path}"):
        model.load(tmp_path, device="cpu")


FAMILY_CASES = [family for family in CASES if isinstance(next(iter(CASES[family].values())), Hf)]


@pytest.mark.parametrize("family", FAMILY_CASES)
def test_a_config_without_model_type_is_known_by_its_architecture(tmp_path: Path, family: str) -> None:
    case(family).build().save(tmp_path)
    amend(tmp_path, {"model_type": None})
    assert model.load(tmp_path, device="cpu").family == family


def test_only_classes_of_supported_families_say_a_family() -> None:
    assert of_class("MarianMTModel") == "marian"
    assert of_class("GPT2LMHeadModel") == "gpt2"
    assert of_class("Gemma3ForConditionalGeneration") == "gemma3"
    for other in (
        "BertGenerationEncoder",
        "Qwen2MoeForCausalLM",
        "Llama4ForCausalLM",
        "RobertaPreLayerNormModel",
        "Mamba",
    ):
        assert of_class(other) is None


@pytest.mark.parametrize("family", FAMILY_CASES)
def test_a_key_that_config_leaves_out_means_what_the_reference_takes_it_for(family: str) -> None:
    kind = getattr(transformers, case(family).config)
    full = kind(**case(family).settings).to_dict()

    def read(values: Mapping[str, Any]) -> object:
        try:
            return FAMILIES[family].read_config(ConfigJson(values))
        except CheckpointError:
            return None  # refused, with the key's name

    for key in full.keys() - {"model_type"}:
        less = {name: value for name, value in full.items() if name != key}
        ours = read(less)
        if ours is not None:
            theirs = read(kind.from_dict(dict(less)).to_dict())
            assert theirs is None or ours == theirs, key


def test_mistral_without_sliding_window_sees_4096_tokens_and_with_null_all() -> None:
    stated = case("mistral").settings | {"num_key_value_heads": 2}
    config = FAMILIES["mistral"].read_config(ConfigJson({k: v for k, v in stated.items() if k != "sliding_window"}))
    assert config.window == 4096
    assert FAMILIES["mistral"].read_config(ConfigJson({**stated, "sliding_window": None})).window is None


@pytest.mark.parametrize("pads", [(1, 3, 4), (0,), (0, 1, 2, 3, 4, 5), ()])
def test_padding_takes_no_position_in_roberta(tmp_path: Path, pads: tuple[int, ...]) -> None:
    theirs = case("roberta").build()
    theirs.save(tmp_path)
    lm = model.load(tmp_path, device="cpu")
    pad = theirs.net.config.pad_token_id
    assert lm.config.unplaced == pad
    ids = [pad if i in pads else 5 + i for i in range(6)]
    expected = theirs.read(ids, None, None).logits
    assert expected is not None
    trace = lm.run(ids)
    assert (trace.logits - expected).abs().max() < 1e-4
    positions = trace.position("encoder")
    assert positions is not None
    assert positions.shape == (len(ids), lm.config.d_model)
    trace.save(tmp_path / "trace.safetensors")
    back = model.Trace.load(tmp_path / "trace.safetensors", lm).position("encoder")
    assert back is not None
    assert torch.equal(back, positions)
