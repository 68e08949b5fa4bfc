"""The task of translating French sentences into English."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from model.transformer import Transformer
from training.data.batches import encode_examples, plan_epoch, read_batch
from training.data.byte_pairs import tokenizer_of
from training.data.translation_pairs import Corpus, Pair, read_corpus
from training.data.translation_tokenizer import save_tokenizer, train_tokenizer
from training.data.typing_variants import FORMS, draw_forms, in_form
from training.recipe import Recipe
from training.tasks.seq2seq import batch_loss, held_out_loss
from training.trainer.initialisation import build


def run_tokenizer(run: Path, recipe: Recipe, sentences: Corpus, terms: Corpus) -> Tokenizer:
    """The tokenizer in the run's folder. If there is none, it is learnt from the training pairs and saved there.

    It is learnt from the pairs in the forms that an epoch draws.
    """

    def texts() -> Iterator[str]:
        pairs: list[Pair] = [*sentences.train, *(terms.train * recipe.lexicon_copies)]
        forms, _ = draw_forms(len(pairs), np.random.default_rng(recipe.seed))
        for pair, form in zip(pairs, forms, strict=True):
            drawn = in_form(pair, FORMS[form])
            yield drawn.english
            yield drawn.french

    return tokenizer_of(run, lambda: save_tokenizer(train_tokenizer(texts(), vocab_size=recipe.config.vocab_size), run))


class Translation:
    """Translation of sentence pairs and of a lexicon. Each epoch draws a form of unfinished typing for every pair."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        sentences, terms = read_corpus(corpus)
        self.tokenizer = run_tokenizer(run, recipe, sentences, terms)
        self.examples = encode_examples(self.tokenizer, sentences.train, terms.train, copies=recipe.lexicon_copies)
        self.held_out = encode_examples(self.tokenizer, sentences.valid, terms.valid, copies=1)

    def build(self) -> Transformer:
        """The encoder-decoder of the recipe."""
        return build(self.recipe)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches of similar lengths, each (2, batch): rows of the French and of the English side."""
        return plan_epoch(self.examples, tokens=self.recipe.batch_tokens, seed=self.recipe.seed, epoch=epoch)

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> torch.Tensor:
        """Label-smoothed cross-entropy of the target."""
        batch = read_batch(self.examples, planned, self.tokenizer).to(device)
        return batch_loss(net, batch, smoothing=self.recipe.label_smoothing)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation pairs, as written."""
        return held_out_loss(net, self.held_out, self.tokenizer, self.recipe.batch_tokens, device)
