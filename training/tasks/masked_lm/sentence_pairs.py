"""Two stretches of a story, the earlier one first or swapped, and the pieces of them that are hidden.

Order is what BERT's second head learns here, instead of whether one sentence follows another at all: sentence-order
prediction (Lan et al. 2020), which cannot be told from the topic.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from training.data.stories import sentences_of
from training.data.story_tokenizers import MAX_POSITIONS

NO_LABEL = -100  # what F.cross_entropy leaves out
IN_ORDER, SWAPPED = 0, 1
Spread = Literal["neighbours", "anywhere"]
SIZES, SIZE_SHARES = (1, 2, 3), (0.4, 0.3, 0.3)  # sentences a side
HALVES_SHARE = 0.04  # of the stories an epoch meets, those that are read whole, in two parts
JOINED_SHARE = 0.02  # those that are joined to another, so that every position is learnt; they have no order
LONG_STORY = 250  # pieces; what is joined
MASK_SHARE, KEPT_SHARE, RANDOM_SHARE = 0.8, 0.1, 0.1  # of the chosen pieces (Devlin et al. 2019)


@dataclass(frozen=True, eq=False)
class StoryPieces:
    """A story's sentences as ids. `following` has each with the space before it, as it stands after another."""

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
    """A and B as they are read, and what the order is: IN_ORDER, SWAPPED or NO_LABEL."""

    a: Stretch
    b: Stretch
    label: int

    @property
    def single(self) -> bool:
        """Whether each side is one sentence."""
        return self.a.end - self.a.first == self.b.end - self.b.first == 1

    @property
    def touching(self) -> bool:
        """Whether nothing stands between the two in their story."""
        return self.a.story == self.b.story and (self.a.end == self.b.first or self.b.end == self.a.first)


def encode_sentences(tokenizer: Tokenizer, stories: Sequence[str]) -> list[StoryPieces]:
    """Every story's sentences in both forms."""
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
    """In order or swapped, each half of the time."""
    if generator.random() < 0.5:
        return SentencePair(before, after, IN_ORDER)
    return SentencePair(after, before, SWAPPED)


def stretches(story: int, sentences: int, generator: np.random.Generator) -> list[Stretch]:
    """A story cut into stretches of one to three sentences; the first few sentences may be left out."""
    found, at = [], int(generator.integers(0, min(3, sentences)))
    while at < sentences:
        end = min(at + int(generator.choice(SIZES, p=SIZE_SHARES)), sentences)
        found.append(Stretch(story, at, end))
        at = end
    return found


def pairs_of(cut: list[Stretch], spread: Spread, generator: np.random.Generator) -> Iterator[SentencePair]:
    """Stretches of one story two by two, each once: neighbours, or any two."""
    order = range(len(cut)) if spread == "neighbours" else generator.permutation(len(cut)).tolist()
    for i, j in zip(order[::2], order[1::2], strict=False):
        yield in_either_order(cut[min(i, j)], cut[max(i, j)], generator)


def draw_pairs(
    stories: Sequence[StoryPieces], generator: np.random.Generator, spread: Spread = "anywhere"
) -> list[SentencePair]:
    """What an epoch meets of each story: stretches of it two by two, or all of it in two parts, or all of it beside another."""
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
    """A pair as ids with their segments, each (pieces,)."""

    ids: np.ndarray
    segments: np.ndarray


def read_pair(stories: Sequence[StoryPieces], pair: SentencePair, begin: int, separate: int) -> Read:
    """[CLS] A [SEP] B [SEP], cut on the right to the positions there are."""
    a, b = (stories[s.story].stretch(s.first, s.end) for s in (pair.a, pair.b))
    over = len(a) + len(b) + 3 - MAX_POSITIONS
    if over > 0:  # what is cut comes from B while it is the longer, then from A
        b = b[: max(len(b) - over, MAX_POSITIONS // 2 - 2)]
        a = a[: MAX_POSITIONS - 3 - len(b)]
    ids = np.concatenate([[begin], a, [separate], b, [separate]])
    return Read(ids, (np.arange(len(ids)) >= len(a) + 2).astype(np.int64))


def hide(
    ids: np.ndarray, generator: np.random.Generator, *, share: float, specials: int, mask: int, vocab: int
) -> tuple[np.ndarray, np.ndarray]:
    """(what is read, what is asked for: NO_LABEL where nothing is), both like `ids`; ids below `specials` are never chosen.

    Of the chosen pieces 80% are masked, 10% replaced by a random piece and 10% left (Devlin et al. 2019, 3.1).
    """
    chosen = (ids >= specials) & (generator.random(ids.shape) < share)
    draw = generator.random(ids.shape)
    replaced = np.where(draw < MASK_SHARE, mask, generator.integers(specials, vocab, ids.shape))
    return np.where(chosen & (draw < 1 - KEPT_SHARE), replaced, ids), np.where(chosen, ids, NO_LABEL)
