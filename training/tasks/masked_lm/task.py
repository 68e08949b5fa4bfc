"""The task of BERT: predict hidden pieces, and whether two stretches of a story are in order or swapped.

Training has three stages. First the network reads left to right and predicts the next piece at every position: with little
training this learns more, because every position gives a loss (Gisserot-Boukhlef et al. 2025, arXiv:2507.00994). Then it
predicts hidden pieces, while all layers but the last see only the nearest positions, and more of them step by step: a
network that sees everything from the start learns late that the neighbours of a hidden word tell most about it. At last
every layer sees all positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    draw_pairs,
    encode_sentences,
    hide,
    read_pair,
)
from training.trainer.initialisation import build

# The share of hidden pieces is drawn for each pair; its mean is twice the share of Devlin et al.
LEAST_HIDDEN, MOST_HIDDEN = 0.1, 0.5
# (first step, positions that a layer sees to each side, its own included)
WINDOWS = ((300, 3), (450, 5), (550, 9), (650, 17), (750, 33), (850, MAX_POSITIONS))
ANYWHERE_EPOCH = (
    2  # from this epoch on, pairs come from anywhere in a story, and the loss of their order has more weight
)
ORDER_WEIGHT = 3.0  # from that epoch on; 1 before
NEXT = 0  # instead of a window: read left to right and predict the next piece
POSITION_SIZE = 0.03  # root mean square of the initial position table


@dataclass(frozen=True, eq=False)
class PairBatch:
    """The input and the targets of one step: all (batch, time) except the labels."""

    ids: Tensor
    segments: Tensor
    real: Tensor  # bool
    wanted: Tensor  # the hidden pieces; NO_LABEL elsewhere
    labels: Tensor  # (batch,) 0 in order, 1 swapped, NO_LABEL

    def to(self, device: torch.device) -> "PairBatch":
        """The same batch on a device."""
        return PairBatch(*(x.to(device) for x in (self.ids, self.segments, self.real, self.wanted, self.labels)))


def collate(reads: Sequence[Read], pairs: Sequence[SentencePair], wanted: Sequence[np.ndarray], pad: int) -> PairBatch:
    """Rows as one batch, with padding on the right."""
    shape = len(reads), max(len(read.ids) for read in reads)
    ids, targets = np.full(shape, pad, dtype=np.int64), np.full(shape, NO_LABEL, dtype=np.int64)
    segments, real = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    for i, (read, asked) in enumerate(zip(reads, wanted, strict=True)):
        n = len(read.ids)
        ids[i, :n], segments[i, :n], real[i, :n], targets[i, :n] = read.ids, read.segments, True, asked
    labels = torch.tensor([pair.label for pair in pairs])
    return PairBatch(*(torch.from_numpy(x) for x in (ids, segments, real, targets)), labels)


def losses(net: nn.Module, batch: PairBatch, device: torch.device) -> tuple[Tensor, Tensor]:
    """(mean cross-entropy of the hidden pieces, of the order). Zero if the batch has no such target."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    assert net.relation is not None
    batch = batch.to(device)
    stream = net(batch.ids, real=batch.real, segments=batch.segments)
    hidden, told = batch.wanted != NO_LABEL, batch.labels != NO_LABEL
    zero = stream.new_zeros(())
    words = F.cross_entropy(net.head(stream[hidden]).float(), batch.wanted[hidden]) if hidden.any() else zero
    order = F.cross_entropy(net.relation(stream)[told].float(), batch.labels[told]) if told.any() else zero
    return words, order


def next_piece_loss(net: nn.Module, batch: PairBatch, device: torch.device) -> Tensor:
    """Mean cross-entropy of the next piece with a causal mask. Nothing in the batch is hidden."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    assert net.encoder is not None
    batch = batch.to(device)
    net.encoder.causal = True
    stream = net(batch.ids, real=batch.real, segments=batch.segments)
    net.encoder.causal = False
    follows = batch.real[:, 1:]
    return F.cross_entropy(net.head(stream[:, :-1][follows]).float(), batch.ids[:, 1:][follows])


def window_at(step: int) -> int:
    """The window of all layers but the last at a step, or NEXT."""
    return max(((start, window) for start, window in WINDOWS if start <= step), default=(0, NEXT))[1]


def narrow(net: nn.Module, window: int) -> None:
    """Let all layers but the last see `window` - 1 positions to each side; MAX_POSITIONS means no limit."""
    assert isinstance(net, Transformer)
    assert net.encoder is not None
    within = None if window >= MAX_POSITIONS else window
    net.encoder.windows = [*[within] * (len(net.encoder.windows) - 1), None]


class MaskedPairs:
    """Pairs of stretches of stories. Pairs and hidden pieces are drawn again each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe, self.run = recipe, run
        stories = read_stories(corpus)
        self.tokenizer = run_special_tokenizer(run, stories.train, vocab_size=recipe.config.vocab_size, specials=BERT)
        self.pad, self.begin, self.separate, self.mask = (self.tokenizer.token_to_id(token) for token in BERT.all)
        self.train = encode_sentences(self.tokenizer, stories.train)
        self.held_out = encode_sentences(self.tokenizer, stories.valid)
        self.pairs = lru_cache(maxsize=1)(self._pairs)

    def build(self) -> Transformer:
        """The encoder of the recipe with both heads. The position table starts as sinusoids: neighbours are similar."""
        net = build(self.recipe)
        assert net.encoder is not None
        table = net.encoder.get_parameter("positions.table.weight")
        table.data.copy_(sinusoids(*table.shape) * POSITION_SIZE * 2**0.5)
        return net

    def _pairs(self, epoch: int) -> list[SentencePair]:
        """The pairs of an epoch."""
        generator = np.random.default_rng([self.recipe.seed, epoch])
        return draw_pairs(self.train, generator, "anywhere" if epoch >= ANYWHERE_EPOCH else "neighbours")

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches of similar lengths, each (2 + rows,): the epoch, the window or NEXT, then the indices of the pairs."""
        lengths = np.array([len(self.read(self.train, pair).ids) for pair in self.pairs(epoch)])
        generator = np.random.default_rng([self.recipe.seed, epoch, 1])
        batches = like_lengths(lengths, tokens=self.recipe.batch_tokens, generator=generator)
        before = epoch * len(batches)  # epochs differ by a few batches at most
        return [np.concatenate([[epoch, window_at(before + i)], rows]) for i, rows in enumerate(batches)]

    def read(self, stories: Sequence, pair: SentencePair) -> Read:
        """The ids and segments of a pair."""
        return read_pair(stories, pair, self.begin, self.separate)

    def batch(self, stories: Sequence, pairs: Sequence[SentencePair], generator: np.random.Generator) -> PairBatch:
        """Pairs as one batch, with some pieces hidden."""
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
        """Pairs of the training stories as one batch, with nothing hidden."""
        reads = [self.read(self.train, pair) for pair in pairs]
        return collate(reads, pairs, [np.full(read.ids.shape, NO_LABEL) for read in reads], self.pad)

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """At first the loss of the next piece; later the weighted sum of the losses of words and of order (Devlin et al. 2019)."""
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
        """The unweighted sum on pairs of the validation stories. Pairs and hidden pieces are the same at every call."""
        generator = np.random.default_rng(self.recipe.seed)
        pairs = [pair for pair in draw_pairs(self.held_out, generator) if pair.label != NO_LABEL]
        pairs.sort(key=lambda pair: len(self.read(self.held_out, pair).ids))
        total = np.zeros(2)
        for first in range(0, len(pairs), 32):
            batch = self.batch(self.held_out, pairs[first : first + 32], generator)
            total += np.array([float(x) for x in losses(net, batch, device)]) * len(batch.labels)
        return float(total.sum() / len(pairs))
