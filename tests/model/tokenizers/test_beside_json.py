"""Settings beside a tokenizer.json are read as the reference library reads them: its ids, for the same folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer

from model import CheckpointError
from model.tokenizers import files, sentencepiece_file
from model.tokenizers.tokens import Tokenizer
from tests.model.builders import byte_tokenizer
from tests.model.tokenizers.test_files import spm, state

TEXTS = ["Café the <x> Tom's [NEW] <pad> <p>", "the", " the<x>the", "CAFÉ [new] lo 中文"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyzéC"
WORDS = [*SPECIAL, "cafe", "Cafe", "café", "Café", "the", "中", "中文", *LETTERS, *(f"##{c}" for c in LETTERS)]


def bert(lower: bool = True) -> tokenizers.Tokenizer:
    pipeline = tokenizers.Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    pipeline.normalizer = normalizers.BertNormalizer(True, True, None, lower)
    pipeline.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pipeline.decoder = decoders.WordPiece("##")
    pipeline.add_special_tokens(SPECIAL)
    pipeline.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return pipeline


def gpt2() -> tokenizers.Tokenizer:
    pipeline = byte_tokenizer().pipeline
    pipeline.add_special_tokens(["<|endoftext|>"])
    return pipeline


FIRST = {
    "BertTokenizer": len(WORDS),
    "GPT2Tokenizer": gpt2().get_vocab_size(),
    "PreTrainedTokenizerFast": gpt2().get_vocab_size(),
}
ADDED = {
    "content": "<x>",
    "special": False,
    "normalized": False,
    "lstrip": False,
    "rstrip": False,
    "single_word": False,
}

BERT: dict[str, Mapping[str, Any]] = {
    "nothing": {},
    "case kept": {"do_lower_case": False},
    "case lowered": {"do_lower_case": True},
    "accents kept": {"strip_accents": False},
    "accents stripped": {"strip_accents": True, "do_lower_case": False},
    "Chinese whole": {"tokenize_chinese_chars": False},
}
ANY: dict[str, Mapping[str, Any]] = {
    "nothing": {},
    "a new pad token": {"pad_token": "<p>"},
    "additional tokens": {"additional_special_tokens": ["[NEW]", "<x>"]},
    "extra tokens": {"extra_special_tokens": ["[NEW]"]},
}


def agree(
    folder: Path, pipeline: tokenizers.Tokenizer, name: str, settings: Mapping[str, Any], **others: Any
) -> Tokenizer:
    """Writes the folder, holds our ids against the reference's, and returns our tokenizer."""
    family = {"BertTokenizer": "bert"}.get(name, "gpt2")
    pipeline.save(str(folder / "tokenizer.json"))
    for file, values in {
        "tokenizer_config": {"tokenizer_class": name, **settings},
        "config": {"model_type": family},
        **others,
    }.items():
        (folder / f"{file}.json").write_text(json.dumps(values), encoding="utf-8")
    theirs, found = AutoTokenizer.from_pretrained(folder), files.find(folder, family)
    assert found is not None
    ours = Tokenizer(found)
    for text in TEXTS:
        assert ours.encode(text) == theirs(text)["input_ids"], text
    return ours


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("case", BERT)
def test_a_bert_tokenizers_switches_outweigh_its_file(tmp_path: Path, case: str, lower: bool) -> None:
    agree(tmp_path, bert(lower), "BertTokenizer", BERT[case])


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("case", ANY)
def test_special_tokens_of_the_settings_are_read_from_text(tmp_path: Path, name: str, case: str) -> None:
    ours = agree(tmp_path, bert() if name == "BertTokenizer" else gpt2(), name, ANY[case])
    for word in ANY[case].get("additional_special_tokens", []):
        found = ours.find(word)
        assert found is not None
        assert ours.token(found).special


@pytest.mark.parametrize("name", ["BertTokenizer", "PreTrainedTokenizerFast"])
@pytest.mark.parametrize("gap", [0, 5])
def test_added_words_of_both_files_are_read_from_text(tmp_path: Path, name: str, gap: int) -> None:
    first = FIRST[name] + gap
    for i, others in enumerate(
        ({"added_tokens": {"<x>": first}}, {}, {"special_tokens_map": {"additional_special_tokens": ["<x>"]}})
    ):
        folder = tmp_path / str(i)
        folder.mkdir()
        settings = {"added_tokens_decoder": {str(first): ADDED}} if i == 1 else {}
        ours = agree(folder, bert() if name == "BertTokenizer" else gpt2(), name, settings, **others)
        assert ours.find("<x>") is not None


def test_a_space_before_the_text_comes_with_the_setting(tmp_path: Path) -> None:
    ours = agree(tmp_path, gpt2(), "GPT2Tokenizer", {"add_prefix_space": True})
    assert ours.tokens("the", special=False)[0][0].label == "·the"


def test_settings_of_another_class_leave_the_file_as_it_stands(tmp_path: Path) -> None:
    agree(
        tmp_path,
        gpt2(),
        "PreTrainedTokenizerFast",
        {"do_lower_case": True, "strip_accents": True, "add_prefix_space": True},
    )


@pytest.mark.parametrize("offset", [0, 7, 103, None])
def test_the_offset_of_pegasus_stands_between_its_pieces_and_their_ids(tmp_path: Path, offset: int | None) -> None:
    folder = state(tmp_path / "pegasus", "pegasus", **({} if offset is None else {"offset": offset}))
    spm(folder / "spiece.model", "unigram", vocab_size=250, hard_vocab_limit=False)
    pieces = sentencepiece_file.read(folder / "spiece.model").pieces
    found = files.find(folder, "pegasus")
    assert found is not None
    above = 103 if offset is None else offset
    for i in (5, 20, 100):
        assert found.token_to_id(pieces[i].text) == i + above


@pytest.mark.parametrize("offset", [-1, 1, "many", True, 10**9])
def test_an_offset_that_is_none_is_refused(tmp_path: Path, offset: object) -> None:
    folder = state(tmp_path / "pegasus", "pegasus", offset=offset)
    spm(folder / "spiece.model", "unigram", vocab_size=250, hard_vocab_limit=False)
    with pytest.raises(CheckpointError, match="which is no offset of Pegasus' pieces"):
        files.find(folder, "pegasus")
