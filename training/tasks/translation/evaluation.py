"""Measure a run on the held-out pairs: `python -m training.tasks.translation.evaluation --run runs/NAME --corpus DIR`.

Writes RUN/evaluation.json: sacreBLEU on the test pairs as written and in each form of unfinished typing, on the
held-out lexicon, and the demonstration sentences, which no training pair contains.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sacrebleu
import torch
from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.translation_pairs import UNSEEN_ENGLISH, Pair, comparable, read_corpus
from training.data.typing_variants import FORMS, in_form
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.translation.translate import translate
from training.trainer.checkpoints import newest_checkpoint, read_progress, trained

DEMONSTRATIONS = (
    "Je adore l'apprentissage automatique",
    "Je adore l’apprentissage automatique",
    "J'adore l'apprentissage automatique.",
    "J’adore l’apprentissage automatique.",
)
EXAMPLES = 12


@dataclass(frozen=True)
class Score:
    """Corpus BLEU of so many pairs, with sacreBLEU's signature."""

    bleu: float
    pairs: int
    signature: str


@dataclass(frozen=True)
class Example:
    """A held-out sentence, its greedy translation and the translation a person wrote."""

    french: str
    english: str
    reference: str


@dataclass(frozen=True)
class Demonstration:
    """A sentence that no training pair contains, its translation, and whether that is the expected one."""

    french: str
    english: str
    right: bool


@dataclass(frozen=True)
class Measured:
    """Every figure a model card states."""

    step: int
    epochs: float
    seconds: float
    train_pairs: int
    lexicon_pairs: int
    scores: dict[str, Score]  # by form of training.data.typing_variants
    lexicon: Score
    demonstrations: tuple[Demonstration, ...]
    examples: tuple[Example, ...]
    examples_every: int  # one test pair in so many is an example

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Measured":
        """What `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **found
            | {
                "scores": {form: Score(**score) for form, score in found["scores"].items()},
                "lexicon": Score(**found["lexicon"]),
                "demonstrations": tuple(Demonstration(**d) for d in found["demonstrations"]),
                "examples": tuple(Example(**e) for e in found["examples"]),
            }
        )


def bleu(outputs: Sequence[str], pairs: Sequence[Pair]) -> Score:
    """Corpus BLEU of translations against one reference each."""
    metric = sacrebleu.BLEU()
    score = metric.corpus_score(list(outputs), [[pair.english for pair in pairs]])
    return Score(round(score.score, 2), len(pairs), str(metric.get_signature()))


def demonstrate(net: Transformer, tokenizer: Tokenizer) -> tuple[Demonstration, ...]:
    """The sentences the model must get right without having read them."""
    outputs = translate(net, tokenizer, DEMONSTRATIONS)
    return tuple(
        Demonstration(french, english, right=comparable(english) == UNSEEN_ENGLISH)
        for french, english in zip(DEMONSTRATIONS, outputs, strict=True)
    )


def evaluate(recipe: Recipe, checkpoint: Path, corpus: Path, device: torch.device, limit: int | None) -> Measured:
    """Translate the held-out pairs in every form and score them."""
    tokenizer = Tokenizer.from_file(str(checkpoint.parent / "tokenizer.json"))
    net = trained(recipe, checkpoint, device)
    sentences, terms = read_corpus(corpus)
    test = sentences.test[:: 1 if limit is None else max(1, len(sentences.test) // limit)]
    outputs: dict[str, list[str]] = {}
    scores: dict[str, Score] = {}
    for form in FORMS:
        pairs = [in_form(pair, form) for pair in test]
        outputs[form] = translate(net, tokenizer, [pair.french for pair in pairs])
        scores[form] = bleu(outputs[form], pairs)
        print(f"{form}: {scores[form].bleu}", flush=True)
    held_terms = [*terms.valid, *terms.test]
    progress = read_progress(checkpoint)
    every = max(1, len(test) // EXAMPLES)
    return Measured(
        step=progress.step,
        epochs=round(progress.epochs, 2),
        seconds=round(progress.seconds, 1),
        train_pairs=len(sentences.train),
        lexicon_pairs=len(terms.train),
        scores=scores,
        lexicon=bleu(translate(net, tokenizer, [pair.french for pair in held_terms]), held_terms),
        demonstrations=demonstrate(net, tokenizer),
        examples=tuple(
            Example(pair.french, output, pair.english)
            for pair, output in list(zip(test, outputs["as is"], strict=True))[every // 2 :: every]
        ),
        examples_every=every,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), default="transformer-fr-en")
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    parser.add_argument("--limit", type=int, help="about so many of the test pairs, into RUN/glance.json")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.run or Path("runs") / args.model
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise SystemExit(f"{run} holds no checkpoint yet")
    measured = evaluate(RECIPES[args.model], checkpoint, args.corpus, torch.device(args.device), args.limit)
    shown = [(e.french, e.english) for e in measured.examples]
    shown += [(d.french, d.english) for d in measured.demonstrations]
    print("\n".join(f"{french}  ->  {english}" for french, english in shown))
    print(f"lexicon: {measured.lexicon.bleu}")
    measured.write(run / ("evaluation.json" if args.limit is None else "glance.json"))


if __name__ == "__main__":
    main()
