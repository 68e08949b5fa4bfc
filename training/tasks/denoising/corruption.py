"""What is done to a sentence that a model then restores: words put in another order, or a span of them masked.

Both are noises of Lewis et al. (2020, section 2.2), in a milder form: they shuffle sentences and mask spans of Poisson
length with mean 3; here words move by at most two places, and a span is one or two words.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Corruption = Literal["swapped", "rotated", "masked word", "masked words"]
KINDS: tuple[Corruption, ...] = get_args(Corruption)
SHARES = (0.35, 0.25, 0.30, 0.10)
FEWEST_WORDS = 4  # a shorter sentence gives too little to go by
_WORD = re.compile(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Corrupted:
    """A sentence and what became of it."""

    original: str
    text: str
    kind: Corruption


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where its words are; punctuation stays where it is, whatever happens to them."""
    return [match.span() for match in _WORD.finditer(text)]


def with_words(text: str, spans: list[tuple[int, int]], words: list[str]) -> str:
    """The text with other words in the places of its words."""
    parts, at = [], 0
    for (start, end), word in zip(spans, words, strict=True):
        parts += [text[at:start], word]
        at = end
    return "".join([*parts, text[at:]])


def reordered(text: str, width: int, generator: np.random.Generator) -> str | None:
    """`width` neighbouring words in another order, each keeping its capital; None where that changes nothing."""
    spans = word_spans(text)
    if len(spans) < max(width, FEWEST_WORDS):
        return None
    words = [text[start:end] for start, end in spans]
    first = int(generator.integers(0, len(words) - width + 1))
    turn = int(generator.integers(1, width))  # a rotation: no word stays where it was
    window = words[first : first + width]
    words[first : first + width] = window[turn:] + window[:turn]
    changed = with_words(text, spans, words)
    return None if changed == text else changed


def masked(text: str, width: int, mask: str, generator: np.random.Generator) -> str | None:
    """One mask in the place of `width` words and what stands between them; None where the sentence is too short."""
    spans = word_spans(text)
    if len(spans) < max(width + 1, FEWEST_WORDS):
        return None
    first = int(generator.integers(0, len(spans) - width + 1))
    return text[: spans[first][0]] + mask + text[spans[first + width - 1][1] :]


def corrupt_as(text: str, kind: Corruption, mask: str, generator: np.random.Generator) -> str | None:
    """The sentence corrupted one way, or None where that way it cannot be."""
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
    """The sentence corrupted in one way, drawn by SHARES; None for one that way of which leaves it as it is."""
    kind = KINDS[int(generator.choice(len(KINDS), p=SHARES))]
    changed = corrupt_as(text, kind, mask, generator)
    return None if changed is None else Corrupted(text, changed, kind)
