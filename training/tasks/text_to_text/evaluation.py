"""How well t5-fr-en translates held-out sentences behind its prefix, and fills blanks in them.

sacreBLEU on the test pairs in each form of unfinished typing, and how many blanks get exactly the words of the sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.translation_pairs import Pair, read_corpus
from training.data.translation_tokenizer import END, PAD, piece_id
from training.data.typing_variants import Form
from training.tasks.greedy import Marks, write
from training.tasks.results import Results, evenly
from training.tasks.text_to_text.task import PREFIX, blanked
from training.tasks.translation.evaluation import Example, Score, beside, bleu_by_form
from training.tasks.translation.translate import length_limit
from training.trainer.checkpoints import TrainedRun

SEED = 2024
EXAMPLES = 12
DEMONSTRATIONS = ("Je adore l'apprentissage automatique", "J’adore l’apprentissage automatique.")


@dataclass(frozen=True)
class FilledBlanks:
    """A test sentence with blanks, the words that were taken out, and the model's words."""

    text: str
    held: tuple[str, ...]
    put: tuple[str, ...]


@dataclass(frozen=True)
class TextToTextResults(Results):
    """What the card states."""

    train_pairs: int
    lexicon_pairs: int
    scores: dict[Form, Score]
    demonstrations: tuple[Example, ...]
    examples: tuple[Example, ...]
    examples_every: int  # test pairs from one example to the next
    blanks: int
    filled_exactly: float  # the share of blanks that got the same words
    well_formed: float  # the share of answers that name each sentinel once, in order
    fillings: tuple[FilledBlanks, ...]


def answers(net: Transformer, tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = False) -> list[str]:
    """The model's greedy answer to each text; `special` keeps the sentinels in it."""
    pad, end = piece_id(tokenizer, PAD), piece_id(tokenizer, END)
    marks = Marks(pad=pad, start=pad, end=end)
    return write(net, tokenizer, marks, texts, length_limit, skip_special_tokens=not special)


def spans(answer: str) -> tuple[str, ...]:
    """The words that an answer gives for each sentinel, in order. It is read up to the first sentinel that is missing."""
    parts = re.split(r"\s*<extra_id_(\d+)>\s*", answer)
    found = []
    for i, (number, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        if int(number) != i:
            break
        found.append(text.strip())
    return tuple(found[:-1]) if found and not found[-1] else tuple(found)


def measure_blanks(
    net: Transformer, tokenizer: Tokenizer, sentences: Sequence[str]
) -> tuple[list[FilledBlanks], int, int]:
    """(the sentences with blanks and the model's words for them, number of blanks, number of well-formed answers)."""
    generator = np.random.default_rng(SEED)
    made = [pair for sentence in sentences if (pair := blanked(sentence, generator)) is not None]
    put = answers(net, tokenizer, [text for text, _ in made], special=True)
    filled = [
        FilledBlanks(text, spans(target), spans(answer)) for (text, target), answer in zip(made, put, strict=True)
    ]
    blanks = sum(len(one.held) for one in filled)
    return filled, blanks, sum(len(one.put) == len(one.held) for one in filled)


def evaluate_text_to_text(run: TrainedRun, corpus: Path, limit: int | None) -> TextToTextResults:
    """Translate about `limit` test pairs in every form, and fill blanks in their English sides."""
    net, tokenizer = run.net, run.tokenizer
    assert isinstance(net, Transformer)

    def translated(texts: Sequence[str]) -> list[str]:
        return answers(net, tokenizer, [PREFIX + text for text in texts])

    sentences, terms = read_corpus(corpus)
    test = evenly(sentences.test, limit)
    scores, outputs = bleu_by_form(test, translated)
    demonstrated = [Pair(english="I love machine learning", french=text) for text in DEMONSTRATIONS]
    filled, blanks, well_formed = measure_blanks(net, tokenizer, sorted({pair.english for pair in test}))
    exact = sum(a == b for one in filled for a, b in zip(one.held, one.put, strict=False))
    every = max(1, len(test) // EXAMPLES)
    return TextToTextResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_pairs=len(sentences.train),
        lexicon_pairs=len(terms.train),
        scores=scores,
        demonstrations=beside(demonstrated, translated(DEMONSTRATIONS)),
        examples=beside(test[every // 2 :: every], outputs[every // 2 :: every]),
        examples_every=every,
        blanks=blanks,
        filled_exactly=round(exact / blanks, 4),
        well_formed=round(well_formed / len(filled), 4),
        fillings=tuple(evenly(filled, EXAMPLES)),
    )
