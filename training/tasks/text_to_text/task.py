"""The two tasks of t5-fr-en (Raffel et al. 2020): translate, and fill blanks. The text itself says which.

"translate French to English: Je t'aime." becomes "I love you."; "I <extra_id_0> you." becomes "<extra_id_0> love
<extra_id_1>". Each sentinel stands for the words of one span.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.loading.checkpoint import ZOO
from model.transformer import Transformer
from training.data.batches import Batch, Ragged, encode_examples, encode_rows, plan_epoch, read_batch, shifted_batch
from training.data.byte_pairs import save, special
from training.data.length_batches import cut_batches
from training.data.translation_pairs import read_corpus
from training.data.translation_tokenizer import END, MAX_POSITIONS, PAD
from training.recipe import Recipe
from training.tasks.seq2seq import batch_loss, held_out_loss
from training.tasks.text_to_text.distillation import as_taught, read_taught, teach
from training.trainer.initialisation import build

PREFIX = "translate French to English: "
SENTINELS = tuple(f"<extra_id_{i}>" for i in range(8))
FILL_SHARE = 0.12  # of an epoch's examples
BLANK_SHARE, MEAN_SPAN, MOST_SPANS = 0.2, 1.6, 3  # of the words of a sentence; words a span
TRANSLATOR = ZOO / "transformer-fr-en"


def with_sentinels(translator: Path = TRANSLATOR) -> Tokenizer:
    """The translator's tokenizer with the sentinels added after its pieces."""
    tokenizer = Tokenizer.from_file(str(translator / "tokenizer.json"))
    tokenizer.add_special_tokens(special(SENTINELS))
    return tokenizer


def save_text_to_text_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json. T5 has no start token: a target begins with padding."""
    settings = {"eos_token": END, "pad_token": PAD, "additional_special_tokens": list(SENTINELS)}
    save(tokenizer, folder, settings, max_positions=MAX_POSITIONS)


def blanked(sentence: str, generator: np.random.Generator) -> tuple[str, str] | None:
    """(the sentence with sentinels in place of a few spans of words, the target with those words).

    None if it has fewer than four words or no span can be drawn. Spans do not touch. Punctuation after a span stays.
    """
    words = sentence.split()
    if len(words) < 4:
        return None
    spans = int(np.clip(round(BLANK_SHARE * len(words) / MEAN_SPAN), 1, MOST_SPANS))
    source, target, at = [], [], 0
    edges = np.linspace(0, len(words), spans + 1).astype(int)  # one span in each stretch of words
    for sentinel, first, last in zip(SENTINELS, edges[:-1], edges[1:], strict=False):
        length = int(min(generator.geometric(1 / MEAN_SPAN), 3, last - first - 1))
        start = int(generator.integers(first + (first > 0), last - length + 1)) if length else first
        if not length:
            continue
        core = words[start + length - 1].rstrip(".,!?;:")
        tail = words[start + length - 1][len(core) :]
        if not core:
            continue
        source += [*words[at:start], sentinel + tail]
        target += [sentinel, *words[start : start + length - 1], core]
        at = start + length
    if not target:
        return None
    used = sum(word in SENTINELS for word in target)
    return " ".join([*source, *words[at:]]), " ".join([*target, SENTINELS[used]])


class TextToText:
    """Translation behind a prefix, with the translator's outputs as targets, and blanks in sentences of both languages."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path) -> None:
        self.recipe = recipe
        self.tokenizer = with_sentinels()
        save_text_to_text_tokenizer(self.tokenizer, run)
        sentences, terms = read_corpus(corpus)
        teach([pair.french for pair in sentences.train], run)
        lessons = as_taught(sentences.train, read_taught(run))
        self.examples = encode_examples(
            self.tokenizer, lessons, terms.train, copies=recipe.lexicon_copies, prefix=PREFIX
        )
        self.held_out = encode_examples(self.tokenizer, sentences.valid, terms.valid, copies=1, prefix=PREFIX)
        pairs = [*sentences.train, *terms.train]
        self.sentences = sorted({pair.english for pair in pairs} | {pair.french for pair in pairs})
        self.filled = lru_cache(maxsize=1)(self._filled)

    def build(self) -> Transformer:
        """The encoder-decoder of the recipe. Its token table starts as the translator's."""
        net = build(self.recipe)
        table = load_file(str(TRANSLATOR / "model.safetensors"))["model.shared.weight"].float()
        with torch.no_grad():
            net.tokens.weight[: len(table)] = (
                table * table.shape[1] ** 0.5
            )  # the translator scales its embeddings in the forward pass
        return net

    def _filled(self, epoch: int) -> tuple[Ragged, Ragged]:
        """(sources, targets) of an epoch's sentences with blanks."""
        generator = np.random.default_rng([self.recipe.seed, epoch, 2])
        wanted = int(FILL_SHARE / (1 - FILL_SHARE) * len(self.examples.draws))
        drawn = generator.choice(len(self.sentences), size=wanted, replace=False)
        found = [pair for i in drawn if (pair := blanked(self.sentences[i], generator)) is not None]
        sources = encode_rows(self.tokenizer, [source for source, _ in found])
        return sources, encode_rows(self.tokenizer, [target for _, target in found])

    def plan(self, epoch: int) -> list[np.ndarray]:
        """Shuffled batches of both tasks. Translation: (2, batch) rows. Blanks: (1, 1 + batch), the epoch, then rows."""
        tokens, seed = self.recipe.batch_tokens, self.recipe.seed
        batches = plan_epoch(self.examples, tokens=tokens, seed=seed, epoch=epoch)
        sources, targets = self.filled(epoch)
        batches += [np.array([[epoch, *rows]]) for rows in by_length(sources, targets, tokens)]
        order = np.random.default_rng([seed, epoch, 3]).permutation(len(batches))
        return [batches[i] for i in order]

    def loss(self, net: nn.Module, planned: np.ndarray, device: torch.device) -> Tensor:
        """Label-smoothed cross-entropy of the target."""
        return batch_loss(net, self.batch(planned).to(device), smoothing=self.recipe.label_smoothing)

    def batch(self, planned: np.ndarray) -> Batch:
        """The ids of one planned batch of either task."""
        if len(planned) == 2:
            return read_batch(self.examples, planned, self.tokenizer, start=PAD)
        sources, targets = self.filled(int(planned[0, 0]))
        return shifted(sources, targets, planned[0, 1:], self.tokenizer)

    def held_out_loss(self, net: nn.Module, device: torch.device) -> float:
        """On the validation pairs, as written."""
        return held_out_loss(net, self.held_out, self.tokenizer, self.recipe.batch_tokens, device, start=PAD)


def by_length(sources: Ragged, targets: Ragged, tokens: int) -> list[np.ndarray]:
    """Rows of similar length, in batches of at most `tokens` positions."""
    order = np.lexsort((sources.lengths, targets.lengths))
    return cut_batches(order, (sources.lengths + targets.lengths)[None], tokens=tokens)


def shifted(sources: Ragged, targets: Ragged, rows: Sequence[int] | np.ndarray, tokenizer: Tokenizer) -> Batch:
    """A batch of these rows; targets begin with padding, as in T5."""
    pad, which = tokenizer.token_to_id(PAD), np.asarray(rows)
    return shifted_batch(sources.padded(which, pad), targets.padded(which, pad), pad=pad, start=pad)
