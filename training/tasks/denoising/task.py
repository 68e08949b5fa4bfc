"""The task of BART: the sentence as it was, from what a corruption left of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.transformer import Transformer
from training.data.batches import Batch
from training.data.length_batches import like_lengths
from training.data.special_tokenizers import BART, run_special_tokenizer
from training.data.stories import read_stories, sentences_of
from training.data.story_tokenizers import MAX_POSITIONS
from training.recipe import Recipe
from training.tasks.denoising.corruption import corrupt
from training.tasks.seq2seq import batch_loss
from training.trainer.initialisation import build

LONG_SHARE = 0.04  # of the stories an epoch meets: read with the story after it in one piece, not sentence by sentence


@dataclass(frozen=True)
class Passage:
    """Sentences that are read together: a single one, or those of two stories."""

    sentences: tuple[str, ...]

    def corrupted(self, mask: str, generator: np.random.Generator) -> str:
        """Each sentence corrupted in one way; one that cannot be is left."""
        found = [corrupt(sentence, mask, generator) for sentence in self.sentences]
        return " ".join(
            sentence if made is None else made.text for sentence, made in zip(self.sentences, found, strict=True)
        )

    @property
    def text(self) -> str:
        """As it was."""
        return " ".join(self.sentences)


def single_sentences(stories: Sequence[str]) -> list[Passage]:
    """Every distinct sentence alone, in the order they come."""
    return [Passage((sentence,)) for sentence in dict.fromkeys(s for story in stories for s in sentences_of(story))]


def passages_of(stories: Sequence[str], generator: np.random.Generator) -> list[Passage]:
    """An epoch's: of most stories the sentences, of some all of it and of the next."""
    found: list[Passage] = []
    for i, story in enumerate(stories):
        sentences = sentences_of(story)
        if generator.random() < LONG_SHARE:
            found.append(Passage((*sentences, *sentences_of(stories[(i + 1) % len(stories)]))))
        else:
            found.extend(Passage((sentence,)) for sentence in sentences)
    return found


def rows(ids: Sequence[Sequence[int]], pad: int) -> Tensor:
    """(batch, time), padding on the right."""
    width = max(map(len, ids))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in ids])


def encode_batch(tokenizer: Tokenizer, sources: Sequence[str], targets: Sequence[str]) -> Batch:
    """What a step reads: <s> source </s>, and the target behind the start token <s>, ended by </s>."""
    pad = tokenizer.token_to_id(BART.pad)
    source = rows([e.ids[:MAX_POSITIONS] for e in tokenizer.encode_batch_fast(list(sources))], pad)
    target = rows([e.ids[: MAX_POSITIONS + 1] for e in tokenizer.encode_batch_fast(list(targets))], pad)
    target_in, target_out = target[:, :-1], target[:, 1:]
    return Batch(source, source != pad, target_in, target_out, target_out != pad)


class Denoising:
    """Sentences and some long passages, corrupted anew each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe, self.run = recipe, run
        self.stories = read_stories(corpus)
        self.tokenizer = run_special_tokenizer(
            run, self.stories.train, vocab_size=recipe.config.vocab_size, specials=BART
        )
        self.held_out = single_sentences(self.stories.valid)
        self._drawn: tuple[int, list[Passage]] = (-1, [])

    def build(self) -> Transformer:
        """The encoder-decoder of the recipe."""
        return build(self.recipe)

    def passages(self, epoch: int) -> list[Passage]:
        """An epoch's passages."""
        if self._drawn[0] != epoch:
            drawn = passages_of(self.stories.train, np.random.default_rng([self.recipe.seed, epoch]))
            self._drawn = epoch, drawn
        return self._drawn[1]

    def plan(self, epoch: int) -> list[np.ndarray]:
        """(1 + rows,) the epoch, then the passages of a batch, of like lengths; two positions a piece, source and target."""
        texts = [passage.text for passage in self.passages(epoch)]
        lengths = np.array([min(len(e.ids), MAX_POSITIONS) for e in self.tokenizer.encode_batch_fast(texts)])
        generator = np.random.default_rng([self.recipe.seed, epoch, 1])
        batches = like_lengths(2 * lengths, tokens=self.recipe.batch_tokens, generator=generator)
        return [np.concatenate([[epoch], drawn]) for drawn in batches]

    def batch(self, passages: Sequence[Passage], generator: np.random.Generator) -> Batch:
        """Passages as a step reads them."""
        sources = [passage.corrupted(BART.mask, generator) for passage in passages]
        return encode_batch(self.tokenizer, sources, [passage.text for passage in passages])

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Mean cross-entropy of the restored text."""
        epoch = int(planned[0])
        drawn = self.passages(epoch)
        generator = np.random.default_rng([self.recipe.seed, epoch, 2, int(planned[1])])
        batch = self.batch([drawn[i] for i in planned[1:]], generator).to(device)
        return batch_loss(net, batch, smoothing=self.recipe.label_smoothing)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """Per token, on the sentences of the validation stories, corrupted the same way every time."""
        generator = np.random.default_rng(self.recipe.seed)
        by_length = sorted(self.held_out, key=lambda passage: len(passage.text))
        total, count = 0.0, 0
        for first in range(0, len(by_length), 64):
            batch = self.batch(by_length[first : first + 64], generator).to(device)
            real = int(batch.target_real.sum())
            total += float(batch_loss(net, batch, smoothing=0.0)) * real
            count += real
        return total / count
