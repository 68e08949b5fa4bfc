"""Folders damaged at random and by design: whatever stands in them, one sentence comes out, or a model that runs."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import model
from model import CheckpointError, InputError
from model.errors import LONGEST
from model.loading import checkpoint
from model.tokenizers import files
from model.tokenizers.tokens import Tokenizer
from tests.model.families.cases import CASES
from tests.model.families.reference import amend
from tests.model.small_checkpoint import shard, small_checkpoint
from tests.model.tokenizers.test_files import LETTERS, WORDS, spm, state

IDS = [5, 9, 20, 33, 7]
Q = "layers.0.q.weight"
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path)


def outcome(folder: Path, dtype: checkpoint.Dtype = "float32") -> str:
    """ "runs", or the one sentence that says why not; anything else that is raised fails the test."""
    try:
        lm = model.load(folder, "cpu", dtype)
        trace = lm.run(IDS, target=[2, 5] if lm.kind == "encoder-decoder" else None)
        assert trace.final.shape[-1] == lm.config.d_model
        return "runs"
    except (CheckpointError, InputError) as error:
        sentence = str(error)
    assert sentence.isprintable()
    assert 10 < len(sentence) <= LONGEST
    return sentence


@pytest.mark.parametrize(
    ("family", "keys", "said"),
    [
        ("llama", {"num_hidden_layers": 1_000_000}, "config.json asks for 1,000,000 layers, and 21 tensors are stored"),
        ("llama", {"hidden_size": 10**30}, "must be at most 2,147,483,647"),
        ("llama", {"rms_norm_eps": -1}, "a norm cannot add -1.0 to a variance"),
        ("llama", {"rms_norm_eps": float("nan")}, "rms_norm_eps=nan, but rms_norm_eps must be a number of ordinary size"),
        ("llama", {"rms_norm_eps": 1e30}, "must be a number of ordinary size"),
        ("llama", {"num_key_value_heads": -1}, "key heads, segments and the offset of positions cannot be negative"),
        ("llama", {"max_position_embeddings": 0}, "a model with 0 positions reads nothing"),
        ("llama", {"rope_parameters": {"rope_theta": 0}}, "a rotation's base and scale must be above 0"),
        ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 0}}, "a rotation's base and scale must be above 0"),
        ("llama", {"rope_parameters": LLAMA3 | {"original_max_position_embeddings": 0}}, "a Llama 3 scaling needs"),
        ("llama", {"rope_parameters": LLAMA3 | {"low_freq_factor": 4.0, "original_max_position_embeddings": 8}}, "a Llama 3"),
        ("llama", {"vocab_size": 2**31 - 1, "hidden_size": 2**31 - 2}, "describes no possible model"),
        ("gpt_neox", {"rope_parameters": {"partial_rotary_factor": 1.5}}, "a share of 1.5 of a head cannot turn"),
        ("mistral", {"sliding_window": 0}, "a window of 0 tokens shows nothing"),
        ("bert", {"max_position_embeddings": -1}, "a model with -1 positions reads nothing"),
        ("bert", {"type_vocab_size": -1}, "key heads, segments and the offset of positions cannot be negative"),
        ("t5", {"relative_attention_num_buckets": 2}, "2 buckets cannot reach 128 positions"),
        ("t5", {"relative_attention_max_distance": 16}, "32 buckets cannot reach 16 positions"),
        ("gemma3_text", {"query_pre_attn_scalar": -1.0}, "scaled by finite numbers"),
        ("gemma3_text", {"layer_types": ["x" * 500]}, "layer_types=['xxx"),
        ("bert", {"model_type": "x\ny" * 500}, "which is not supported"),
    ],
)  # fmt: skip
def test_a_config_that_describes_nothing_is_refused_before_anything_is_built(
    tmp_path: Path, family: str, keys: Mapping[str, Any], said: str
) -> None:
    CASES[family][next(iter(CASES[family]))].build().save(tmp_path)
    amend(tmp_path, keys)
    assert said in outcome(tmp_path)


ODD: Mapping[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "float8": (lambda w: w.to(torch.float8_e4m3fn), "stored as float8_e4m3fn: quantised weights are not supported"),
    "complex": (lambda w: w.to(torch.complex64), "stored as complex64"),
    "truth values": (lambda w: w > 0, "stored as bool"),
    "empty": (lambda w: w[:0], r"has shape (0, 24), but its config asks for (24, 24)"),
    "flat": (lambda w: w.flatten(), "has shape (576,), but its config asks for (24, 24)"),
    "double": (lambda w: w.double(), "runs"),
}


@pytest.mark.parametrize("kind", ODD)
def test_tensors_that_are_no_plain_numbers_are_named(folder: Path, kind: str) -> None:
    change, said = ODD[kind]
    held = load_file(folder / "model.safetensors")
    save_file(held | {Q: change(held[Q])}, folder / "model.safetensors")
    assert said in outcome(folder)


def test_values_too_large_for_the_precision_are_refused_not_made_infinite(folder: Path) -> None:
    held = load_file(folder / "model.safetensors")
    save_file(held | {Q: held[Q] * 1e6}, folder / "model.safetensors")
    assert outcome(folder, "float16") == f"the tensor {Q} holds values too large for float16: choose another precision"
    assert outcome(folder, "bfloat16") == "runs"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: {"state_dict": w}, "pytorch_model.bin holds no tensors"),
        (lambda w: [w], "pytorch_model.bin holds no table of tensors"),
        (lambda w: torch.nn.Linear(2, 2), "reading it would run code: refused"),
        (lambda w: w | {Q: w[Q].to_sparse()}, f"the tensor {Q} is stored as sparse_coo"),
        (lambda w: w | {Q: w[Q].to("meta")}, f"the tensor {Q} is stored without its numbers"),
        (lambda w: w | {3: w[Q]}, "the tensor 3 belongs to nothing this family has"),
        (lambda w: w | {"epoch": 3}, "runs"),
        (lambda w: {name: torch.nn.Parameter(x) for name, x in w.items()}, "runs"),
        (lambda w: w | {Q: w[Q].t().contiguous().t()}, "runs"),
    ],
)
def test_whatever_a_pickle_holds_is_read_or_named(folder: Path, change: Callable[[Any], Any], said: str) -> None:
    held = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(change(held), folder / "pytorch_model.bin")
    assert said in outcome(folder)


@pytest.mark.parametrize("name", ["a\nb", "", "x" * 5000, "\u2028", "layers.01.q.weight", "layers.-1.q.weight"])
def test_a_tensor_of_any_name_leaves_one_line(folder: Path, name: str) -> None:
    held = load_file(folder / "model.safetensors")
    save_file(held | {name: torch.zeros(2)}, folder / "model.safetensors")
    assert outcome(folder).startswith("the tensor ")


@pytest.mark.parametrize(
    "generation",
    [
        {"bad_words_ids": [["x"], [3.5], [None], [10**30], [-1], [99999], "y", [], [4, 5]]},
        {"bad_words_ids": {"a": 1}, "suppress_tokens": ["a", 7, True, -1, 10**12], "eos_token_id": [1.5, "2", None, 1]},
        {"forced_bos_token_id": [[3]], "decoder_start_token_id": "x", "begin_suppress_tokens": 5},
    ],
)
def test_ids_of_a_generation_config_that_are_no_ids_are_left_out(folder: Path, generation: dict[str, Any]) -> None:
    (folder / "generation_config.json").write_text(json.dumps(generation))
    lm = model.load(folder, "cpu")
    generated = [step.token.id for step in lm.decode(IDS, max_new_tokens=3, stop=())]
    assert len(generated) == 3
    rules = lm.constraints
    known = [*rules.never, *rules.never_first, *lm.special.end, *(i for s in rules.never_sequences for i in s)]
    assert all(type(i) is int and 0 <= i < 61 for i in known)
    assert rules.never_sequences == (
        ((4, 5),) if generation.get("bad_words_ids") and "a" not in generation["bad_words_ids"] else ()
    )


@pytest.mark.parametrize("where", ["\0", "x" * 5000, "~nobody-of-that-name/x", "a\nb"])
def test_what_can_be_no_path_is_refused_in_words(where: str) -> None:
    with pytest.raises(CheckpointError, match="folder") as raised:
        model.load(where)
    assert str(raised.value).isprintable()


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Cut, overwritten, shortened or lengthened somewhere; most often near the beginning, where headers are."""
    held = bytearray(data)
    at = draw.randrange(min(len(held), draw.choice((64, 600, len(held)))))
    match draw.randrange(4):
        case 0:
            return bytes(held[:at])
        case 1:
            held[at : at + 3] = draw.randbytes(3)
        case 2:
            del held[at : at + draw.randrange(1, 40)]
        case _:
            held[at:at] = draw.randbytes(draw.randrange(1, 40))
    return bytes(held)


FILES = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "generation_config.json",
)


@pytest.mark.parametrize("file", FILES)
def test_files_damaged_at_random_never_raise_anything_but_a_sentence(tmp_path: Path, file: str) -> None:
    folder = small_checkpoint(tmp_path)
    if file.endswith("index.json"):
        shard(folder, "safetensors")
    if file == "pytorch_model.bin":
        torch.save(load_file(folder / "model.safetensors"), folder / file)
        (folder / "model.safetensors").unlink()
    if file.startswith("generation"):
        (folder / file).write_text(json.dumps({"eos_token_id": [1, 2], "bad_words_ids": [[3], [4, 5]]}))
    whole, draw = (folder / file).read_bytes(), random.Random(1)
    said = set()
    for _ in range(25):
        (folder / file).write_bytes(damaged(whole, draw))
        said.add(outcome(folder))
    assert any(file in sentence for sentence in said)


@pytest.mark.parametrize(
    "settings",
    [
        {"mask_token": "\ud800"},
        {"added_tokens_decoder": {"²": {"content": "x"}}},
        {"added_tokens_decoder": {"1": {"content": "\ud800"}}},
        {"added_tokens_decoder": {"5": "x", "-1": {"content": "y"}, "10000000000000000000000": {"content": "z"}}},
        {"cls_token": "x:0 $B", "unk_token": {"content": 5}, "strip_accents": "no", "do_lower_case": 3},
    ],
)
def test_odd_settings_leave_a_tokenizer_or_a_sentence(tmp_path: Path, settings: dict[str, Any]) -> None:
    folder = state(tmp_path / "bert", "bert", **settings)
    (folder / "vocab.txt").write_text("\n".join(WORDS + LETTERS) + "\n", encoding="utf-8")
    try:
        pipeline = files.find(folder, "bert")
    except CheckpointError as error:
        refused = str(error)
    else:
        assert pipeline is not None
        assert files.mask_token(folder, pipeline) in (None, 4)
        assert Tokenizer(pipeline).tokens("the fox")[0]
        return
    assert refused.isprintable()


@pytest.mark.parametrize("count", [-1, 10**9, "many", True])
def test_a_number_of_extra_pieces_that_is_none_is_refused(tmp_path: Path, count: object) -> None:
    folder = state(tmp_path / "t5", "t5", extra_ids=count)
    spm(folder / "spiece.model", "unigram", vocab_size=250, hard_vocab_limit=False)
    with pytest.raises(CheckpointError, match="extra_ids"):
        files.find(folder, "t5")
