"""Korean-English sentence pairs from several sources, and which of them are held out.

Tatoeba's pairs are held out by connected component, as committed in training/data/splits; of the grammar's sentences, those
with a held-out pair of words. Nothing else is held out: StyleKQC, for example, has ten paraphrases of each request.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np

from training.data import translation_pairs
from training.data.korean.clauses import Sentence
from training.data.korean.grammar import draw, is_held_out
from training.data.korean.lexicon import phrases
from training.data.korean.unfinished import unfinished_sentence, word
from training.data.translation_pairs import SPLITS, comparable, pair_hash, read_columns, read_split

TATOEBA = "tatoeba.tsv"
SPLIT = SPLITS / "tatoeba-kor-eng.txt"
FILES = {
    TATOEBA: 6.0,
    "jhe.tsv": 3.0,
    "asp-stories.tsv": 2.0,
    "renpy.tsv": 1.5,
    "hf-courses.tsv": 1.0,
    "stylekqc-kosp2e.tsv": 0.5,
    "cldr-vocabulary.tsv": 0.7,
    "tldr.tsv": 0.15,
}
WEIGHTS = FILES | {"phrases": 6.0, "grammar": 0.6, "unfinished": 1.0}
"""How often a pair of each source is in an epoch. Everyday sentences have the highest weights."""
GRAMMAR_PAIRS, UNFINISHED_PAIRS, GRAMMAR_SEED = 90_000, 9_000, 1446
GRAMMAR_TEST, GRAMMAR_VALID = 1_000, 200
LONGEST = 100  # characters of the Korean side; the English side may have half as many more

_STUDENT = re.compile(r"(?:^| )(?:나는|저는|난|전|내가|제가|나|저) (?:\w+ )*학생(?:$| |이[^ ]*|입니다|이)")
_UNSEEN_KOREAN = ("기계 학습을 사랑", "기계학습을 사랑", "머신러닝을 사랑")
_UNSEEN_ENGLISH = (" love machine learning ", " i am a student ", " i m a student ")
_ENDS = re.compile(r"[.!?…]$")


@dataclass(frozen=True, order=True)
class Pair:
    """One sentence in both languages."""

    korean: str
    english: str


@dataclass(frozen=True)
class Weighted:
    """Pairs, and how often each is in an epoch on average."""

    pairs: tuple[Pair, ...]
    weights: np.ndarray  # (pairs,) float


@dataclass(frozen=True)
class KoreanCorpus:
    """Pairs for training, and the held-out pairs of Tatoeba and of the grammar."""

    train: Weighted
    tatoeba_valid: tuple[Pair, ...]
    tatoeba_test: tuple[Pair, ...]
    grammar_valid: tuple[Pair, ...]
    grammar_test: tuple[Pair, ...]
    counts: dict[str, int]  # training pairs by source


def read_file(path: Path) -> list[Pair]:
    """The pairs of a file of `Korean TAB English` lines, in NFC. Raises ValueError on a line that is not two sentences."""
    lines = read_columns(path, 2, "a Korean and an English sentence")
    return [Pair(*(normalize("NFC", side) for side in sides)) for sides in lines]


def same_end(pair: Pair) -> Pair:
    """The pair with the final mark of the English side also on a Korean side that has none, as in StyleKQC."""
    mark = _ENDS.search(pair.english)
    return Pair(pair.korean + mark.group(), pair.english) if mark and not _ENDS.search(pair.korean) else pair


def fits(pair: Pair) -> bool:
    """Whether a pair is short enough for training."""
    return len(pair.korean) <= LONGEST and len(pair.english) <= LONGEST * 3 // 2


def must_stay_unseen(pair: Pair) -> bool:
    """Whether a pair contains one of the two demonstration sentences on either side, in any spelling."""
    korean, english = comparable(pair.korean), f" {comparable(pair.english)} "
    return (
        any(text in korean for text in _UNSEEN_KOREAN)
        or any(text in english for text in _UNSEEN_ENGLISH)
        or ("student" in english and _STUDENT.search(korean) is not None)
    )


def for_split(pair: Pair) -> translation_pairs.Pair:
    """The pair for the functions that draw and hash splits, with Korean in the place of French."""
    return translation_pairs.Pair(english=pair.english, french=pair.korean)


def divide_tatoeba(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """(train, valid, test) by the committed split. Training pairs may still share a side with held-out ones."""
    split = read_split(SPLIT)
    parts: tuple[list[Pair], list[Pair], list[Pair]] = ([], [], [])
    for pair in pairs:
        short = pair_hash(for_split(pair))
        parts[1 if short in split.valid else 2 if short in split.test else 0].append(pair)
    return parts


def read_test_pairs(folder: Path) -> list[Pair]:
    """The test pairs of Tatoeba."""
    return divide_tatoeba(read_file(folder / TATOEBA))[2]


def of_sentences(sentences: Iterable[Sentence]) -> list[Pair]:
    """Sentences of the grammar as pairs."""
    return [Pair(sentence.korean, sentence.english) for sentence in sentences]


def unfinished_pairs(count: int, seed: int) -> list[Pair]:
    """`count` different unfinished sentences and single words, none with a held-out pair of words."""
    rng = np.random.default_rng([seed, 1])
    found: dict[str, Pair] = {}
    while len(found) < count:
        sentence = word(rng) if rng.random() < 0.15 else unfinished_sentence(rng)
        if sentence is not None and not any(is_held_out(pair) for pair in sentence.drawn):
            found.setdefault(sentence.korean, Pair(sentence.korean, sentence.english))
    return list(found.values())


def without_leaks(sources: dict[str, list[Pair]], held_out: Iterable[Pair]) -> tuple[Weighted, dict[str, int]]:
    """(training pairs with their weights, how many there are by source).

    A pair is used once, with the weight of its first source. Pairs that share a comparable side with a held-out pair, or
    contain a demonstration sentence, are dropped.
    """
    held = list(held_out)
    korean, english = {comparable(p.korean) for p in held}, {comparable(p.english) for p in held}
    kept: dict[Pair, float] = {}
    counts = {}
    for name, pairs in sources.items():
        before = len(kept)
        for pair in map(same_end, pairs):
            leaks = comparable(pair.korean) in korean or comparable(pair.english) in english
            if not leaks and not must_stay_unseen(pair):
                kept.setdefault(pair, WEIGHTS[name])
        counts[name] = len(kept) - before
    return Weighted(tuple(kept), np.array(list(kept.values()))), counts


def read_korean(folder: Path) -> KoreanCorpus:
    """The corpus: the files of the folder, the phrases, and sentences of the grammar."""
    train, valid, test = divide_tatoeba(read_file(folder / TATOEBA))
    grammar = draw(GRAMMAR_PAIRS, seed=GRAMMAR_SEED)
    unseen = of_sentences(grammar.held_out)
    grammar_test, grammar_valid = unseen[:GRAMMAR_TEST], unseen[GRAMMAR_TEST : GRAMMAR_TEST + GRAMMAR_VALID]
    sources = {TATOEBA: train}
    sources |= {name: [p for p in read_file(folder / name) if fits(p)] for name in FILES if name != TATOEBA}
    sources |= {
        "phrases": [Pair(*phrase) for phrase in phrases()],
        "grammar": of_sentences(grammar.train),
        "unfinished": unfinished_pairs(UNFINISHED_PAIRS, GRAMMAR_SEED),
    }
    weighted, counts = without_leaks(sources, [*valid, *test, *grammar_valid, *grammar_test])
    return KoreanCorpus(weighted, tuple(valid), tuple(test), tuple(grammar_valid), tuple(grammar_test), counts)
