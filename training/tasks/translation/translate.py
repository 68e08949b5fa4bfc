"""Greedy translation in batches, for evaluation. The app decodes step by step, with the same answer."""

from collections.abc import Sequence

from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.translation_tokenizer import END, PAD, START, piece_id
from training.tasks.greedy import Marks, write

LIMIT_FACTOR, LIMIT_EXTRA = 2, 10  # a translation has at most twice the pieces of its source and ten more


def length_limit(source_pieces: int) -> int:
    """The most pieces of a translation. On unusual input the end token may never come."""
    return LIMIT_FACTOR * source_pieces + LIMIT_EXTRA


def translate(net: Transformer, tokenizer: Tokenizer, sentences: Sequence[str]) -> list[str]:
    """The greedy translation of each sentence, in order."""
    marks = Marks(*(piece_id(tokenizer, piece) for piece in (PAD, START, END)))
    return write(net, tokenizer, marks, sentences, length_limit)
