"""Measure bart-denoise on stories held out: `python -m training.tasks.denoising.evaluation --run runs/bart-denoise --corpus DIR`.

Writes RUN/evaluation.json: how many corrupted sentences of the test stories are restored exactly, and how many of their
pieces are right, by kind of corruption.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.special_tokenizers import BART
from training.data.stories import read_stories, sentences_of
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.denoising.corruption import KINDS, Corrupted, corrupt
from training.tasks.greedy import Marks, write
from training.trainer.checkpoints import newest_checkpoint, read_progress, trained

NAME = "bart-denoise"
SEED = 2024
EXAMPLES = 16


@dataclass(frozen=True)
class Restored:
    """How well sentences of one kind of corruption were restored: shares from 0 to 1."""

    sentences: int
    exact: float  # restored letter by letter
    pieces: float  # of the original's pieces, those that stand in the restored one in the same order
    copied: float  # the same share for the corrupted sentence itself, which does nothing


@dataclass(frozen=True)
class Restoration:
    """A held-out sentence, what became of it, and what the model made of that."""

    original: str
    corrupted: str
    kind: str
    restored: str


@dataclass(frozen=True)
class DenoisingMeasured:
    """Every figure the card states."""

    step: int
    epochs: float
    seconds: float
    train_stories: int
    test_stories: int
    overall: Restored
    by_kind: dict[str, Restored]
    untouched: float  # the share of whole sentences that come back as they were
    examples: tuple[Restoration, ...]
    examples_every: int

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "DenoisingMeasured":
        """What `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **found
            | {
                "overall": Restored(**found["overall"]),
                "by_kind": {kind: Restored(**figures) for kind, figures in found["by_kind"].items()},
                "examples": tuple(Restoration(**example) for example in found["examples"]),
            }
        )


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        corner = 0
        for j, y in enumerate(b, start=1):
            corner, row[j] = row[j], corner + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def right_pieces(tokenizer: Tokenizer, originals: Sequence[str], answers: Sequence[str]) -> float:
    """The share of the originals' pieces that their answers have, in order; an answer too long is measured by its own length."""
    right, most = 0, 0
    for original, answer in zip(originals, answers, strict=True):
        a, b = (tokenizer.encode(text, add_special_tokens=False).ids for text in (original, answer))
        right += common(a, b)
        most += max(len(a), len(b))
    return right / most


def score(tokenizer: Tokenizer, cases: Sequence[Corrupted], answers: Sequence[str]) -> Restored:
    """The figures of some cases."""
    originals = [case.original for case in cases]
    exact = sum(a == b for a, b in zip(originals, answers, strict=True))
    return Restored(
        sentences=len(cases),
        exact=round(exact / len(cases), 4),
        pieces=round(right_pieces(tokenizer, originals, answers), 4),
        copied=round(right_pieces(tokenizer, originals, [case.text for case in cases]), 4),
    )


def length_limit(pieces: int) -> int:
    """A restored sentence is hardly longer than what is left of it."""
    return pieces + 10


def marks(tokenizer: Tokenizer) -> Marks:
    """The decoder starts from <s>."""
    return Marks(*(tokenizer.token_to_id(token) for token in (BART.pad, BART.begin, BART.separate)))


def held_out_cases(sentences: Sequence[str]) -> list[Corrupted]:
    """Each sentence corrupted in one way, the same one every time; those that cannot be are left out."""
    generator = np.random.default_rng(SEED)
    made = (corrupt(sentence, BART.mask, generator) for sentence in sentences)
    return [case for case in made if case is not None]


def evaluate(recipe: Recipe, checkpoint: Path, corpus: Path, limit: int | None) -> DenoisingMeasured:
    """Restore the test sentences and score them."""
    tokenizer = Tokenizer.from_file(str(checkpoint.parent / "tokenizer.json"))
    net = trained(recipe, checkpoint, torch.device("cpu"))
    stories = read_stories(corpus)
    known = {sentence for story in stories.train for sentence in sentences_of(story)}
    sentences = list(dict.fromkeys(s for story in stories.test for s in sentences_of(story) if s not in known))
    sentences = sentences[:: 1 if limit is None else max(1, len(sentences) // limit)]
    cases = held_out_cases(sentences)
    answers = restore(net, tokenizer, [case.text for case in cases])
    whole = restore(net, tokenizer, sentences)
    progress, every = read_progress(checkpoint), max(1, len(cases) // EXAMPLES)
    both = list(zip(cases, answers, strict=True))
    return DenoisingMeasured(
        step=progress.step,
        epochs=round(progress.epochs, 2),
        seconds=round(progress.seconds, 1),
        train_stories=len(stories.train),
        test_stories=len(stories.test),
        overall=score(tokenizer, cases, answers),
        by_kind={
            kind: score(tokenizer, *zip(*[(c, a) for c, a in both if c.kind == kind], strict=True)) for kind in KINDS
        },
        untouched=round(sum(a == b for a, b in zip(whole, sentences, strict=True)) / len(sentences), 4),
        examples=tuple(Restoration(c.original, c.text, c.kind, a) for c, a in both[every // 2 :: every]),
        examples_every=every,
    )


def restore(net: Transformer, tokenizer: Tokenizer, texts: Sequence[str]) -> list[str]:
    """The greedy restoration of each text."""
    return write(net, tokenizer, marks(tokenizer), texts, length_limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs") / NAME)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the stories")
    parser.add_argument("--limit", type=int, help="about so many of the test sentences, into RUN/glance.json")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    checkpoint = newest_checkpoint(args.run)
    if checkpoint is None:
        raise SystemExit(f"{args.run} holds no checkpoint yet")
    measured = evaluate(RECIPES[NAME], checkpoint, args.corpus, args.limit)
    measured.write(args.run / ("evaluation.json" if args.limit is None else "glance.json"))
    print(measured.overall, *measured.by_kind.items(), f"untouched {measured.untouched}", sep="\n")
    for e in measured.examples:
        print(f"{e.kind}: {e.corrupted}  ->  {e.restored}  ({e.original})")


if __name__ == "__main__":
    main()
