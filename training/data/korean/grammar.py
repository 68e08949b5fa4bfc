"""Sentence pairs from the grammar, and which combinations of words are held out.

A hash decides which pairs of words are held out: a verb with its object, an adjective with its noun, or a person with a
profession, in any tense and ending. No sentence with such a pair is trained on; its words occur in other combinations.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.data.korean.clauses import Sentence, asking_sentence, object_sentence, verb_sentence, without_subject
from training.data.korean.sentences import (
    adjective_sentence,
    belonging_sentence,
    copula_sentence,
    having_sentence,
    request_sentence,
    two_clauses,
    who_sentence,
)

Draw = Callable[[np.random.Generator], Sentence | None]

PATTERNS: tuple[tuple[Draw, float], ...] = (
    (object_sentence, 0.33),
    (verb_sentence, 0.16),
    (copula_sentence, 0.12),
    (adjective_sentence, 0.12),
    (having_sentence, 0.07),
    (without_subject, 0.05),
    (request_sentence, 0.05),
    (who_sentence, 0.03),
    (asking_sentence, 0.02),
    (two_clauses, 0.03),
    (belonging_sentence, 0.02),
)
HELD_OUT_SHARE = 0.04  # of the pairs of words
ALWAYS_HELD_OUT = frozenset({"love machine learning", "I student"})
"""The pairs of the two demonstration sentences: I love machine learning, I am a student."""


@dataclass(frozen=True)
class Drawn:
    """Different sentences of the grammar: those for training, and those with a held-out pair of words."""

    train: tuple[Sentence, ...]
    held_out: tuple[Sentence, ...]


def is_held_out(pair: str) -> bool:
    """Whether a pair of words is held out."""
    digest = hashlib.blake2b(pair.encode(), digest_size=8).digest()
    return pair in ALWAYS_HELD_OUT or int.from_bytes(digest) / 2**64 < HELD_OUT_SHARE


def sentences(seed: int) -> Iterator[Sentence]:
    """An endless sequence of sentences."""
    rng = np.random.default_rng(seed)
    draws, shares = zip(*PATTERNS, strict=True)
    while True:
        for which in rng.choice(len(draws), size=1_000, p=shares):
            sentence = draws[int(which)](rng)
            if sentence is not None:
                yield sentence


def draw(count: int, *, seed: int) -> Drawn:
    """`count` different sentences for training, and the held-out ones that were drawn meanwhile."""
    train: dict[str, Sentence] = {}
    held_out: dict[str, Sentence] = {}
    for sentence in sentences(seed):
        part = held_out if any(is_held_out(pair) for pair in sentence.drawn) else train
        part.setdefault(sentence.korean, sentence)
        if len(train) == count:
            return Drawn(tuple(train.values()), tuple(held_out.values()))
    raise AssertionError("the sentences have no end")
