"""From sentence pairs to batches of ids. Pairs are encoded once in every form; each epoch draws forms and batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data.length_batches import cut_batches
from training.data.translation_pairs import Pair
from training.data.translation_tokenizer import PAD, START, piece_id
from training.data.typing_variants import FORMS, draw_forms, in_form, starts_elided, with_je


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of ids of different lengths, stored one after another."""

    flat: np.ndarray  # (all ids,) int32
    starts: np.ndarray  # (rows + 1,) int64

    @property
    def lengths(self) -> np.ndarray:
        """(rows,) ids in each row."""
        return np.diff(self.starts)

    def padded(self, rows: np.ndarray, pad: int) -> Tensor:
        """(batch, time) int64 on the CPU, with `pad` on the right."""
        lengths = self.lengths[rows]
        across = np.arange(lengths.max())
        real = across < lengths[:, None]
        ids = self.flat[np.where(real, self.starts[rows][:, None] + across, 0)]
        return torch.from_numpy(np.where(real, ids, pad).astype(np.int64))


@dataclass(frozen=True, eq=False)
class Examples:
    """Pairs encoded in every form: row `form * pairs + i` of a side is pair i in that form.

    The French side has each form once more, with an elided start written out. `pairs` counts a lexicon pair once.
    """

    french: Ragged
    english: Ragged
    pairs: int
    draws: np.ndarray  # indices of the pairs of an epoch; a lexicon pair occurs several times


@dataclass(frozen=True, eq=False)
class Batch:
    """The input and the targets of one step. `target_in` is `target_out` shifted right, after a start token."""

    source: Tensor  # (batch, key)
    source_real: Tensor  # (batch, key) bool
    target_in: Tensor  # (batch, time)
    target_out: Tensor  # (batch, time), ends in the end token
    target_real: Tensor  # (batch, time) bool

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        return Batch(
            *(x.to(device) for x in (self.source, self.source_real, self.target_in, self.target_out, self.target_real))
        )


def shifted_batch(source: Tensor, target: Tensor, *, pad: int, start: int) -> Batch:
    """A batch from padded sources and targets, each (batch, time) ids."""
    target_in = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)
    return Batch(source, source != pad, target_in, target, target != pad)


def encode_rows(tokenizer: Tokenizer, texts: Sequence[str]) -> Ragged:
    """The ids of each text with its end token. Each distinct text is encoded only once."""
    distinct = sorted(set(texts))
    ids = dict(zip(distinct, (e.ids for e in tokenizer.encode_batch_fast(distinct)), strict=True))
    rows = [ids[text] for text in texts]
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    flat = np.fromiter((i for row in rows for i in row), dtype=np.int32, count=int(starts[-1]))
    return Ragged(flat, starts)


def encode_examples(
    tokenizer: Tokenizer, sentences: Sequence[Pair], terms: Sequence[Pair], *, copies: int, prefix: str = ""
) -> Examples:
    """Encode sentences and lexicon terms in all forms; `prefix` is put before every French text."""
    pairs = [*sentences, *terms]
    forms = [[in_form(pair, form) for pair in pairs] for form in FORMS]
    french = [pair.french for form in forms for pair in form]
    draws = np.concatenate([np.arange(len(sentences)), np.repeat(np.arange(len(sentences), len(pairs)), copies)])
    return Examples(
        french=encode_rows(
            tokenizer,
            [prefix + text for text in french]
            + [prefix + (with_je(text) if starts_elided(text) else text) for text in french],
        ),
        english=encode_rows(tokenizer, [pair.english for form in forms for pair in form]),
        pairs=len(pairs),
        draws=draws,
    )


def plan_epoch(examples: Examples, *, tokens: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of an epoch, each (2, batch): rows of the French and of the English side.

    A batch has pairs of similar length and at most `tokens` positions, padding counted. Batches are in random order. The
    same seed and epoch give the same plan, so that training can resume in the middle of an epoch.
    """
    generator = np.random.default_rng([seed, epoch])
    which = generator.permutation(examples.draws)
    forms, un_elided = draw_forms(len(which), generator)
    french = (forms + un_elided * len(FORMS)) * examples.pairs + which
    english = forms * examples.pairs + which
    source, target = examples.french.lengths[french], examples.english.lengths[english]
    order = np.lexsort((source, target))  # by target, then by source; ties keep the random order
    batches = cut_batches(order, np.stack([source, target]), tokens=tokens)
    return [np.stack([french[batches[i]], english[batches[i]]]) for i in generator.permutation(len(batches))]


def read_batch(examples: Examples, rows: np.ndarray, tokenizer: Tokenizer, *, start: str = START) -> Batch:
    """The ids of one planned batch; targets begin with the token `start`."""
    pad, first = piece_id(tokenizer, PAD), piece_id(tokenizer, start)
    source = examples.french.padded(rows[0], pad)
    target = examples.english.padded(rows[1], pad)
    return shifted_batch(source, target, pad=pad, start=first)
