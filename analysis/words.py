"""Which tokens form a word, for every kind of tokenizer.

A word follows Unicode's default word boundaries (Unicode Standard Annex 29), without the rules that need a dictionary: letters,
digits, marks and underscores in a row, with an apostrophe between letters and a point or comma between digits. Ideographs,
hiragana and the scripts of South-East Asia are written without spaces and have no such boundaries, so each of their characters is
a word. So is every other sign. A token that is one space belongs to the word after it, like the space in a token such as "·cat".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from model.tokenizers.tokens import Token
from model.tokenizers.visible import visible

HEXADECIMAL = re.compile("‹([0-9A-F]{2})›")
APOSTROPHES = "'’"
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
JOINER = "\u200d"


@dataclass(frozen=True)
class Word:
    """Tokens `first` to `after` of a text, `after` not included, and a label fit to show."""

    label: str
    first: int
    after: int

    @property
    def size(self) -> int:
        return self.after - self.first


def alone(tokens: Sequence[Token]) -> tuple[Word, ...]:
    """Every token as a word of its own, with its own label."""
    return tuple(Word(token.label, i, i + 1) for i, token in enumerate(tokens))


def words(tokens: Sequence[Token], *, word_pieces: bool = False) -> tuple[Word, ...]:
    """The words of a text, in order; together they cover every token once. A special token is a word by itself.

    Works for tokens with spans (typed text) and without (generated text), for byte-level tokens with parts of a character, for
    SentencePiece and, with `word_pieces`, for WordPiece. WordPiece tokens contain no spaces: a token without "##" begins a word
    unless its span follows the one before without a gap.
    """
    joined = [False, *(_joined(tokens, word_pieces))]
    starts = [i for i, join in enumerate(joined) if not join][: len(tokens)]
    found = []
    for first, after in pairwise([*starts, len(tokens)]):
        text = _decoded(tokens[first:after]).strip()
        label = visible(text) if text and not tokens[first].special else "".join(t.label for t in tokens[first:after])
        found.append(Word(label, first, after))
    return tuple(found)


def _joined(tokens: Sequence[Token], word_pieces: bool) -> list[bool]:
    """For each boundary between two tokens, whether they are in the same word."""
    raw, edges = b"", []  # the text as bytes, and the byte where each token begins
    for last, token in zip([None, *tokens], tokens, strict=False):
        if last is not None and _apart(last, token, word_pieces):
            raw += b" "
        edges.append(len(raw))
        raw += _bytes(token)
    text, starts = _characters(raw)
    at = {byte: place for place, byte in enumerate(starts)}
    inner = _inner(text)
    return [
        not (last.special or token.special)
        and (edge not in at or at[edge] in inner or (last.text == " " and not token.text[:1].isspace()))
        for last, token, edge in zip(tokens, tokens[1:], edges[1:], strict=False)
    ]


def _apart(last: Token, token: Token, word_pieces: bool) -> bool:
    """Whether the text has a space between two tokens that neither of them contains."""
    if last.special or token.special:
        return True
    if token.text[:1].isspace() or last.text[-1:].isspace():
        return False
    if last.span is not None and token.span is not None:
        return token.span[0] > last.span[1]
    return word_pieces and not token.label.startswith("##")


def _characters(raw: bytes) -> tuple[str, list[int]]:
    """The text of some bytes and the byte where each character begins; invalid bytes count one by one."""
    found, starts, place = [], [], 0
    while place < len(raw):
        lead = raw[place]
        size = 1 if lead < 0xC2 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        character = raw[place : place + size].decode("utf-8", errors="replace")
        if len(character) != 1 or (character == "\ufffd" and raw[place : place + size] != b"\xef\xbf\xbd"):
            character, size = "\ufffd", 1
        found.append(character)
        starts.append(place)
        place += size
    return "".join(found), starts


def _bytes(token: Token) -> bytes:
    """The bytes of a token; for parts of a character, from the hexadecimal digits in its label."""
    if "\ufffd" not in token.text:
        return token.text.encode("utf-8", errors="replace")
    parts = HEXADECIMAL.split(token.label)
    return b"".join(
        bytes.fromhex(part) if i % 2 else part.replace("·", " ").encode("utf-8", errors="replace")
        for i, part in enumerate(parts)
    )


def _decoded(tokens: Sequence[Token]) -> str:
    return b"".join(map(_bytes, tokens)).decode("utf-8", errors="replace")


def _inner(text: str) -> set[int]:
    """The indices of characters that continue the word of the character before them."""
    inside = set()
    for i in range(1, len(text)):
        before, here, after = text[i - 1], text[i], text[i + 1 : i + 2]
        base = _base(text, i)
        if (
            _extends(here)
            or before == JOINER
            or (_letter(base) and _letter(here))
            or (here in APOSTROPHES and base.isalpha() and after.isalpha())
            or (before in APOSTROPHES and here.isalpha() and i > 1 and _base(text, i - 1).isalpha())
            or (here in ".," and base.isdigit() and after.isdigit())
            or (before in ".," and here.isdigit() and i > 1 and text[i - 2].isdigit())
        ):
            inside.add(i)
    return inside


def _base(text: str, at: int) -> str:
    """The base character before an index, with combining marks skipped."""
    while at > 1 and _extends(text[at - 1]):
        at -= 1
    return text[at - 1]


def _extends(character: str) -> bool:
    """Whether a character modifies the one before it: combining marks, joiners, skin tones."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"


def _letter(character: str) -> bool:
    return (character == "_" or unicodedata.category(character)[0] in "LN") and not UNSPACED.match(character)
