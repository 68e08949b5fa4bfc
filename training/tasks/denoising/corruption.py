"""How sentences are corrupted: words in another order, or a span of words masked.

Both are milder forms of the noise of Lewis et al. (2020, section 2.2), who shuffle sentences and mask spans of Poisson
length with mean 3. Here words move by at most two places, and a span is one or two words.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Corruption = Literal["swapped", "rotated", "masked word", "masked words"]
KINDS: tuple[Corruption, ...] = get_args(Corruption)
SHARES = (0.35, 0.25, 0.30, 0.10)
FEWEST_WORDS = 4  # a shorter sentence gives too little context
_WORD = re.compile(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Corrupted:
    """A sentence and its corrupted form."""

    original: str
    text: str
    kind: Corruption


def word_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each word. Punctuation between words is never moved."""
    return [match.span() for match in _WORD.finditer(text)]


def with_words(text: str, spans: list[tuple[int, int]], words: list[str]) -> str:
    """The text with each of its words replaced."""
    parts, at = [], 0
    for (start, end), word in zip(spans, words, strict=True):
        parts += [text[at:start], word]
        at = end
    return "".join([*parts, text[at:]])


def reordered(text: str, width: int, generator: np.random.Generator) -> str | None:
    """Rotate `width` neighbouring words; capitals move with them. None if the text is too short or does not change."""
    spans = word_spans(text)
    if len(spans) < max(width, FEWEST_WORDS):
        return None
    words = [text[start:end] for start, end in spans]
    first = int(generator.integers(0, len(words) - width + 1))
    turn = int(generator.integers(1, width))  # at least 1, so that every word moves
    window = words[first : first + width]
    words[first : first + width] = window[turn:] + window[:turn]
    changed = with_words(text, spans, words)
    return None if changed == text else changed


def masked(text: str, width: int, mask: str, generator: np.random.Generator) -> str | None:
    """Replace `width` neighbouring words, and anything between them, by one mask. None if the sentence is too short."""
    spans = word_spans(text)
    if len(spans) < max(width + 1, FEWEST_WORDS):
        return None
    first = int(generator.integers(0, len(spans) - width + 1))
    return text[: spans[first][0]] + mask + text[spans[first + width - 1][1] :]


def corrupt_as(text: str, kind: Corruption, mask: str, generator: np.random.Generator) -> str | None:
    """The sentence corrupted in this way, or None if that is not possible."""
    match kind:
        case "swapped":
            return reordered(text, 2, generator)
        case "rotated":
            return reordered(text, 3, generator)
        case "masked word":
            return masked(text, 1, mask, generator)
        case "masked words":
            return masked(text, 2, mask, generator)


def corrupt(text: str, mask: str, generator: np.random.Generator) -> Corrupted | None:
    """The sentence corrupted in a way drawn by SHARES, or None if that way is not possible."""
    kind = KINDS[int(generator.choice(len(KINDS), p=SHARES))]
    changed = corrupt_as(text, kind, mask, generator)
    return None if changed is None else Corrupted(text, changed, kind)
