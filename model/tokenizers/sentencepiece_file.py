"""Reads SentencePiece files (.model, .spm), which are protocol buffers, without its library.

Only the fields that a tokenizer needs are read. Field numbers are those of sentencepiece_model.proto.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model.errors import CheckpointError
from model.loading.git_lfs import refuse_pointer

Value = int | bytes
Algorithm = Literal["unigram", "bpe"]
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
ALGORITHMS: dict[int, Algorithm] = {1: "unigram", 2: "bpe"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of the vocabulary; its id is its index."""

    text: str
    score: float
    kind: int = NORMAL


@dataclass(frozen=True)
class SentencePiece:
    """A trained SentencePiece model."""

    pieces: tuple[Piece, ...]
    algorithm: Algorithm
    byte_fallback: bool
    prefix_space: bool
    trims_spaces: bool
    charsmap: bytes  # compiled normalisation rules, which the `tokenizers` library can read

    @property
    def unknown(self) -> int:
        """The id of the unknown piece."""
        return next(i for i, piece in enumerate(self.pieces) if piece.kind == UNKNOWN)


def read(path: Path) -> SentencePiece:
    """The model of a file. Raises CheckpointError where it is not one, or its algorithm is not supported."""
    refuse_pointer(path)
    try:
        return _model(path.read_bytes())
    except CheckpointError as error:
        raise CheckpointError(f"{path.name} {error}") from error
    except (OSError, IndexError, ValueError, TypeError, struct.error, StopIteration) as error:
        raise CheckpointError(f"{path.name} cannot be read as a SentencePiece model") from error


def _model(data: bytes) -> SentencePiece:
    pieces: list[Piece] = []
    trainer: dict[int, Value] = {}
    normalizer: dict[int, Value] = {}
    for field, value in _fields(data):
        if field == 1:
            entry = dict(_fields(_bytes(value)))
            score = struct.unpack("<f", _bytes(entry.get(2, bytes(4))))[0]
            pieces.append(Piece(_bytes(entry[1]).decode("utf-8"), score, int(entry.get(3, NORMAL))))
        elif field == 2:
            trainer = dict(_fields(_bytes(value)))
        elif field == 3:
            normalizer = dict(_fields(_bytes(value)))
    kind = int(trainer.get(3, 1))
    if kind not in ALGORITHMS:
        raise CheckpointError("is a SentencePiece model of words or characters, which is not supported")
    if sum(piece.kind == UNKNOWN for piece in pieces) != 1:
        raise CheckpointError("is a SentencePiece model without an unknown piece")
    return SentencePiece(
        pieces=tuple(pieces),
        algorithm=ALGORITHMS[kind],
        byte_fallback=bool(trainer.get(35, 0)),
        prefix_space=bool(normalizer.get(3, 1)),
        trims_spaces=bool(normalizer.get(4, 1)),
        charsmap=_bytes(normalizer.get(2, b"")),
    )


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number stands where bytes should")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """(field number, value) of one message: varints as int, everything else as raw bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(data):
            raise ValueError("cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(number, index after it)."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
