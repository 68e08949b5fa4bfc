"""Questions with an answer each, and which of them are held out.

The file is Chatbot_data by Song Young-sook (MIT). Many answers occur several times. A hash of an answer's words decides
whether it is held out, with all of its questions; a question that is held out with one answer is not trained on with another.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from training.data.translation_pairs import comparable, part_by_hash, read_columns

CHATS = "chat-songys.tsv"
VALID_SHARE, TEST_SHARE = 0.03, 0.06
_FINAL = re.compile(r"[\s.!?…~]+$")


@dataclass(frozen=True, order=True)
class Exchange:
    """A question, or any other remark, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Exchanges:
    """The exchanges for training, validation and test."""

    train: tuple[Exchange, ...]
    valid: tuple[Exchange, ...]
    test: tuple[Exchange, ...]


def read_file(path: Path) -> list[Exchange]:
    """The exchanges of a file of `question TAB answer TAB label` lines, in NFC. Raises ValueError on any other line."""
    lines = read_columns(path, 3, "a question, an answer and a label")
    return [Exchange(normalize("NFC", question), normalize("NFC", answer)) for question, answer, _ in lines]


def part_of(answer: str) -> str:
    """ "train", "valid" or "test", by a hash of the words."""
    return part_by_hash(answer, valid=VALID_SHARE, test=TEST_SHARE)


def divide(exchanges: Iterable[Exchange]) -> Exchanges:
    """Divide the exchanges, each used once. No held-out question or answer is in the training part."""
    parts: dict[str, list[Exchange]] = {"train": [], "valid": [], "test": []}
    for exchange in sorted(set(exchanges)):
        parts[part_of(exchange.answer)].append(exchange)
    held = {comparable(exchange.question) for part in ("valid", "test") for exchange in parts[part]}
    train = [exchange for exchange in parts["train"] if comparable(exchange.question) not in held]
    return Exchanges(tuple(train), tuple(parts["valid"]), tuple(parts["test"]))


def read_exchanges(folder: Path) -> Exchanges:
    """The exchanges of a folder that has the file."""
    return divide(read_file(folder / CHATS))


def unpunctuated(question: str) -> str:
    """The question without its final punctuation, unless it is only punctuation."""
    return _FINAL.sub("", question) or question
