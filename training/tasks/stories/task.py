"""The task of continuing a story: predict the next token at every position."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.network import Network
from training.data.byte_pairs import tokenizer_of
from training.data.stories import END_OF_STORY, Stories, read_stories
from training.data.story_tokenizers import (
    MAX_POSITIONS,
    begin_with,
    save_story_tokenizer,
    train_phrases,
    train_word_pieces,
)
from training.recipe import Recipe
from training.tasks.next_token import next_token_loss, padded, summed_nats
from training.trainer.initialisation import build


def run_tokenizer(run: Path, recipe: Recipe, stories: Stories) -> Tokenizer:
    """The tokenizer in the run's folder. If there is none, it is learnt from the training stories and saved there."""

    def learn_and_save() -> None:
        size, specials = recipe.config.vocab_size, (END_OF_STORY,)
        if recipe.word_pieces:
            tokenizer = train_phrases(stories.train, vocab_size=size, words=recipe.word_pieces, specials=specials)
        else:
            tokenizer = train_word_pieces(stories.train, vocab_size=size, specials=specials)
        save_story_tokenizer(begin_with(tokenizer, END_OF_STORY), run)

    return tokenizer_of(run, learn_and_save)


def encode_stories(tokenizer: Tokenizer, stories: tuple[str, ...]) -> list[np.ndarray]:
    """The ids of each story, int32. One token starts and ends it."""
    end = tokenizer.token_to_id(END_OF_STORY)
    return [np.array([*encoding.ids, end], dtype=np.int32) for encoding in tokenizer.encode_batch_fast(list(stories))]


def pack(stories: list[np.ndarray], order: np.ndarray, window: int) -> list[np.ndarray]:
    """Windows of at most window + 1 ids, each holding a few whole stories one after another.

    The end token of a story is also the start token of the next. A story longer than a window is cut into several.
    """
    windows: list[np.ndarray] = []
    open_windows: list[np.ndarray] = []
    for i in order:
        story = stories[i]
        for first in range(0, len(story) - 1, window):
            part = story[first : first + window + 1]
            place = next((k for k, held in enumerate(open_windows) if len(held) + len(part) - 1 <= window + 1), None)
            if place is None:
                open_windows.append(part)
                if len(open_windows) > 8:
                    windows.append(open_windows.pop(0))
            else:
                open_windows[place] = np.concatenate([open_windows[place], part[1:]])
    return windows + open_windows


class Continuation:
    """Next-token prediction on stories that are packed into new windows each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        stories = read_stories(corpus)
        self.tokenizer = run_tokenizer(run, recipe, stories)
        self.train = encode_stories(self.tokenizer, stories.train)
        self.held_out = encode_stories(self.tokenizer, stories.valid)
        self.windows = lru_cache(maxsize=1)(self._windows)

    def build(self) -> Network:
        """The network of the recipe: a decoder or a recurrent one."""
        return build(self.recipe)

    def _windows(self, epoch: int) -> list[np.ndarray]:
        """The windows of an epoch."""
        order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.train))
        return pack(self.train, order, MAX_POSITIONS)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Batches, each (1 + rows,): the epoch, then the indices of its windows."""
        windows, rows = self.windows(epoch), max(1, self.recipe.batch_tokens // MAX_POSITIONS)
        order = np.random.default_rng([self.recipe.seed, epoch, 1]).permutation(len(windows))
        return [np.concatenate([[epoch], order[i : i + rows]]) for i in range(0, len(order), rows)]

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Mean cross-entropy of the next token."""
        windows = self.windows(int(planned[0]))
        return next_token_loss(net, *padded([windows[i] for i in planned[1:]]), device)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation stories, each read separately and cut to MAX_POSITIONS."""
        nats, tokens = total_nats(net, [story[: MAX_POSITIONS + 1] for story in self.held_out], device)
        return nats / tokens


def stretches(story: np.ndarray, positions: int = MAX_POSITIONS) -> list[np.ndarray]:
    """A story cut into parts that a network can read.

    Each part begins with the last token of the one before, so that every token is predicted exactly once.
    """
    return [story[first : first + positions + 1] for first in range(0, len(story) - 1, positions)]


def total_nats(net: nn.Module, stories: list[np.ndarray], device: torch.device) -> tuple[float, int]:
    """(-log p in nats, number of predicted tokens), summed over stories. Each story is read separately."""
    parts = sorted((part for story in stories for part in stretches(story)), key=len)
    batches = (padded(parts[first : first + 16]) for first in range(0, len(parts), 16))
    return summed_nats(net, batches, device)
