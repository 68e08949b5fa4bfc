"""Builds a pipeline of the `tokenizers` library from the tokenizer files of a checkpoint.

tokenizer.json describes the whole pipeline. Older folders have only a vocabulary in the authors' own format; the rest of the
pipeline then follows the family's own tokenizer.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from model.errors import CheckpointError, first_line
from model.loading.git_lfs import refuse_pointer
from model.tokenizers import sentencepiece_pipelines
from model.tokenizers.beside_json import with_settings, with_special, with_words

MOST_EXTRA_IDS = 10_000
SPM_NAMES = ("spiece.model", "tokenizer.model", "sentencepiece.bpe.model")


@dataclass(frozen=True)
class Settings:
    """The settings of tokenizer_config.json and special_tokens_map.json; the first takes precedence."""

    values: Mapping[str, object]

    @classmethod
    def of(cls, folder: Path) -> "Settings":
        values: dict[str, object] = {}
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            if (folder / name).is_file():
                values |= table(folder / name)
        return cls(values)

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        return value if isinstance(value, bool) else default

    def token(self, key: str, default: str | None = None) -> str | None:
        """The text of a special token, which may be a string or an object."""
        value = self.values.get(key)
        if isinstance(value, dict):
            value = value.get("content")
        whole = isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
        return str(value) if whole else default

    def eats_space(self, key: str) -> bool:
        """Whether a special token includes the space before it."""
        value = self.values.get(key)
        return isinstance(value, dict) and value.get("lstrip") is True

    def named(self, key: str, default: str) -> str:
        return self.token(key, default) or default


def find(folder: Path, family: str) -> Tokenizer | None:
    """The folder's pipeline; None where it has no tokenizer file that this family is known to use."""
    whole = folder / "tokenizer.json"
    pipeline = from_json(whole) if whole.is_file() else None
    settings = Settings.of(folder)
    try:
        if pipeline is not None:
            pipeline = with_settings(pipeline, settings.values)
            return with_special(with_words(pipeline, added_words(folder, settings)), settings.values)
        pipeline = _build(folder, family, settings)
        return None if pipeline is None else with_special(with_added(pipeline, folder, settings), settings.values)
    except CheckpointError:
        raise
    except Exception as error:  # the library raises bare Exception, and UnicodeError for half of a character
        raise CheckpointError(f"the tokenizer files do not fit together: {first_line(error)}") from error


def from_json(path: Path) -> Tokenizer:
    """The pipeline of a tokenizer.json. Raises CheckpointError where the file is not one."""
    refuse_pointer(path)
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises bare Exception for anything it cannot parse
        raise CheckpointError(f"{path.name} cannot be read as a tokenizer: {error}") from error


def _build(folder: Path, family: str, settings: Settings) -> Tokenizer | None:
    has: Callable[[str], bool] = lambda name: (folder / name).is_file()  # noqa: E731
    if has("source.spm") and has("vocab.json"):
        return sentencepiece_pipelines.marian(folder / "source.spm", ids(folder / "vocab.json"))
    if has("vocab.txt"):
        return word_pieces(folder / "vocab.txt", settings)
    if has("vocab.json") and has("merges.txt") and family in BYTE_LEVEL:
        return BYTE_LEVEL[family](folder, settings)
    model = next((name for name in SPM_NAMES if has(name)), None)
    if model is None:
        return None
    if family == "t5":
        return sentencepiece_pipelines.t5(folder / model, extra_ids(settings))
    if family == "pegasus":
        return sentencepiece_pipelines.pegasus(folder / model, offset(settings))
    starts, ends = settings.flag("add_bos_token", True), settings.flag("add_eos_token", False)
    return sentencepiece_pipelines.plain(folder / model, starts, ends, settings.flag("legacy", False))


def word_pieces(path: Path, settings: Settings) -> Tokenizer:
    """BERT's pipeline: one piece per line, lower-cased unless tokenizer_config.json says otherwise."""
    vocab = {piece: i for i, piece in enumerate(lines(path))}
    unk, cls, sep = (settings.named(f"{name}_token", f"[{name.upper()}]") for name in ("unk", "cls", "sep"))
    for piece in (unk, cls, sep):
        if piece not in vocab:
            raise CheckpointError(f"{path.name} lacks the special piece {piece}")
    pipeline = Tokenizer(models.WordPiece(vocab, unk_token=unk))
    strips = settings.values.get("strip_accents")
    pipeline.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=settings.flag("tokenize_chinese_chars", True),
        strip_accents=strips if isinstance(strips, bool) else None,
        lowercase=settings.flag("do_lower_case", True),
    )
    pipeline.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pipeline.decoder = decoders.WordPiece(prefix="##")
    special = [unk, sep, settings.named("pad_token", "[PAD]"), cls, settings.named("mask_token", "[MASK]")]
    pipeline.add_special_tokens([AddedToken(piece, special=True) for piece in special if piece in vocab])
    pipeline.post_processor = processors.TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
        special_tokens=[(cls, vocab[cls]), (sep, vocab[sep])],
    )
    return pipeline


def byte_level(folder: Path, settings: Settings) -> Tokenizer:
    """GPT-2's byte-level BPE. No special tokens are added unless tokenizer_config.json asks for a start token."""
    vocab = ids(folder / "vocab.json")
    pipeline = bytes_merged(folder, vocab, settings)
    names = ("unk_token", "bos_token", "eos_token", "pad_token")
    end = "<|endoftext|>"
    special = [settings.token(name, None if name == "pad_token" else end) for name in names]
    pipeline.add_special_tokens([AddedToken(piece, special=True) for piece in special if piece in vocab])
    start = settings.named("bos_token", end)
    if settings.flag("add_bos_token", False) and start in vocab:
        pipeline.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single=f"{start} $A", pair=f"{start} $A {start} $B", special_tokens=[(start, vocab[start])]
                ),
            ]
        )
    return pipeline


def sentences(folder: Path, settings: Settings) -> Tokenizer:
    """RoBERTa's and BART's pipeline: GPT-2's pieces between a start and an end token."""
    vocab = ids(folder / "vocab.json")
    pipeline = bytes_merged(folder, vocab, settings)
    start, end = settings.named("cls_token", "<s>"), settings.named("sep_token", "</s>")
    mask = settings.named("mask_token", "<mask>")
    plain = [start, settings.named("pad_token", "<pad>"), end, settings.named("unk_token", "<unk>")]
    tokens = [AddedToken(piece, special=True) for piece in plain if piece in vocab]
    if mask in vocab:
        tokens.append(AddedToken(mask, lstrip=settings.eats_space("mask_token"), special=True))
    pipeline.add_special_tokens(tokens)
    for piece in (start, end):
        if piece not in vocab:
            raise CheckpointError(f"vocab.json lacks the special piece {piece}")
    pipeline.post_processor = processors.RobertaProcessing(
        (end, vocab[end]),
        (start, vocab[start]),
        trim_offsets=True,
        add_prefix_space=settings.flag("add_prefix_space", False),
    )
    return pipeline


BYTE_LEVEL: Mapping[str, Callable[[Path, Settings], Tokenizer]] = {
    "gpt2": byte_level,
    "jurassic": byte_level,
    "opt": byte_level,
    "roberta": sentences,
    "bart": sentences,
}
"""Families whose vocab.json and merges.txt are byte-level BPE; others split text by rules that these files do not state."""


def bytes_merged(folder: Path, vocab: dict[str, int], settings: Settings) -> Tokenizer:
    pairs = [line.split(" ") for line in lines(folder / "merges.txt") if line and not line.startswith("#version")]
    if any(len(pair) != 2 for pair in pairs):
        raise CheckpointError("merges.txt holds a line that is no pair of pieces")
    try:
        pipeline = Tokenizer(models.BPE(vocab, [(a, b) for a, b in pairs]))
    except Exception as error:  # the library raises bare Exception for a merge outside the vocabulary
        raise CheckpointError(f"vocab.json and merges.txt do not belong together: {error}") from error
    pipeline.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=settings.flag("add_prefix_space", False))
    pipeline.decoder = decoders.ByteLevel()
    pipeline.post_processor = processors.ByteLevel(trim_offsets=False)
    return pipeline


def with_added(pipeline: Tokenizer, folder: Path, settings: Settings) -> Tokenizer:
    """The pipeline with the folder's added tokens, as far as they get the ids that the folder states."""
    for i, token in sorted(added_words(folder, settings).items()):
        if i > pipeline.get_vocab_size(with_added_tokens=True):
            raise CheckpointError(
                f"the added token {token.content} has id {i}, which leaves a gap after the vocabulary"
            )
        if token.special:
            pipeline.add_special_tokens([token])
        else:
            pipeline.add_tokens([token])
        if pipeline.token_to_id(token.content) != i:
            raise CheckpointError(
                f"the added token {token.content} should have id {i}, but the vocabulary gives it another"
            )
    return pipeline


def added_words(folder: Path, settings: Settings) -> dict[int, AddedToken]:
    """{id: token} of the words that were added after training, from added_tokens.json and added_tokens_decoder."""
    added: dict[int, AddedToken] = {}
    if (folder / "added_tokens.json").is_file():
        added = {i: AddedToken(piece, normalized=False) for piece, i in ids(folder / "added_tokens.json").items()}
    listed = settings.values.get("added_tokens_decoder")
    for key, entry in (listed if isinstance(listed, dict) else {}).items():
        if isinstance(entry, dict) and isinstance(entry.get("content"), str) and key.isascii() and key.isdecimal():
            flags = {
                name: entry[name] is True
                for name in ("single_word", "lstrip", "rstrip", "normalized", "special")
                if name in entry
            }
            added[int(key)] = AddedToken(entry["content"], **flags)
    return added


def extra_ids(settings: Settings) -> int:
    """The number of <extra_id_...> tokens after the pieces of a T5 vocabulary."""
    value = settings.values.get("extra_ids")
    if value is None:
        return 100
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_EXTRA_IDS:
        raise CheckpointError(
            f"tokenizer_config.json has extra_ids={str(value)[:40]}, which is no number of extra pieces"
        )
    return value


def offset(settings: Settings) -> int:
    """By how much Pegasus' ids are above those of its SentencePiece file."""
    value = settings.values.get("offset", 103)
    if not isinstance(value, int) or isinstance(value, bool) or not (value == 0 or 2 <= value <= MOST_EXTRA_IDS):
        raise CheckpointError(
            f"tokenizer_config.json has offset={str(value)[:40]}, which is no offset of Pegasus' pieces"
        )
    return value


def mask_token(folder: Path, pipeline: Tokenizer) -> int | None:
    """The id of the mask token; None where there is none."""
    for piece in (Settings.of(folder).token("mask_token"), "[MASK]", "<mask>"):
        if piece is not None and (found := pipeline.token_to_id(piece)) is not None:
            return found
    return None


def ids(path: Path) -> dict[str, int]:
    """{piece: id} of a JSON file."""
    held = table(path)
    found = {piece: i for piece, i in held.items() if isinstance(i, int) and not isinstance(i, bool)}
    if len(found) < len(held):
        raise CheckpointError(f"{path.name} holds a piece whose id is no number")
    return found


def lines(path: Path) -> list[str]:
    """The lines of a text file. Raises CheckpointError, with its name, where it is not text."""
    refuse_pointer(path)
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path.name} cannot be read: {error}") from error


def table(path: Path) -> dict[str, object]:
    """The JSON object of a file. Raises CheckpointError, with its name, where it has none."""
    refuse_pointer(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path.name} holds no JSON object")
    return values
