"""Vocabulary files in their authors' formats give the ids and the text that the reference tokenizers give."""

import io
import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

import model
from model import CheckpointError
from model.tokenizers import files as tokenizers_files
from model.tokenizers.sentencepiece_file import read
from model.tokenizers.tokens import Tokenizer
from tests.model.families.cases import BERT
from tests.model.families.reference import Hf
from ui.shell.task_prefixes import languages

AWKWARD = [
    "The quick brown fox",
    "  leading, and  double   spaces ",
    "naïve café, déjà vu; e\u0301 in two parts",
    "언어 모델 日本語 中文",
    "family 👨‍👩‍👧‍👦 flag 🇰🇷 thumb 👍🏽",
    "one\ntwo\n\nthree\ttab\r\n",
    "[CLS] typed [MASK] and </s> <s> <pad> <unk> <|endoftext|> <extra_id_0> <mask>",
    "Don't can't I'll — “quotes” … ½ ﬁ",
    "x",
    "مرحبا بالعالم",
    "zero\u200bwidth\u00a0space",
    ">>fra<< Hello",
    "a" * 60,
    "UPPER lower 12,345.678",
]
TRAINING = [
    *AWKWARD[:10],
    "hello world",
    "the language model reads the text and writes the next token",
    "attention is all",
] * 6
REAL = Path(
    os.environ.get("REGARD_TEST_TOKENIZERS", Path(__file__).parents[4] / "shared" / "data" / "tokenizers")
)  # holds bert/, gpt2/ and t5/ with the files they were published with
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"no published vocabularies in {REAL}; REGARD_TEST_TOKENIZERS may name another folder"
)


def state(folder: Path, family: str, **settings: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": family}), encoding="utf-8")
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def reference(folder: Path) -> Any:
    import transformers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends a package for Marian
        return transformers.AutoTokenizer.from_pretrained(folder)


def agree(folder: Path, family: str, texts: list[str] = AWKWARD, skips: tuple[bool, ...] = (True, False)) -> Tokenizer:
    """Ids and decoded text of both, on every text."""
    pipeline = tokenizers_files.find(folder, family)
    assert pipeline is not None
    ours, theirs = Tokenizer(pipeline), reference(folder)
    for text in texts:
        ids = ours.encode(text)
        assert ids == theirs(text)["input_ids"], text
        for skip in skips:
            expected = theirs.decode(ids, skip_special_tokens=skip, clean_up_tokenization_spaces=False)
            assert ours.decode(ids, skip_special_tokens=skip) == expected, text
    return ours


def spm(path: Path, kind: str, **options: Any) -> None:
    import sentencepiece

    held = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TRAINING), model_writer=held, model_type=kind, minloglevel=2, num_threads=1, **options
    )
    path.write_bytes(held.getvalue())


def byte_vocabulary(folder: Path, special: list[str]) -> None:
    import tokenizers

    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator(TRAINING, vocab_size=400, special_tokens=special, show_progress=False)
    bpe.save_model(str(folder))


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox", "The", "un", "##quick", "##s", "naive"]
LETTERS = [f"{mark}{c}" for c in "abcdefghijklmnopqrstuvwxyzT,.;" for mark in ("", "##")]


@pytest.mark.parametrize("lower", [True, False])
def test_word_pieces_equal_the_reference(tmp_path: Path, lower: bool) -> None:
    folder = state(tmp_path / "bert", "bert", do_lower_case=lower)
    (folder / "vocab.txt").write_text("\n".join(WORDS + LETTERS) + "\n", encoding="utf-8")
    ours = agree(folder, "bert")
    assert ours.tokens("the quicks")[0][2].label == "quick"
    assert [t.label for t in ours.tokens("quicks")[0]] == ["[CLS]", "quick", "##s", "[SEP]"]
    assert ours.tokens("quicks")[0][2].text == "s"
    _, segments = ours.tokens("the", "fox")
    assert segments == [0, 0, 0, 1, 1]
    assert tokenizers_files.mask_token(folder, ours.pipeline) == 4


def test_a_model_with_word_pieces_reads_text_and_knows_its_mask(tmp_path: Path) -> None:
    Hf("BertForMaskedLM", "BertConfig", BERT | {"vocab_size": 80}).build().save(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS + LETTERS) + "\n", encoding="utf-8")
    lm = model.load(tmp_path, device="cpu")
    assert lm.special.mask == 4
    trace = lm.run("The [MASK] fox", pair="un fox")
    assert [t.label for t in trace.tokens("encoder")] == [
        "[CLS]",
        "the",
        "[MASK]",
        "fox",
        "[SEP]",
        "un",
        "fox",
        "[SEP]",
    ]
    assert trace.probabilities(2).shape == (80,)
    with pytest.raises(model.InputError, match="fills masks; it does not write"):
        lm.decode("the")


@pytest.mark.parametrize("family", ["gpt2", "opt"])
def test_byte_level_merges_equal_the_reference(tmp_path: Path, family: str) -> None:
    names = {"bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>", "add_bos_token": True}
    folder = state(tmp_path / family, family, **(names if family == "opt" else {}))
    byte_vocabulary(folder, ["<pad>", "</s>"] if family == "opt" else ["<|endoftext|>"])
    ours = agree(folder, family)
    assert ours.byte_level
    assert (ours.encode("the")[0] == 1) == (family == "opt")


@pytest.mark.parametrize("family", ["roberta", "bart"])
def test_sentences_between_start_and_end_equal_the_reference(tmp_path: Path, family: str) -> None:
    folder = state(tmp_path / family, family)
    byte_vocabulary(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    ours = agree(folder, family)
    assert ours.encode("a<mask>")[-2:] == [4, 2]
    (folder / "special_tokens_map.json").write_text('{"mask_token": {"content": "<mask>", "lstrip": true}}')
    eager = tokenizers_files.find(folder, family)
    assert eager is not None
    assert Tokenizer(eager).encode("a <mask>") == ours.encode("a<mask>")


def test_t5_pieces_equal_the_reference(tmp_path: Path) -> None:
    folder = state(tmp_path / "t5", "t5")
    options = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    spm(folder / "spiece.model", "unigram", vocab_size=250, hard_vocab_limit=False, **options)
    ours = agree(folder, "t5")
    assert len(ours) == len(read(folder / "spiece.model").pieces) + 100
    assert ours.tokens("the")[0][0].label.startswith("·t")


def test_llama_pieces_equal_the_reference(tmp_path: Path) -> None:
    folder = state(tmp_path / "llama", "llama", tokenizer_class="LlamaTokenizer", add_bos_token=True, legacy=False)
    spm(
        folder / "tokenizer.model", "bpe", vocab_size=450, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, character_coverage=0.99,
    )  # fmt: skip
    ours = agree(folder, "llama")
    assert ours.encode("the")[0] == 1
    assert [t.label for t in ours.tokens("aж")[0]][-2:] == ["‹D0›", "‹B6›"]


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
@pytest.mark.parametrize("prefix_space", [True, False])
def test_pieces_with_all_spaces_kept_equal_sentencepiece(tmp_path: Path, kind: str, prefix_space: bool) -> None:
    import sentencepiece

    folder = state(tmp_path / "llama", "llama")
    spm(
        folder / "tokenizer.model", kind, vocab_size=450, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, add_dummy_prefix=prefix_space, hard_vocab_limit=False,
    )  # fmt: skip
    pipeline = tokenizers_files.find(folder, "llama")
    assert pipeline is not None
    ours, theirs = Tokenizer(pipeline), sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    for text in (text for text in AWKWARD if "<s>" not in text):
        if prefix_space and text.startswith(" "):
            continue  # SentencePiece adds a space to the one that is there; the reference in transformers does not
        ids = ours.encode(text)
        assert ids == [1, *theirs.encode(text)], text
        assert ours.decode(ids) == text


def test_marian_pieces_equal_the_reference(tmp_path: Path) -> None:
    import sentencepiece

    folder = state(tmp_path / "marian", "marian", source_lang="en", target_lang="fr")
    spm(folder / "source.spm", "unigram", vocab_size=220, hard_vocab_limit=False)
    spm(folder / "target.spm", "unigram", vocab_size=150, hard_vocab_limit=False)
    names = ["</s>", "<unk>"]
    for side in ("source", "target"):
        held = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.spm"))
        names += [p for p in (held.id_to_piece(i) for i in range(held.get_piece_size())) if p not in names]
    names = sorted(n for n in names if n != "<s>")
    names += [">>fra<<", "<pad>", "▁écrit"]
    (folder / "vocab.json").write_text(json.dumps({n: i for i, n in enumerate(names)}), encoding="utf-8")
    typed = ["typed </s> <pad> <unk> <mask> [MASK] <|endoftext|> <extra_id_0>", ">>fra<<", ">>fra<< ", ">>fra<<b"]
    typed += ["a >>fra<< b", " >>fra<< b", "a>>fra<<b", ">>fra<< a >>fra<< b"]  # a code counts at the very start alone
    plain = [text for text in AWKWARD if "<s>" not in text]
    ours = agree(folder, "marian", [*plain, *typed], skips=(True,))
    assert ours.token(len(names) - 1).text == " écrit"  # a piece only the target side has
    assert ours.find("▁écrit") == len(names) - 1
    assert ours.decode([len(names) - 1]) == "écrit"
    code = ours.tokens(">>fra<< hello", special=False)[0][0]
    assert (code.label, code.text, code.id, code.span) == (">>fra<<", ">>fra<<", names.index(">>fra<<"), (0, 7))
    assert ours.find(">>fra<<") == code.id
    assert languages(ours) == (">>fra<<",)
    assert ours.decode([ours.find("</s>") or 0]) == ours.decode([]) == ""


def test_pegasus_pieces_follow_its_special_ones(tmp_path: Path) -> None:
    folder = state(tmp_path / "pegasus", "pegasus")
    options = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    spm(folder / "spiece.model", "unigram", vocab_size=250, hard_vocab_limit=False, **options)
    plain = [text for text in AWKWARD if text == " ".join(text.split()) and "<unk>" not in text]
    ours = agree(folder, "pegasus", plain)  # the reference keeps spaces at the ends, which SentencePiece drops
    assert ours.encode("  the  fox ") == ours.encode("the fox")


@needs_real
@pytest.mark.parametrize(("name", "family"), [("bert", "bert"), ("gpt2", "gpt2"), ("t5", "t5")])
def test_published_vocabularies_equal_the_reference(tmp_path: Path, name: str, family: str) -> None:
    folder = state(tmp_path / name, family)
    for file in (REAL / name).iterdir():
        shutil.copyfile(file, folder / file.name)
    ours = agree(folder, family)
    for text in AWKWARD:
        labels = [token.label for token in ours.tokens(text)[0]]
        assert all(label.replace("\u200d", "x").isprintable() and label.strip() for label in labels)


def test_a_folder_without_a_tokenizer_has_none(tmp_path: Path) -> None:
    assert tokenizers_files.find(state(tmp_path / "x", "gpt2"), "gpt2") is None


def test_a_family_whose_splitting_the_files_do_not_hold_gets_no_wrong_tokenizer(tmp_path: Path) -> None:
    folder = state(tmp_path / "qwen2", "qwen2")
    byte_vocabulary(folder, ["<|endoftext|>"])
    assert tokenizers_files.find(folder, "qwen2") is None


@pytest.mark.parametrize(
    ("family", "files", "said"),
    [
        ("t5", {"spiece.model": b"no model"}, "spiece.model cannot be read as a SentencePiece model"),
        ("llama", {"tokenizer.model": b""}, "tokenizer.model is a SentencePiece model without an unknown piece"),
        ("bert", {"vocab.txt": b"the\nfox\n"}, "vocab.txt lacks the special piece"),
        ("bert", {"vocab.txt": b"the\xff\n"}, "vocab.txt cannot be read"),
        ("gpt2", {"vocab.json": b"{", "merges.txt": b""}, "vocab.json cannot be read"),
        ("gpt2", {"vocab.json": b'{"a": "b"}', "merges.txt": b""}, "vocab.json holds a piece whose id is no number"),
        ("gpt2", {"vocab.json": b'{"a": 0}', "merges.txt": b"a b c\n"}, "merges.txt holds a line that is no pair"),
        ("gpt2", {"vocab.json": b'{"a": 0}', "merges.txt": b"a b\n"}, "do not belong together"),
        ("gpt2", {"tokenizer.json": b"{}"}, "tokenizer.json cannot be read as a tokenizer"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, family: str, files: dict[str, bytes], said: str) -> None:
    folder = state(tmp_path / "x", family)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=said):
        tokenizers_files.find(folder, family)
