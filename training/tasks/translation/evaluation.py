"""How well a run translates held-out sentences.

sacreBLEU on the test pairs as written and in each form of unfinished typing, on the held-out lexicon, and the
demonstration sentences, which no training pair contains.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sacrebleu

from model.transformer import Transformer
from training.data.translation_pairs import UNSEEN_ENGLISH, Pair, comparable, read_corpus
from training.data.typing_variants import FORMS, Form, in_form
from training.tasks.results import Results, evenly
from training.tasks.translation.translate import translate
from training.trainer.checkpoints import TrainedRun

DEMONSTRATIONS = (
    "Je adore l'apprentissage automatique",
    "Je adore l’apprentissage automatique",
    "J'adore l'apprentissage automatique.",
    "J’adore l’apprentissage automatique.",
)
EXAMPLES = 12


@dataclass(frozen=True)
class Score:
    """Corpus BLEU of a number of pairs, with sacreBLEU's signature."""

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
class TranslationResults(Results):
    """What the card states."""

    train_pairs: int
    lexicon_pairs: int
    scores: dict[Form, Score]
    lexicon: Score
    demonstrations: tuple[Demonstration, ...]
    examples: tuple[Example, ...]
    examples_every: int  # test pairs from one example to the next


def bleu(outputs: Sequence[str], references: Sequence[str]) -> Score:
    """Corpus BLEU of translations against one reference each."""
    metric = sacrebleu.BLEU()
    score = metric.corpus_score(list(outputs), [list(references)])
    return Score(round(score.score, 2), len(references), str(metric.get_signature()))


def bleu_by_form(
    pairs: Sequence[Pair], translated: Callable[[Sequence[str]], list[str]]
) -> tuple[dict[Form, Score], list[str]]:
    """(BLEU with both sides in each form, the translations of the pairs as written)."""
    outputs: dict[Form, list[str]] = {}
    scores: dict[Form, Score] = {}
    for form in FORMS:
        in_this_form = [in_form(pair, form) for pair in pairs]
        outputs[form] = translated([pair.french for pair in in_this_form])
        scores[form] = bleu(outputs[form], [pair.english for pair in in_this_form])
        print(f"{form}: {scores[form].bleu}", flush=True)
    return scores, outputs["as is"]


def beside(pairs: Sequence[Pair], outputs: Sequence[str]) -> tuple[Example, ...]:
    """Each pair as an example with its translation."""
    return tuple(Example(pair.french, output, pair.english) for pair, output in zip(pairs, outputs, strict=True))


def evaluate_translation(run: TrainedRun, corpus: Path, limit: int | None) -> TranslationResults:
    """Translate about `limit` test pairs in every form, the held-out lexicon, and the demonstration sentences."""
    net, tokenizer = run.net, run.tokenizer
    assert isinstance(net, Transformer)
    sentences, terms = read_corpus(corpus)
    test = evenly(sentences.test, limit)
    scores, outputs = bleu_by_form(test, lambda texts: translate(net, tokenizer, texts))
    held_terms = [*terms.valid, *terms.test]
    every = max(1, len(test) // EXAMPLES)
    return TranslationResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_pairs=len(sentences.train),
        lexicon_pairs=len(terms.train),
        scores=scores,
        lexicon=bleu(
            translate(net, tokenizer, [pair.french for pair in held_terms]), [pair.english for pair in held_terms]
        ),
        demonstrations=tuple(
            Demonstration(french, english, right=comparable(english) == UNSEEN_ENGLISH)
            for french, english in zip(DEMONSTRATIONS, translate(net, tokenizer, DEMONSTRATIONS), strict=True)
        ),
        examples=beside(test[every // 2 :: every], outputs[every // 2 :: every]),
        examples_every=every,
    )
