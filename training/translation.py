"""The task of translating French sentences into English ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

from model.transformer import Transformer
from training.data.batches import Batch, Examples, encode_examples, plan_epoch, read_batch
from training.data.translation_pairs import Corpus, Pair, read_corpus
from training.data.translation_tokenizer import START, save_tokenizer, train_tokenizer
from training.data.typing_variants import FORMS, draw_forms, in_form
from training.recipe import Recipe
from training.trainer.initialisation import build


def batch_loss(net: nn.Module, batch: Batch, *, smoothing: float) -> torch.Tensor:
    """Mean cross-entropy over the real target positions; the output head runs on those alone."""
    assert isinstance(net, Transformer)
    assert net.head is not None
    stream = net(batch.target_in, batch.source, real=batch.target_real, source_real=batch.source_real)
    logits = net.head(stream[batch.target_real])  # (real positions, vocab)
    return F.cross_entropy(logits.float(), batch.target_out[batch.target_real], label_smoothing=smoothing)


def held_out_loss(
    net: nn.Module, examples: Examples, tokenizer: Tokenizer, tokens: int, device: torch.device, *, start: str = START
) -> float:
    """Mean cross-entropy per token, without smoothing, on pairs as they are written."""
    rows = np.arange(examples.pairs)[np.argsort(examples.english.lengths[: examples.pairs])]
    total, count = 0.0, 0
    for part in np.array_split(rows, max(1, len(rows) * 24 // tokens)):
        batch = read_batch(examples, np.stack([part, part]), tokenizer, start=start).to(device)
        real = int(batch.target_real.sum())
        total += float(batch_loss(net, batch, smoothing=0.0)) * real
        count += real
    return total / count


def run_tokenizer(run: Path, recipe: Recipe, sentences: Corpus, terms: Corpus) -> Tokenizer:
    """The run's tokenizer: read where it is there, else learnt from the training pairs in the forms an epoch draws."""
    path = run / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))

    def texts() -> Iterator[str]:
        pairs: list[Pair] = [*sentences.train, *(terms.train * recipe.lexicon_copies)]
        forms, _ = draw_forms(len(pairs), np.random.default_rng(recipe.seed))
        for pair, form in zip(pairs, forms, strict=True):
            drawn = in_form(pair, FORMS[form])
            yield drawn.english
            yield drawn.french

    tokenizer = train_tokenizer(texts(), vocab_size=recipe.config.vocab_size)
    save_tokenizer(tokenizer, run)
    return tokenizer


class Translation:
    """Sentence pairs and a lexicon, each pair in one of the forms of unfinished typing."""

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
        """(2, batch) rows of the French and of the English side, a batch of like lengths each."""
        return plan_epoch(self.examples, tokens=self.recipe.batch_tokens, seed=self.recipe.seed, epoch=epoch)

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> torch.Tensor:
        """Label-smoothed cross-entropy of the target."""
        batch = read_batch(self.examples, planned, self.tokenizer).to(device)
        return batch_loss(net, batch, smoothing=self.recipe.label_smoothing)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation pairs, as written."""
        return held_out_loss(net, self.held_out, self.tokenizer, self.recipe.batch_tokens, device)
