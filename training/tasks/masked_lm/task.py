"""The task of BERT: hidden pieces, and whether two stretches of a story stand in order.

A run begins by reading left to right, each position asked for the next piece, and goes on to hidden pieces from both sides:
little training goes further so (Gisserot-Boukhlef et al. 2025, arXiv:2507.00994), since every position teaches something.
Then all layers but the last see the nearest positions alone, and ever more of them until they see all: a fresh network that
looks everywhere at once finds out late that the neighbours of a hidden word tell most about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.positions import sinusoids
from model.transformer import Transformer
from training.data.length_batches import like_lengths
from training.data.special_tokenizers import BERT, run_special_tokenizer
from training.data.stories import read_stories
from training.data.story_tokenizers import MAX_POSITIONS
from training.recipe import Recipe
from training.tasks.masked_lm.sentence_pairs import (
    NO_LABEL,
    Read,
    SentencePair,
    Spread,
    draw_pairs,
    encode_sentences,
    hide,
    read_pair,
)
from training.trainer.initialisation import build

# Of a pair's pieces: a pair draws its share, on average twice that of Devlin et al.
LEAST_HIDDEN, MOST_HIDDEN = 0.1, 0.5
# (from step, positions seen to each side, its own counted)
WINDOWS = ((300, 3), (450, 5), (550, 9), (650, 17), (750, 33), (850, MAX_POSITIONS))
ANYWHERE_EPOCH = 2  # from it on stretches are paired from anywhere in a story, and their order counts more
ORDER_WEIGHT = 3.0  # then
NEXT = 0  # in the place of a window: left to right
POSITION_SIZE = 0.03  # root mean square of what positions start with


@dataclass(frozen=True, eq=False)
class PairBatch:
    """What one step reads: each (batch, time) but for the labels."""

    ids: Tensor
    segments: Tensor
    real: Tensor  # bool
    wanted: Tensor  # the hidden pieces, NO_LABEL elsewhere
    labels: Tensor  # (batch,) 0 in order, 1 swapped, NO_LABEL


def collate(reads: Sequence[Read], pairs: Sequence[SentencePair], wanted: Sequence[np.ndarray], pad: int) -> PairBatch:
    """Rows side by side, padding on the right."""
    shape = len(reads), max(len(read.ids) for read in reads)
    ids, targets = np.full(shape, pad, dtype=np.int64), np.full(shape, NO_LABEL, dtype=np.int64)
    segments, real = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    for i, (read, asked) in enumerate(zip(reads, wanted, strict=True)):
        n = len(read.ids)
        ids[i, :n], segments[i, :n], real[i, :n], targets[i, :n] = read.ids, read.segments, True, asked
    labels = torch.tensor([pair.label for pair in pairs])
    return PairBatch(*(torch.from_numpy(x) for x in (ids, segments, real, targets)), labels)


def losses(net: nn.Module, batch: PairBatch, device: torch.device) -> tuple[Tensor, Tensor]:
    """(mean cross-entropy of the hidden pieces, of the order); zero where a batch asks for none."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    assert net.relation is not None
    stream = net(batch.ids.to(device), real=batch.real.to(device), segments=batch.segments.to(device))
    wanted, labels = batch.wanted.to(device), batch.labels.to(device)
    hidden, told = wanted != NO_LABEL, labels != NO_LABEL
    zero = stream.new_zeros(())
    words = F.cross_entropy(net.head(stream[hidden]).float(), wanted[hidden]) if hidden.any() else zero
    order = F.cross_entropy(net.relation(stream)[told].float(), labels[told]) if told.any() else zero
    return words, order


def next_piece_loss(net: nn.Module, batch: PairBatch, device: torch.device) -> Tensor:
    """Mean cross-entropy of the next piece where no position sees those to its right; the batch hides nothing."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    assert net.encoder is not None
    ids, real = batch.ids.to(device), batch.real.to(device)
    net.encoder.causal = True
    stream = net(ids, real=real, segments=batch.segments.to(device))
    net.encoder.causal = False
    follows = real[:, 1:]
    return F.cross_entropy(net.head(stream[:, :-1][follows]).float(), ids[:, 1:][follows])


def window_at(step: int) -> int:
    """How far all layers but the last see at a step, or NEXT."""
    return max(((start, window) for start, window in WINDOWS if start <= step), default=(0, NEXT))[1]


def narrow(net: nn.Module, window: int) -> None:
    """Let all layers but the last see `window` - 1 positions to each side; as many as there are is all of them."""
    assert isinstance(net, Transformer)
    assert net.encoder is not None
    within = None if window >= MAX_POSITIONS else window
    net.encoder.windows = [*[within] * (len(net.encoder.windows) - 1), None]


class MaskedPairs:
    """Pairs of stretches, drawn and hidden anew each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe, self.run = recipe, run
        stories = read_stories(corpus)
        self.tokenizer = run_special_tokenizer(run, stories.train, vocab_size=recipe.config.vocab_size, specials=BERT)
        self.pad, self.begin, self.separate, self.mask = (self.tokenizer.token_to_id(token) for token in BERT.all)
        self.train = encode_sentences(self.tokenizer, stories.train)
        self.held_out = encode_sentences(self.tokenizer, stories.valid)
        self._drawn: tuple[int, list[SentencePair]] = (-1, [])

    def build(self) -> Transformer:
        """The encoder of the recipe, with both heads. Positions start as sinusoids, in which neighbours are alike."""
        net = build(self.recipe)
        assert net.encoder is not None
        table = net.encoder.get_parameter("positions.table.weight")
        table.data.copy_(sinusoids(*table.shape) * POSITION_SIZE * 2**0.5)
        return net

    def pairs(self, epoch: int) -> list[SentencePair]:
        """An epoch's pairs."""
        if self._drawn[0] != epoch:
            generator = np.random.default_rng([self.recipe.seed, epoch])
            spread: Spread = "anywhere" if epoch >= ANYWHERE_EPOCH else "neighbours"
            self._drawn = epoch, draw_pairs(self.train, generator, spread)
        return self._drawn[1]

    def plan(self, epoch: int) -> list[np.ndarray]:
        """(2 + rows,) the epoch, how far may be seen, then the pairs of a batch, of like lengths."""
        lengths = np.array([len(self.read(self.train, pair).ids) for pair in self.pairs(epoch)])
        generator = np.random.default_rng([self.recipe.seed, epoch, 1])
        batches = like_lengths(lengths, tokens=self.recipe.batch_tokens, generator=generator)
        before = epoch * len(batches)  # epochs differ by a few batches at most
        return [np.concatenate([[epoch, window_at(before + i)], rows]) for i, rows in enumerate(batches)]

    def read(self, stories: Sequence, pair: SentencePair) -> Read:
        """A pair as ids."""
        return read_pair(stories, pair, self.begin, self.separate)

    def batch(self, stories: Sequence, pairs: Sequence[SentencePair], generator: np.random.Generator) -> PairBatch:
        """Pairs as a step reads them, some pieces hidden."""
        reads, wanted = [], []
        for pair in pairs:
            read = self.read(stories, pair)
            ids, asked = hide(
                read.ids,
                generator,
                share=generator.uniform(LEAST_HIDDEN, MOST_HIDDEN),
                specials=len(BERT.all),
                mask=self.mask,
                vocab=self.recipe.config.vocab_size,
            )
            reads.append(Read(ids, read.segments))
            wanted.append(asked)
        return collate(reads, pairs, wanted, self.pad)

    def whole(self, pairs: Sequence[SentencePair]) -> PairBatch:
        """Pairs of the training stories with nothing hidden."""
        reads = [self.read(self.train, pair) for pair in pairs]
        return collate(reads, pairs, [np.full(read.ids.shape, NO_LABEL) for read in reads], self.pad)

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """The sum of the losses of words and of order, as in Devlin et al. 2019, weighted; at first that of the next piece."""
        epoch, window, *rows = planned.tolist()
        pairs = [self.pairs(epoch)[i] for i in rows]
        if window == NEXT:
            return next_piece_loss(net, self.whole(pairs), device)
        generator = np.random.default_rng([self.recipe.seed, epoch, 2, rows[0]])
        narrow(net, window)
        words, order = losses(net, self.batch(self.train, pairs, generator), device)
        narrow(net, MAX_POSITIONS)
        return words + (ORDER_WEIGHT if epoch >= ANYWHERE_EPOCH else 1.0) * order

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """The same sum on pairs of the validation stories, drawn and hidden the same way every time."""
        generator = np.random.default_rng(self.recipe.seed)
        pairs = [pair for pair in draw_pairs(self.held_out, generator) if pair.label != NO_LABEL]
        pairs.sort(key=lambda pair: len(self.read(self.held_out, pair).ids))
        total = np.zeros(2)
        for first in range(0, len(pairs), 32):
            batch = self.batch(self.held_out, pairs[first : first + 32], generator)
            total += np.array([float(x) for x in losses(net, batch, device)]) * len(batch.labels)
        return float(total.sum() / len(pairs))
