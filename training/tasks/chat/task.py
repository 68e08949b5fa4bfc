"""The task of a chat: predict the next token in conversations of a few turns."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.network import Network
from training.data.byte_pairs import tokenizer_of
from training.data.chat_tokenizer import ASSISTANT, END, USER, save_chat_tokenizer, train_chat_tokenizer
from training.data.exchanges import Exchange, read_exchanges, unpunctuated
from training.data.length_batches import like_lengths
from training.data.translation_tokenizer import piece_id
from training.recipe import Recipe
from training.tasks.next_token import IGNORED, next_token_loss, padded, summed_nats
from training.trainer.initialisation import build

LENGTH_SHARES = (0.7, 0.2, 0.1)  # of conversations with one, two and three exchanges
UNPUNCTUATED_SHARE = 0.4
ROWS = 64  # in a batch of held-out exchanges


def run_tokenizer(run: Path, recipe: Recipe, train: Sequence[Exchange]) -> Tokenizer:
    """The tokenizer in the run's folder. If there is none, it is learnt from the training exchanges and saved there."""

    def learn_and_save() -> None:
        texts = [text for exchange in train for text in (exchange.question, exchange.answer)]
        save_chat_tokenizer(train_chat_tokenizer(texts, vocab_size=recipe.config.vocab_size), run)

    return tokenizer_of(run, learn_and_save)


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text, without special tokens."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


class Turns:
    """Exchanges as ids, the questions with and without their final punctuation."""

    def __init__(self, tokenizer: Tokenizer, exchanges: Sequence[Exchange]) -> None:
        self.user, self.assistant, self.end = (piece_id(tokenizer, piece) for piece in (USER, ASSISTANT, END))
        self.questions = encoded(tokenizer, [exchange.question for exchange in exchanges])
        self.bare = encoded(tokenizer, [unpunctuated(exchange.question) for exchange in exchanges])
        self.answers = encoded(tokenizer, [exchange.answer for exchange in exchanges])

    def row(self, index: int, *, bare: bool = False, answer: int | None = None) -> np.ndarray:
        """One exchange as two turns, int32. `answer` is the index of another exchange whose answer is used."""
        question = self.bare[index] if bare else self.questions[index]
        reply = self.answers[index if answer is None else answer]
        turns = [self.user, *question, self.end, self.assistant, *reply, self.end]
        return np.array(turns, dtype=np.int32)

    def rows(self) -> list[np.ndarray]:
        """Every exchange as two turns."""
        return [self.row(i) for i in range(len(self.answers))]


def draw_conversations(turns: Turns, generator: np.random.Generator) -> list[np.ndarray]:
    """Every exchange once, in conversations of one to three exchanges.

    The exchanges of a conversation are unrelated, because the data has no longer conversations. So the model learns to answer
    a second question like a first one.
    """
    order = generator.permutation(len(turns.answers))
    bare = generator.random(len(order)) < UNPUNCTUATED_SHARE
    rows = [turns.row(int(i), bare=bool(without)) for i, without in zip(order, bare, strict=True)]
    lengths = generator.choice(len(LENGTH_SHARES), size=len(rows), p=LENGTH_SHARES) + 1
    borders = [0, *[int(b) for b in np.cumsum(lengths) if b < len(rows)], len(rows)]
    return [np.concatenate(rows[first:last]) for first, last in pairwise(borders)]


def answers_only(rows: Sequence[np.ndarray], assistant: int) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, targets) of single exchanges, with targets only in the answers."""
    inputs, targets = padded(rows)
    for i, row in enumerate(rows):
        targets[i, : int(np.flatnonzero(row == assistant)[0])] = IGNORED
    return inputs, targets


def answer_nats(net: nn.Module, turns: Turns, device: torch.device) -> tuple[float, int]:
    """(-log p in nats, number of tokens), summed over the answers with their end tokens, given their questions."""
    rows = sorted(turns.rows(), key=len)
    parts = (rows[first : first + ROWS] for first in range(0, len(rows), ROWS))
    return summed_nats(net, (answers_only(part, turns.assistant) for part in parts), device)


class Chat:
    """Next-token prediction on exchanges that are joined into new conversations each epoch, questions included."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        exchanges = read_exchanges(corpus)
        self.tokenizer = run_tokenizer(run, recipe, exchanges.train)
        self.train = Turns(self.tokenizer, exchanges.train)
        self.held_out = Turns(self.tokenizer, exchanges.valid)
        self.conversations = lru_cache(maxsize=1)(self._conversations)

    def build(self) -> Network:
        """The decoder of the recipe."""
        return build(self.recipe)

    def _conversations(self, epoch: int) -> list[np.ndarray]:
        """The conversations of an epoch."""
        return draw_conversations(self.train, np.random.default_rng([self.recipe.seed, epoch]))

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches of similar lengths, each (1 + rows,): the epoch, then the indices of its conversations."""
        lengths = np.array([len(row) for row in self.conversations(epoch)])
        generator = np.random.default_rng([self.recipe.seed, epoch, 1])
        batches = like_lengths(lengths, tokens=self.recipe.batch_tokens, generator=generator)
        return [np.concatenate([[epoch], batch]) for batch in batches]

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Mean cross-entropy of the next token."""
        drawn = self.conversations(int(planned[0]))
        return next_token_loss(net, *padded([drawn[i] for i in planned[1:]]), device)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the answers of the validation exchanges."""
        nats, tokens = answer_nats(net, self.held_out, device)
        return nats / tokens
