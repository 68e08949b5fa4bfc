"""How well a run predicts hidden words of held-out stories, and the order of two stretches of a story.

How often a hidden piece is among the first guesses, and how often the order is right, by length and distance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.data.special_tokenizers import BERT
from training.data.stories import read_stories
from training.tasks.masked_lm.sentence_pairs import (
    NO_LABEL,
    SIZES,
    Read,
    SentencePair,
    StoryPieces,
    draw_pairs,
    encode_sentences,
    read_pair,
)
from training.tasks.masked_lm.task import PairBatch, collate
from training.tasks.results import Results, evenly
from training.trainer.checkpoints import TrainedRun

SEED = 2024
HIDDEN_SHARE = 0.15  # Devlin et al. 2019
DRAWS = 6  # how often the test stories are cut into pairs
ROWS = 64
MOST_SHORT = 2 * max(SIZES)  # sentences in a pair
EXAMPLES = 16
SHOWN = 5  # guesses


@dataclass(frozen=True)
class GuessScore:
    """How often a hidden piece is the first guess, or among the first five: shares from 0 to 1."""

    hidden: int
    first: float
    among_five: float
    by_count: float  # the share that always guessing the five most frequent of the hidden pieces would reach


@dataclass(frozen=True)
class OrderScore:
    """How often the order of a pair is right; half of the pairs are swapped."""

    pairs: int
    right: float


@dataclass(frozen=True)
class HiddenWord:
    """A held-out pair with a word hidden, and the first guesses for it."""

    a: str
    b: str
    word: str
    guesses: tuple[str, ...]
    swapped: bool
    said_swapped: float  # the probability of "swapped" by the second head


@dataclass(frozen=True)
class MaskedLmResults(Results):
    """What the card states."""

    train_stories: int
    test_stories: int
    pieces: GuessScore  # 15% of all pieces hidden at once
    words: GuessScore  # only those hidden pieces that are whole words
    order: dict[str, OrderScore]  # by the kind of pair
    examples: tuple[HiddenWord, ...]
    examples_every: int  # pairs from one example to the next


# The rows of the card, and which pairs each counts.
KINDS_OF_PAIR: dict[str, Callable[[SentencePair], bool]] = {
    "one to three sentences a side": lambda pair: size(pair) <= MOST_SHORT,
    "of these: one sentence a side": lambda pair: pair.single,
    "of these: side by side in the story": lambda pair: size(pair) <= MOST_SHORT and pair.touching,
    "of these: with something between": lambda pair: size(pair) <= MOST_SHORT and not pair.touching,
    "a whole story in two parts": lambda pair: size(pair) > MOST_SHORT,
}


def size(pair: SentencePair) -> int:
    """The number of sentences on both sides together."""
    return pair.a.end - pair.a.first + pair.b.end - pair.b.first


@dataclass(frozen=True, eq=False)
class HeldOutPairs:
    """Pairs of stretches of the test stories, and their ids."""

    stories: list[StoryPieces]
    pairs: list[SentencePair]
    reads: list[Read]

    def batches(self, wanted: Sequence[np.ndarray], pad: int, mask: int | None) -> list[tuple[list[int], PairBatch]]:
        """(rows, batch) of similar lengths. If `mask` is given, it replaces every wanted piece in the input."""
        order = sorted(range(len(self.pairs)), key=lambda i: len(self.reads[i].ids))
        found = []
        for first in range(0, len(order), ROWS):
            rows = order[first : first + ROWS]
            reads = [self.reads[i] for i in rows]
            if mask is not None:
                reads = [
                    Read(np.where(wanted[i] == NO_LABEL, read.ids, mask), read.segments)
                    for i, read in zip(rows, reads, strict=True)
                ]
            found.append((rows, collate(reads, [self.pairs[i] for i in rows], [wanted[i] for i in rows], pad)))
        return found


def pairs_held_out(tokenizer: Tokenizer, stories: Sequence[str]) -> HeldOutPairs:
    """Pairs of the test stories drawn as in training, the same at every call; pairs without an order are left out."""
    encoded, generator = encode_sentences(tokenizer, stories), np.random.default_rng(SEED)
    pairs = [p for _ in range(DRAWS) for p in draw_pairs(encoded, generator) if p.label != NO_LABEL]
    begin, separate = (tokenizer.token_to_id(token) for token in (BERT.begin, BERT.separate))
    return HeldOutPairs(encoded, pairs, [read_pair(encoded, pair, begin, separate) for pair in pairs])


def whole_word(tokenizer: Tokenizer, ids: np.ndarray, at: int) -> bool:
    """Whether the piece is a whole word, with the space before it."""
    piece, after = tokenizer.id_to_token(int(ids[at])), tokenizer.id_to_token(int(ids[at + 1]))
    begins = piece.startswith("Ġ") or int(ids[at - 1]) < len(BERT.all)
    goes_on = after[0] != "Ġ" and (after[0].isalpha() or after[0] == "'")
    return begins and piece.removeprefix("Ġ").isalpha() and not goes_on


@torch.inference_mode()
def guesses(net: Transformer, batch: PairBatch, count: int) -> Tensor:
    """(hidden, count) the most probable pieces for each hidden one, best first."""
    assert net.head is not None
    batch = batch.to(net.tokens.weight.device)
    stream = net(batch.ids, real=batch.real, segments=batch.segments)
    return net.head(stream[batch.wanted != NO_LABEL]).topk(count).indices.cpu()


def score_guesses(found: np.ndarray, wanted: np.ndarray) -> GuessScore:
    """Score guesses (hidden, 5) for the pieces that were hidden (hidden,)."""
    common = np.argsort(-np.bincount(wanted))[:SHOWN]
    return GuessScore(
        hidden=len(wanted),
        first=round(float((found[:, 0] == wanted).mean()), 4),
        among_five=round(float((found == wanted[:, None]).any(axis=1).mean()), 4),
        by_count=round(float(np.isin(wanted, common).mean()), 4),
    )


def measure_words(net: Transformer, tokenizer: Tokenizer, test: HeldOutPairs) -> tuple[GuessScore, GuessScore]:
    """(score of all pieces, of whole words) with 15% of the pieces hidden, each replaced by [MASK]."""
    generator, specials = np.random.default_rng(SEED), len(BERT.all)
    wanted = []
    for read in test.reads:
        chosen = (read.ids >= specials) & (generator.random(read.ids.shape) < HIDDEN_SHARE)
        wanted.append(np.where(chosen, read.ids, NO_LABEL))
    pad, mask = (tokenizer.token_to_id(token) for token in (BERT.pad, BERT.mask))
    found, asked, words = [], [], []
    for rows, batch in test.batches(wanted, pad, mask):
        found.append(guesses(net, batch, SHOWN).numpy())
        for i in rows:
            places = np.flatnonzero(wanted[i] != NO_LABEL)
            asked.extend(int(test.reads[i].ids[at]) for at in places)
            words.extend(whole_word(tokenizer, test.reads[i].ids, int(at)) for at in places)
    all_found, all_asked, whole = np.concatenate(found), np.array(asked), np.array(words)
    return score_guesses(all_found, all_asked), score_guesses(all_found[whole], all_asked[whole])


@torch.inference_mode()
def swapped_probabilities(net: Transformer, tokenizer: Tokenizer, test: HeldOutPairs) -> np.ndarray:
    """(pairs,) the probability of "swapped" by the second head; nothing is hidden."""
    assert net.relation is not None
    nothing = [np.full(read.ids.shape, NO_LABEL) for read in test.reads]
    said = np.zeros(len(test.pairs))
    for rows, batch in test.batches(nothing, tokenizer.token_to_id(BERT.pad), None):
        batch = batch.to(net.tokens.weight.device)
        stream = net(batch.ids, real=batch.real, segments=batch.segments)
        said[rows] = net.relation(stream).softmax(dim=-1)[:, 1].cpu().numpy()
    return said


def measure_order(test: HeldOutPairs, said: np.ndarray) -> dict[str, OrderScore]:
    """How often the more probable order is the right one, by kind of pair."""
    right = (said > 0.5) == np.array([pair.label == 1 for pair in test.pairs])
    found = {}
    for kind, belongs in KINDS_OF_PAIR.items():
        chosen = right[[belongs(pair) for pair in test.pairs]]
        found[kind] = OrderScore(len(chosen), round(float(chosen.mean()), 4))
    return found


def hide_one(net: Transformer, tokenizer: Tokenizer, test: HeldOutPairs, at: int, said: float) -> HiddenWord:
    """Hide the word in the middle of a pair. `said` is the probability of "swapped"."""
    read, pair = test.reads[at], test.pairs[at]
    words = [k for k in range(1, len(read.ids) - 1) if whole_word(tokenizer, read.ids, k)]
    place = words[len(words) // 2]
    wanted = np.full(read.ids.shape, NO_LABEL)
    wanted[place] = read.ids[place]
    ids = np.where(wanted == NO_LABEL, read.ids, tokenizer.token_to_id(BERT.mask))
    batch = collate([Read(ids, read.segments)], [pair], [wanted], tokenizer.token_to_id(BERT.pad))
    a, b = (ids[read.segments == segment] for segment in (0, 1))
    return HiddenWord(
        *(shown(tokenizer, side) for side in (a, b)),
        word=tokenizer.decode([int(read.ids[place])]).strip(),
        guesses=tuple(tokenizer.decode([int(i)]).strip() for i in guesses(net, batch, SHOWN)[0]),
        swapped=pair.label == 1,
        said_swapped=round(said, 3),
    )


def shown(tokenizer: Tokenizer, ids: np.ndarray) -> str:
    """One side as text, with its mask visible."""
    edges = {tokenizer.token_to_id(BERT.begin), tokenizer.token_to_id(BERT.separate)}
    text = tokenizer.decode([int(i) for i in ids if int(i) not in edges], skip_special_tokens=False)
    return text.replace(BERT.mask, f" {BERT.mask}").strip()


def evaluate_masked_lm(run: TrainedRun, corpus: Path, limit: int | None) -> MaskedLmResults:
    """Measure both heads on about `limit` test stories."""
    net, tokenizer = run.net, run.tokenizer
    assert isinstance(net, Transformer)
    stories = read_stories(corpus)
    test_stories = evenly(stories.test, limit)
    test = pairs_held_out(tokenizer, test_stories)
    pieces, words = measure_words(net, tokenizer, test)
    said = swapped_probabilities(net, tokenizer, test)
    short = [i for i, pair in enumerate(test.pairs) if size(pair) == 2]
    every = max(1, len(short) // EXAMPLES)
    return MaskedLmResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_stories=len(stories.train),
        test_stories=len(test_stories),
        pieces=pieces,
        words=words,
        order=measure_order(test, said),
        examples=tuple(hide_one(net, tokenizer, test, i, float(said[i])) for i in short[every // 2 :: every]),
        examples_every=every,
    )
