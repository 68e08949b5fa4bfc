"""The task of continuing a story: the next token at every position."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.network import Network
from training.data.stories import END_OF_STORY, Stories, read_stories
from training.data.story_tokenizers import (
    MAX_POSITIONS,
    begin_with,
    save_story_tokenizer,
    train_phrases,
    train_word_pieces,
)
from training.recipe import Recipe
from training.trainer.initialisation import build

IGNORED = -100  # what F.cross_entropy leaves out


def run_tokenizer(run: Path, recipe: Recipe, stories: Stories) -> Tokenizer:
    """The run's tokenizer: read where it is there, else learnt from the training stories."""
    path = run / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))
    size, specials = recipe.config.vocab_size, (END_OF_STORY,)
    if recipe.word_pieces:
        tokenizer = train_phrases(stories.train, vocab_size=size, words=recipe.word_pieces, specials=specials)
    else:
        tokenizer = train_word_pieces(stories.train, vocab_size=size, specials=specials)
    save_story_tokenizer(begin_with(tokenizer, END_OF_STORY), run)
    return Tokenizer.from_file(str(path))


def encode_stories(tokenizer: Tokenizer, stories: tuple[str, ...]) -> list[np.ndarray]:
    """Each story's ids, the start token before it and after it, where it ends; int32."""
    end = tokenizer.token_to_id(END_OF_STORY)
    return [np.array([*encoding.ids, end], dtype=np.int32) for encoding in tokenizer.encode_batch_fast(list(stories))]


def pack(stories: list[np.ndarray], order: np.ndarray, window: int) -> list[np.ndarray]:
    """Windows of at most window + 1 ids, each a few whole stories, so that every window begins at a story's start.

    The token that ends a story starts the next. A story that is longer than a window is cut into windows.
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


def padded(rows: list[np.ndarray], width: int) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, targets) of rows, each (batch, width): targets are the ids one further on, IGNORED where there are none."""
    inputs = np.zeros((len(rows), width), dtype=np.int64)
    targets = np.full((len(rows), width), IGNORED, dtype=np.int64)
    for i, row in enumerate(rows):
        inputs[i, : len(row) - 1], targets[i, : len(row) - 1] = row[:-1], row[1:]
    return inputs, targets


class Continuation:
    """Stories packed into windows, anew each epoch."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        stories = read_stories(corpus)
        self.tokenizer = run_tokenizer(run, recipe, stories)
        self.train = encode_stories(self.tokenizer, stories.train)
        self.held_out = encode_stories(self.tokenizer, stories.valid)
        self._packed: tuple[int, list[np.ndarray]] = (-1, [])

    def build(self) -> Network:
        """The network of the recipe, a decoder or a recurrent one."""
        return build(self.recipe)

    def windows(self, epoch: int) -> list[np.ndarray]:
        """An epoch's windows."""
        if self._packed[0] != epoch:
            order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.train))
            self._packed = epoch, pack(self.train, order, MAX_POSITIONS)
        return self._packed[1]

    def plan(self, epoch: int) -> list[np.ndarray]:
        """(1 + rows,) the epoch, then the windows of a batch."""
        windows, rows = self.windows(epoch), max(1, self.recipe.batch_tokens // MAX_POSITIONS)
        order = np.random.default_rng([self.recipe.seed, epoch, 1]).permutation(len(windows))
        return [np.concatenate([[epoch], order[i : i + rows]]) for i in range(0, len(order), rows)]

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Mean cross-entropy of the next token."""
        windows = self.windows(int(planned[0]))
        rows = [windows[i] for i in planned[1:]]
        return next_token_loss(net, *padded(rows, max(len(row) for row in rows) - 1), device)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation stories, each read from its start alone."""
        return mean_loss(net, self.held_out, device)


def next_token_loss(net: nn.Module, inputs: np.ndarray, targets: np.ndarray, device: torch.device) -> Tensor:
    """Mean cross-entropy, in nats, over the positions whose target is not IGNORED. Padding stands on the right."""
    ids, wanted = torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
    real = wanted != IGNORED
    assert isinstance(net, Network)
    assert net.head is not None
    logits = net.head(net(ids)[real])  # causal: what stands right of a position does not reach it
    return F.cross_entropy(logits.float(), wanted[real])


def mean_loss(net: nn.Module, stories: list[np.ndarray], device: torch.device) -> float:
    """Mean cross-entropy per token of stories read each from its start, cut to the positions there are."""
    total, count = 0.0, 0
    by_length = sorted((story[: MAX_POSITIONS + 1] for story in stories), key=len)
    for first in range(0, len(by_length), 16):
        rows = by_length[first : first + 16]
        inputs, targets = padded(rows, max(len(row) for row in rows) - 1)
        real = int((targets != IGNORED).sum())
        total += float(next_token_loss(net, inputs, targets, device)) * real
        count += real
    return total / count
