"""Tokenizers: from text to ids, and from ids to labels for people."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from model.errors import CheckpointError, InputError, first_line
from model.tokenizers.sentencepiece_pipelines import CODE, OUTPUT_ONLY
from model.tokenizers.visible import visible


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a text as a model reads it."""

    id: int
    text: str  # as in the sentence, with its spaces; "\ufffd" where it is only a part of a character
    label: str  # for people: spaces are visible, bytes of a split character are hexadecimal
    special: bool = False
    span: tuple[int, int] | None = None  # its characters in the text as typed; None where it was not typed


def byte_alphabet() -> dict[str, int]:
    """The printable stand-in of each byte in byte-level BPE (Radford et al. 2019), as {character: byte}."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}


BYTES = byte_alphabet()
BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")  # SentencePiece's name of a byte


def from_bytes(raw: bytes) -> tuple[str, str]:
    """(text, label) of a byte-level piece; bytes that are not whole characters show as hexadecimal."""
    text = raw.decode("utf-8", errors="replace")
    if "\ufffd" not in text:
        return text, visible(text)
    label, rest = "", raw
    while rest:
        for size in (1, 2, 3, 4):
            try:
                label, rest = label + visible(rest[:size].decode("utf-8")), rest[size:]
                break
            except UnicodeDecodeError:
                continue
        else:
            label, rest = f"{label}‹{rest[0]:02X}›", rest[1:]
    return text, label


class Tokenizer:
    """A checkpoint's tokenizer: a pipeline of the `tokenizers` library, and labels for people."""

    def __init__(self, pipeline: tokenizers.Tokenizer) -> None:
        self.pipeline = pipeline
        self.pipeline.no_padding()
        self.pipeline.no_truncation()
        steps = _types(json.loads(pipeline.to_str()).get("decoder"))
        self.byte_level, self.word_pieces = "ByteLevel" in steps, "WordPiece" in steps
        added = pipeline.get_added_tokens_decoder()
        self.special_ids = frozenset(i for i, token in added.items() if token.special)
        self.words = {
            i: token.content for i, token in added.items() if not token.special
        }  # never spelt in byte stand-ins

    @classmethod
    def from_file(cls, path: Path) -> "Tokenizer":
        """The tokenizer of a tokenizer.json. Raises CheckpointError where the file is not one."""
        try:
            return cls(tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except Exception as error:  # the library raises bare Exception for anything it cannot parse
            raise CheckpointError(f"{path.name} cannot be read as a tokenizer: {error}") from error

    def __len__(self) -> int:
        return self.pipeline.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, with the special tokens the checkpoint asks for. Special tokens typed as text count as such."""
        whole(text)
        with calm():
            encoding = self.pipeline.encode(text)
        return list(encoding.ids)

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids."""
        with calm():
            text = self.pipeline.decode(list(ids), skip_special_tokens=skip_special_tokens)
        return str(text)

    def tokens(self, text: str, pair: str | None = None, *, special: bool = True) -> tuple[list[Token], list[int]]:
        """(tokens with their spans in the text as typed, segment of each); `special` adds the checkpoint's special tokens."""
        whole(text + (pair or ""))
        with calm():
            encoding = self.pipeline.encode(text, pair, add_special_tokens=special)
        typed = {0: text, 1: pair or ""}
        tokens = [
            self.token(i, None if added or which is None else (start, past_marks(typed[which], start, end)))
            for i, (start, end), added, which in zip(
                encoding.ids, encoding.offsets, encoding.special_tokens_mask, encoding.sequence_ids, strict=True
            )
        ]
        return tokens, list(encoding.type_ids)

    def token(self, id: int, span: tuple[int, int] | None = None) -> Token:
        """The token of an id. Ids past the vocabulary, from padded rows of the embedding table, are labelled with their number."""
        piece = self.pipeline.id_to_token(id)
        if not piece:
            return Token(id, "", f"[{id}]", False, span)
        piece = piece.removeprefix(OUTPUT_ONLY).replace(CODE, ">>")
        if id in self.special_ids:
            return Token(id, piece, visible(piece), True, span)
        if (word := self.words.get(id)) is not None:
            word = word if self.byte_level else word.replace("▁", " ")
            return Token(id, word, visible(word), False, span)
        if self.byte_level and all(c in BYTES for c in piece):
            return Token(id, *from_bytes(bytes(BYTES[c] for c in piece)), False, span)
        if (byte := BYTE_PIECE.fullmatch(piece)) is not None:
            return Token(id, *from_bytes(bytes([int(byte[1], 16)])), False, span)
        if self.word_pieces and piece.startswith("##"):
            return Token(id, piece[2:], visible(piece), False, span)
        text = piece.replace("▁", " ")
        return Token(id, text, visible(text), False, span)

    def is_partial(self, id: int) -> bool:
        """Whether a piece is only a part of a character, as in a script that the tokenizer was not trained on."""
        return "\ufffd" in self.token(id).text

    def find(self, piece: str) -> int | None:
        """The id of a piece, by its name in the vocabulary."""
        found = self.pipeline.token_to_id(piece)
        others = (OUTPUT_ONLY + piece, CODE + piece.removeprefix(">>"))
        return next((i for i in (found, *map(self.pipeline.token_to_id, others)) if i is not None), None)


@contextmanager
def calm() -> Iterator[None]:
    """Turns a failure inside the `tokenizers` library into an InputError. Its panics are not Exceptions and would stop a server."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # the library raises bare Exception
        raise InputError(f"the checkpoint's tokenizer cannot read this: {first_line(error)}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("the checkpoint's tokenizer broke down over this") from error


def check_ids(ids: Sequence[int], vocab: int, otherwise: str) -> None:
    """Raises InputError for an id outside the vocabulary, and, with the sentence `otherwise`, where there are no ids."""
    if not ids:
        raise InputError(otherwise)
    if (wrong := next((i for i in ids if not 0 <= i < vocab), None)) is not None:
        raise InputError(f"token id {wrong} is out of range: the vocabulary has ids 0 to {vocab - 1}")


def whole(text: str) -> None:
    """Raises InputError for a text with half of a character (a lone surrogate), which no tokenizer can read."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("the text holds half of a character (a lone surrogate); type or paste it again") from None


def past_marks(text: str, start: int, end: int) -> int:
    """The end of a span, moved behind the combining marks that a normaliser joined to its last character."""
    while start < end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _types(step: object) -> set[str]:
    """The types of all steps in a part of a tokenizer.json."""
    if isinstance(step, dict):
        inner = set().union(*(_types(value) for value in step.values()))
        kind = step.get("type")
        return inner | ({kind} if isinstance(kind, str) else set())
    if isinstance(step, list):
        return set().union(*(_types(value) for value in step))
    return set()
