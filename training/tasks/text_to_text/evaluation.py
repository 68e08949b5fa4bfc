"""Measure t5-fr-en on what it never read: `python -m training.tasks.text_to_text.evaluation --corpus DIR`.

Writes RUN/evaluation.json: sacreBLEU of the test pairs behind the prefix, in each form of unfinished typing, and how often
the blanks of test sentences are filled with the very words that stood there.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.translation_pairs import Pair, read_corpus
from training.data.translation_tokenizer import END, PAD, piece_id
from training.data.typing_variants import FORMS, in_form
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.greedy import Marks, write
from training.tasks.text_to_text.task import PREFIX, blanked
from training.tasks.translation.evaluation import Example, Score, bleu
from training.tasks.translation.translate import length_limit
from training.trainer.checkpoints import newest_checkpoint, read_progress, trained

NAME = "t5-fr-en"
SEED = 2024
EXAMPLES = 12


@dataclass(frozen=True)
class Filled:
    """A test sentence with blanks, what stood there, and what the model put there."""

    text: str
    held: tuple[str, ...]
    put: tuple[str, ...]


@dataclass(frozen=True)
class TextToTextMeasured:
    """Every figure the card states."""

    step: int
    epochs: float
    seconds: float
    train_pairs: int
    lexicon_pairs: int
    scores: dict[str, Score]  # by form of training.data.typing_variants
    demonstrations: tuple[Example, ...]
    examples: tuple[Example, ...]
    examples_every: int
    blanks: int
    filled_exactly: float  # the share of blanks that got the very words
    well_formed: float  # the share of answers that name each sentinel once, in order
    fillings: tuple[Filled, ...]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "TextToTextMeasured":
        """What `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **found
            | {
                "scores": {form: Score(**score) for form, score in found["scores"].items()},
                "demonstrations": tuple(Example(**e) for e in found["demonstrations"]),
                "examples": tuple(Example(**e) for e in found["examples"]),
                "fillings": tuple(Filled(f["text"], tuple(f["held"]), tuple(f["put"])) for f in found["fillings"]),
            }
        )


def answers(net: Transformer, tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = False) -> list[str]:
    """What the model makes of each text; `special` keeps the sentinels."""
    pad, end = piece_id(tokenizer, PAD), piece_id(tokenizer, END)
    marks = Marks(pad=pad, start=pad, end=end)
    return write(net, tokenizer, marks, texts, length_limit, skip_special_tokens=not special)


def spans(answer: str) -> tuple[str, ...]:
    """What an answer puts into each blank, in the order of the sentinels; up to the first that is missing."""
    parts = re.split(r"\s*<extra_id_(\d+)>\s*", answer)
    found = []
    for i, (number, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        if int(number) != i:
            break
        found.append(text.strip())
    return tuple(found[:-1]) if found and not found[-1] else tuple(found)


def measure_blanks(net: Transformer, tokenizer: Tokenizer, sentences: Sequence[str]) -> tuple[list[Filled], int, int]:
    """(every sentence with blanks and what was put there, blanks, well-formed answers)."""
    generator = np.random.default_rng(SEED)
    made = [pair for sentence in sentences if (pair := blanked(sentence, generator)) is not None]
    put = answers(net, tokenizer, [text for text, _ in made], special=True)
    filled = [Filled(text, spans(target), spans(answer)) for (text, target), answer in zip(made, put, strict=True)]
    blanks = sum(len(one.held) for one in filled)
    return filled, blanks, sum(len(one.put) == len(one.held) for one in filled)


def evaluate(recipe: Recipe, checkpoint: Path, corpus: Path, limit: int | None) -> TextToTextMeasured:
    """Translate the held-out pairs in every form and fill the blanks of their English sides."""
    tokenizer = Tokenizer.from_file(str(checkpoint.parent / "tokenizer.json"))
    net = trained(recipe, checkpoint, torch.device("cpu"))
    assert isinstance(net, Transformer)
    sentences, terms = read_corpus(corpus)
    test = sentences.test[:: 1 if limit is None else max(1, len(sentences.test) // limit)]
    outputs: dict[str, list[str]] = {}
    scores: dict[str, Score] = {}
    for form in FORMS:
        pairs = [in_form(pair, form) for pair in test]
        outputs[form] = answers(net, tokenizer, [PREFIX + pair.french for pair in pairs])
        scores[form] = bleu(outputs[form], pairs)
        print(f"{form}: {scores[form].bleu}", flush=True)
    shown = [Pair(english="I love machine learning", french=text) for text in DEMONSTRATIONS]
    filled, blanks, formed = measure_blanks(net, tokenizer, sorted({pair.english for pair in test}))
    right = sum(a == b for one in filled for a, b in zip(one.held, one.put, strict=False))
    progress, every = read_progress(checkpoint), max(1, len(test) // EXAMPLES)
    return TextToTextMeasured(
        step=progress.step,
        epochs=round(progress.epochs, 2),
        seconds=round(progress.seconds, 1),
        train_pairs=len(sentences.train),
        lexicon_pairs=len(terms.train),
        scores=scores,
        demonstrations=beside(shown, answers(net, tokenizer, [PREFIX + pair.french for pair in shown])),
        examples=beside(test[every // 2 :: every], outputs["as is"][every // 2 :: every]),
        examples_every=every,
        blanks=blanks,
        filled_exactly=round(right / blanks, 4),
        well_formed=round(formed / len(filled), 4),
        fillings=tuple(filled[:: max(1, len(filled) // EXAMPLES)]),
    )


DEMONSTRATIONS = ("Je adore l'apprentissage automatique", "J’adore l’apprentissage automatique.")


def beside(pairs: Sequence[Pair], outputs: Sequence[str]) -> tuple[Example, ...]:
    """Sentences, their translations, and the references."""
    return tuple(Example(pair.french, output, pair.english) for pair, output in zip(pairs, outputs, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs") / NAME)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    parser.add_argument("--limit", type=int, help="about so many of the test pairs, into RUN/glance.json")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    checkpoint = newest_checkpoint(args.run)
    if checkpoint is None:
        raise SystemExit(f"{args.run} holds no checkpoint yet")
    measured = evaluate(RECIPES[NAME], checkpoint, args.corpus, args.limit)
    measured.write(args.run / ("evaluation.json" if args.limit is None else "glance.json"))
    print(f"blanks filled exactly: {measured.filled_exactly}, well formed: {measured.well_formed}")
    for e in (*measured.demonstrations, *measured.examples):
        print(f"{e.french}  ->  {e.english}  ({e.reference})")
    for f in measured.fillings:
        print(f"{f.text}  ->  {f.put}  {f.held}")


if __name__ == "__main__":
    main()
