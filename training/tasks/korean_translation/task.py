"""The task of translating Korean sentences, whole or unfinished, into English."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.network import Network
from training.data.byte_pairs import tokenizer_of
from training.data.korean_batches import draw_by_weight, encode_sides, plan_epoch
from training.data.korean_pairs import Weighted, read_korean
from training.data.korean_tokenizers import train_translation_pieces
from training.data.translation_tokenizer import save_tokenizer
from training.recipe import Recipe
from training.tasks.seq2seq import batch_loss, mean_loss
from training.trainer.initialisation import build


def learn_from(train: Weighted, recipe: Recipe, run: Path) -> Callable[[], None]:
    """A function that learns the tokenizer from an epoch of training pairs and saves it in the run's folder."""

    def learn_and_save() -> None:
        chosen = draw_by_weight(train.weights, np.random.default_rng(recipe.seed))
        pairs = [train.pairs[i] for i in chosen]
        save_tokenizer(train_translation_pieces(pairs, vocab_size=recipe.config.vocab_size), run)

    return learn_and_save


class KoreanTranslation:
    """Translation of pairs from several sources. Each epoch draws pairs by weight, and a form for each of them."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        data = read_korean(corpus)
        self.tokenizer: Tokenizer = tokenizer_of(run, learn_from(data.train, recipe, run))
        self.sides = encode_sides(self.tokenizer, data.train)
        held = (*data.tatoeba_valid, *data.grammar_valid)
        self.held_out = encode_sides(self.tokenizer, Weighted(held, np.ones(len(held))))

    def build(self) -> Network:
        """The encoder-decoder of the recipe."""
        return build(self.recipe)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches of similar lengths, each (batch,): rows of both sides."""
        return plan_epoch(self.sides, tokens=self.recipe.batch_tokens, seed=self.recipe.seed, epoch=epoch)

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Label-smoothed cross-entropy of the target."""
        batch = self.sides.batch(planned, self.tokenizer).to(device)
        return batch_loss(net, batch, smoothing=self.recipe.label_smoothing)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation pairs of Tatoeba and of the grammar, as written."""
        rows = np.arange(len(self.held_out.weights))
        planned = self.held_out.batches(rows, tokens=self.recipe.batch_tokens)
        return mean_loss(net, (self.held_out.batch(part, self.tokenizer) for part in planned), device)
