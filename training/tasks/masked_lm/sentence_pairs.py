"""Pairs of stretches of a story, in order or swapped, and which of their pieces are hidden.

BERT's second head learns here whether a pair is in order (Lan et al. 2020), not whether one sentence follows the other at
all (Devlin et al. 2019): the topic alone would answer that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from training.data.stories import sentences_of
from training.data.story_tokenizers import MAX_POSITIONS

NO_LABEL = -100  # the label that F.cross_entropy ignores
IN_ORDER, SWAPPED = 0, 1
Spread = Literal["neighbours", "anywhere"]
SIZES, SIZE_SHARES = (1, 2, 3), (0.4, 0.3, 0.3)  # sentences a side
HALVES_SHARE = 0.04  # of the stories of an epoch: cut into two parts, so that they are read whole
JOINED_SHARE = (
    0.02  # of the stories of an epoch: replaced by two long ones without an order, so that every position is learnt
)
LONG_STORY = 250  # pieces of a story that can be joined
MASK_SHARE, KEPT_SHARE, RANDOM_SHARE = 0.8, 0.1, 0.1  # of the chosen pieces (Devlin et al. 2019)


@dataclass(frozen=True, eq=False)
class StoryPieces:
    """The sentences of a story as ids: each alone (`opening`), and with a space before it (`following`)."""

    opening: tuple[np.ndarray, ...]
    following: tuple[np.ndarray, ...]

    def stretch(self, first: int, end: int) -> np.ndarray:
        """The ids of sentences first to end - 1, a space between them."""
        return np.concatenate([self.opening[first], *self.following[first + 1 : end]])

    def __len__(self) -> int:
        return len(self.opening)


@dataclass(frozen=True)
class Stretch:
    """Sentences `first` to `end` - 1 of a story."""

    story: int
    first: int
    end: int


@dataclass(frozen=True)
class SentencePair:
    """A and B as they are read, and the label of their order: IN_ORDER, SWAPPED or NO_LABEL."""

    a: Stretch
    b: Stretch
    label: int

    @property
    def single(self) -> bool:
        """Whether each side is one sentence."""
        return self.a.end - self.a.first == self.b.end - self.b.first == 1

    @property
    def touching(self) -> bool:
        """Whether the two are neighbours in their story."""
        return self.a.story == self.b.story and (self.a.end == self.b.first or self.b.end == self.a.first)


def encode_sentences(tokenizer: Tokenizer, stories: Sequence[str]) -> list[StoryPieces]:
    """The sentences of every story, with and without a space before them."""
    texts = [sentences_of(story) for story in stories]
    flat = [sentence for story in texts for sentence in story]
    both = [*flat, *(" " + sentence for sentence in flat)]
    ids = [np.array(e.ids, dtype=np.int32) for e in tokenizer.encode_batch_fast(both, add_special_tokens=False)]
    found, at = [], 0
    for story in texts:
        end = at + len(story)
        found.append(StoryPieces(tuple(ids[at:end]), tuple(ids[len(flat) + at : len(flat) + end])))
        at = end
    return found


def in_either_order(before: Stretch, after: Stretch, generator: np.random.Generator) -> SentencePair:
    """The pair in order or swapped, with equal chance."""
    if generator.random() < 0.5:
        return SentencePair(before, after, IN_ORDER)
    return SentencePair(after, before, SWAPPED)


def stretches(story: int, sentences: int, generator: np.random.Generator) -> list[Stretch]:
    """A story cut into stretches of one to three sentences; up to two sentences at the start are left out."""
    found, at = [], int(generator.integers(0, min(3, sentences)))
    while at < sentences:
        end = min(at + int(generator.choice(SIZES, p=SIZE_SHARES)), sentences)
        found.append(Stretch(story, at, end))
        at = end
    return found


def pairs_of(cut: list[Stretch], spread: Spread, generator: np.random.Generator) -> Iterator[SentencePair]:
    """Stretches of one story in pairs, each stretch at most once: neighbours, or any two."""
    order = range(len(cut)) if spread == "neighbours" else generator.permutation(len(cut)).tolist()
    for i, j in zip(order[::2], order[1::2], strict=False):
        yield in_either_order(cut[min(i, j)], cut[max(i, j)], generator)


def draw_pairs(
    stories: Sequence[StoryPieces], generator: np.random.Generator, spread: Spread = "anywhere"
) -> list[SentencePair]:
    """The pairs of an epoch. A story gives pairs of its stretches, or its two parts, or two long stories are joined."""
    long = [i for i, story in enumerate(stories) if sum(map(len, story.following)) >= LONG_STORY]
    pairs: list[SentencePair] = []
    for i, story in enumerate(stories):
        count, draw = len(story), generator.random()
        if draw < JOINED_SHARE and long:
            one, other = (int(k) for k in generator.choice(long, size=2))
            a, b = Stretch(one, 0, len(stories[one])), Stretch(other, 0, len(stories[other]))
            pairs.append(SentencePair(a, b, NO_LABEL))
        elif draw < JOINED_SHARE + HALVES_SHARE and count >= 2:
            cut = int(generator.integers(1, count))
            pairs.append(in_either_order(Stretch(i, 0, cut), Stretch(i, cut, count), generator))
        else:
            pairs.extend(pairs_of(stretches(i, count, generator), spread, generator))
    return pairs


@dataclass(frozen=True, eq=False)
class Read:
    """The ids of a pair and their segments, each (pieces,)."""

    ids: np.ndarray
    segments: np.ndarray


def read_pair(stories: Sequence[StoryPieces], pair: SentencePair, begin: int, separate: int) -> Read:
    """[CLS] A [SEP] B [SEP], with A and B cut to fit MAX_POSITIONS."""
    a, b = (stories[s.story].stretch(s.first, s.end) for s in (pair.a, pair.b))
    over = len(a) + len(b) + 3 - MAX_POSITIONS
    if over > 0:  # B is cut first, down to half of the positions, then A
        b = b[: max(len(b) - over, MAX_POSITIONS // 2 - 2)]
        a = a[: MAX_POSITIONS - 3 - len(b)]
    ids = np.concatenate([[begin], a, [separate], b, [separate]])
    return Read(ids, (np.arange(len(ids)) >= len(a) + 2).astype(np.int64))


def hide(
    ids: np.ndarray, generator: np.random.Generator, *, share: float, specials: int, mask: int, vocab: int
) -> tuple[np.ndarray, np.ndarray]:
    """(input, targets: NO_LABEL if not chosen), both shaped like `ids`. Ids below `specials` are never chosen.

    Of the chosen pieces 80% are masked, 10% replaced by a random piece and 10% kept (Devlin et al. 2019, 3.1).
    """
    chosen = (ids >= specials) & (generator.random(ids.shape) < share)
    draw = generator.random(ids.shape)
    replaced = np.where(draw < MASK_SHARE, mask, generator.integers(specials, vocab, ids.shape))
    return np.where(chosen & (draw < 1 - KEPT_SHARE), replaced, ids), np.where(chosen, ids, NO_LABEL)
