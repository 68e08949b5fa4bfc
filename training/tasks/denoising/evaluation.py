"""How well a run restores corrupted sentences of held-out stories.

How many are restored exactly and how many of their pieces are right, by kind of corruption.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.special_tokenizers import BART
from training.data.stories import read_stories, sentences_of
from training.tasks.denoising.corruption import KINDS, Corrupted, corrupt
from training.tasks.greedy import Marks, write
from training.tasks.results import Results, evenly
from training.trainer.checkpoints import TrainedRun

SEED = 2024
EXAMPLES = 16


@dataclass(frozen=True)
class RestorationScore:
    """How well sentences were restored: shares from 0 to 1."""

    sentences: int
    exact: float  # restored letter by letter
    pieces: float  # pieces that are right, as `right_pieces` counts them
    copied: float  # the same of the corrupted sentence itself


@dataclass(frozen=True)
class Restoration:
    """A held-out sentence, its corrupted form, and what the model restored from that."""

    original: str
    corrupted: str
    kind: str
    restored: str


@dataclass(frozen=True)
class DenoisingResults(Results):
    """What the card states."""

    train_stories: int
    test_stories: int
    overall: RestorationScore
    by_kind: dict[str, RestorationScore]
    untouched: float  # the share of uncorrupted sentences that the model leaves as they are
    examples: tuple[Restoration, ...]
    examples_every: int  # cases from one example to the next


def common_subsequence(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        corner = 0
        for j, y in enumerate(b, start=1):
            corner, row[j] = row[j], corner + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def right_pieces(tokenizer: Tokenizer, originals: Sequence[str], answers: Sequence[str]) -> float:
    """The longest common subsequence of original and answer in pieces, divided by the longer of the two; over all texts."""
    right, most = 0, 0
    for original, answer in zip(originals, answers, strict=True):
        a, b = (tokenizer.encode(text, add_special_tokens=False).ids for text in (original, answer))
        right += common_subsequence(a, b)
        most += max(len(a), len(b))
    return right / most


def score(tokenizer: Tokenizer, answered: Sequence[tuple[Corrupted, str]]) -> RestorationScore:
    """How well the cases were restored by their answers."""
    originals = [case.original for case, _ in answered]
    exact = sum(case.original == answer for case, answer in answered)
    return RestorationScore(
        sentences=len(answered),
        exact=round(exact / len(answered), 4),
        pieces=round(right_pieces(tokenizer, originals, [answer for _, answer in answered]), 4),
        copied=round(right_pieces(tokenizer, originals, [case.text for case, _ in answered]), 4),
    )


def length_limit(pieces: int) -> int:
    """The most pieces of an answer: a restored sentence is hardly longer than the corrupted one."""
    return pieces + 10


def marks(tokenizer: Tokenizer) -> Marks:
    """The ids of padding, start and end. The decoder starts from <s>."""
    return Marks(*(tokenizer.token_to_id(token) for token in (BART.pad, BART.begin, BART.separate)))


def held_out_cases(sentences: Sequence[str]) -> list[Corrupted]:
    """Each sentence corrupted in one way, the same at every call; sentences that cannot be corrupted are left out."""
    generator = np.random.default_rng(SEED)
    made = (corrupt(sentence, BART.mask, generator) for sentence in sentences)
    return [case for case in made if case is not None]


def restore(net: Transformer, tokenizer: Tokenizer, texts: Sequence[str]) -> list[str]:
    """The greedy restoration of each text."""
    return write(net, tokenizer, marks(tokenizer), texts, length_limit)


def evaluate_denoising(run: TrainedRun, corpus: Path, limit: int | None) -> DenoisingResults:
    """Restore about `limit` test sentences that are in no training story."""
    net, tokenizer = run.net, run.tokenizer
    assert isinstance(net, Transformer)
    stories = read_stories(corpus)
    known = {sentence for story in stories.train for sentence in sentences_of(story)}
    unseen = dict.fromkeys(s for story in stories.test for s in sentences_of(story) if s not in known)
    sentences = evenly(list(unseen), limit)
    cases = held_out_cases(sentences)
    both = list(zip(cases, restore(net, tokenizer, [case.text for case in cases]), strict=True))
    whole = restore(net, tokenizer, sentences)
    every = max(1, len(cases) // EXAMPLES)
    return DenoisingResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_stories=len(stories.train),
        test_stories=len(stories.test),
        overall=score(tokenizer, both),
        by_kind={
            kind: score(tokenizer, of_kind)
            for kind in KINDS
            if (of_kind := [one for one in both if one[0].kind == kind])
        },
        untouched=round(sum(a == b for a, b in zip(whole, sentences, strict=True)) / len(sentences), 4),
        examples=tuple(Restoration(c.original, c.text, c.kind, a) for c, a in both[every // 2 :: every]),
        examples_every=every,
    )
