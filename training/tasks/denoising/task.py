"""The task of BART: restore a sentence from its corrupted form."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
from training.tasks.seq2seq import batch_loss, mean_loss
from training.trainer.initialisation import build

LONG_SHARE = (
    0.04  # of the stories of an epoch: read whole, together with the next story, instead of sentence by sentence
)


@dataclass(frozen=True)
class Passage:
    """Sentences that are read together: one sentence, or all of two stories."""

    sentences: tuple[str, ...]

    def corrupted(self, mask: str, generator: np.random.Generator) -> str:
        """Each sentence corrupted in one way; a sentence that cannot be corrupted stays as it is."""
        found = [corrupt(sentence, mask, generator) for sentence in self.sentences]
        return " ".join(
            sentence if made is None else made.text for sentence, made in zip(self.sentences, found, strict=True)
        )

    @property
    def text(self) -> str:
        """The text before corruption."""
        return " ".join(self.sentences)


def single_sentences(stories: Sequence[str]) -> list[Passage]:
    """Each distinct sentence as a passage, in order of first occurrence."""
    return [Passage((sentence,)) for sentence in dict.fromkeys(s for story in stories for s in sentences_of(story))]


def passages_of(stories: Sequence[str], generator: np.random.Generator) -> list[Passage]:
    """The passages of an epoch: the single sentences of most stories; some stories whole, with the next one."""
    found: list[Passage] = []
    for i, story in enumerate(stories):
        sentences = sentences_of(story)
        if generator.random() < LONG_SHARE:
            found.append(Passage((*sentences, *sentences_of(stories[(i + 1) % len(stories)]))))
        else:
            found.extend(Passage((sentence,)) for sentence in sentences)
    return found


def rows(ids: Sequence[Sequence[int]], pad: int) -> Tensor:
    """(batch, time) ids with padding on the right."""
    width = max(map(len, ids))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in ids])


def encode_batch(tokenizer: Tokenizer, sources: Sequence[str], targets: Sequence[str]) -> Batch:
    """One batch. Source and target are both `<s> text </s>`; the decoder starts from <s>."""
    pad = tokenizer.token_to_id(BART.pad)
    source = rows([e.ids[:MAX_POSITIONS] for e in tokenizer.encode_batch_fast(list(sources))], pad)
    target = rows([e.ids[: MAX_POSITIONS + 1] for e in tokenizer.encode_batch_fast(list(targets))], pad)
    target_in, target_out = target[:, :-1], target[:, 1:]
    return Batch(source, source != pad, target_in, target_out, target_out != pad)


class Denoising:
    """Restoring sentences and some long passages, which are corrupted in a new way each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe, self.run = recipe, run
        self.stories = read_stories(corpus)
        self.tokenizer = run_special_tokenizer(
            run, self.stories.train, vocab_size=recipe.config.vocab_size, specials=BART
        )
        self.held_out = single_sentences(self.stories.valid)
        self.passages = lru_cache(maxsize=1)(self._passages)

    def build(self) -> Transformer:
        """The encoder-decoder of the recipe."""
        return build(self.recipe)

    def _passages(self, epoch: int) -> list[Passage]:
        """The passages of an epoch."""
        return passages_of(self.stories.train, np.random.default_rng([self.recipe.seed, epoch]))

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches of similar lengths, each (1 + rows,): the epoch, then the indices of its passages."""
        texts = [passage.text for passage in self.passages(epoch)]
        lengths = np.array([min(len(e.ids), MAX_POSITIONS) for e in self.tokenizer.encode_batch_fast(texts)])
        generator = np.random.default_rng([self.recipe.seed, epoch, 1])
        batches = like_lengths(2 * lengths, tokens=self.recipe.batch_tokens, generator=generator)
        return [np.concatenate([[epoch], drawn]) for drawn in batches]

    def batch(self, passages: Sequence[Passage], generator: np.random.Generator) -> Batch:
        """Corrupted passages and their originals as one batch."""
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
        """On the sentences of the validation stories, corrupted the same way at every call."""
        generator = np.random.default_rng(self.recipe.seed)
        by_length = sorted(self.held_out, key=lambda passage: len(passage.text))
        batches = (self.batch(by_length[first : first + 64], generator) for first in range(0, len(by_length), 64))
        return mean_loss(net, batches, device)
