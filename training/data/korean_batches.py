"""Batches of Korean-English pairs. Pairs are encoded once in every form; each epoch draws pairs by weight, and forms."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from tokenizers import Tokenizer

from training.data.batches import Batch, Ragged, encode_rows, shifted_batch
from training.data.korean_pairs import Pair, Weighted
from training.data.length_batches import cut_batches
from training.data.translation_tokenizer import PAD, START, piece_id

Form = Literal["as is", "no final punctuation", "a space left out"]
FORMS: tuple[Form, ...] = get_args(Form)
SHARES = (0.62, 0.32, 0.06)  # of the examples of an epoch, in the order of FORMS
_FINAL = re.compile(r"[\s.!?…]+$")


def in_form(pair: Pair, form: Form) -> Pair:
    """The pair in one form. If a side is only punctuation, both sides keep theirs.

    The form without a space also has no final punctuation: the first space from the middle of the Korean side on is removed,
    since spaces between Korean words are often left out.
    """
    if form == "as is":
        return pair
    korean, english = _FINAL.sub("", pair.korean), _FINAL.sub("", pair.english)
    if not korean or not english:
        return pair
    if form == "a space left out":
        at = korean.find(" ", len(korean) // 2 - 1)
        korean = korean if at < 0 else korean[:at] + korean[at + 1 :]
    return Pair(korean, english)


def draw_by_weight(weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Indices of the items of an epoch. An item with weight 2.5 occurs two or three times, at random."""
    whole = np.floor(weights)
    times = whole + (generator.random(len(weights)) < weights - whole)
    return np.repeat(np.arange(len(weights)), times.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Sides:
    """Pairs as ids in every form: row `form * pairs + i` of a side is pair i in that form."""

    korean: Ragged
    english: Ragged
    weights: np.ndarray  # (pairs,)

    def batch(self, rows: np.ndarray, tokenizer: Tokenizer) -> Batch:
        """The ids of one planned batch; targets begin with the start token."""
        pad, start = piece_id(tokenizer, PAD), piece_id(tokenizer, START)
        return shifted_batch(self.korean.padded(rows, pad), self.english.padded(rows, pad), pad=pad, start=start)

    def batches(self, rows: np.ndarray, *, tokens: int) -> list[np.ndarray]:
        """The rows in batches of similar length, each of at most `tokens` positions, padding counted."""
        source, target = self.korean.lengths[rows], self.english.lengths[rows]
        order = np.lexsort((source, target))  # by target, then by source
        return [rows[batch] for batch in cut_batches(order, np.stack([source, target]), tokens=tokens)]


def encode_sides(tokenizer: Tokenizer, weighted: Weighted) -> Sides:
    """Encode every pair in every form."""
    pairs = [in_form(pair, form) for form in FORMS for pair in weighted.pairs]
    return Sides(
        encode_rows(tokenizer, [pair.korean for pair in pairs]),
        encode_rows(tokenizer, [pair.english for pair in pairs]),
        weighted.weights,
    )


def plan_epoch(sides: Sides, *, tokens: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of an epoch, each (batch,) rows of both sides, in random order.

    The same seed and epoch give the same plan, so that training can resume in the middle of an epoch.
    """
    generator = np.random.default_rng([seed, epoch])
    which = generator.permutation(draw_by_weight(sides.weights, generator))
    rows = generator.choice(len(FORMS), size=len(which), p=SHARES) * len(sides.weights) + which
    batches = sides.batches(rows, tokens=tokens)
    return [batches[i] for i in generator.permutation(len(batches))]
