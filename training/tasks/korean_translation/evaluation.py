"""How well a run translates held-out Korean sentences.

sacreBLEU on the test pairs of Tatoeba; the share of the grammar's test sentences whose translation is exactly the reference;
the demonstration sentences, which no training pair contains, and the first of them while it is typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from model.transformer import Transformer
from training.data.korean_batches import Form, in_form
from training.data.korean_pairs import Pair, read_korean
from training.tasks.results import Results, evenly
from training.tasks.translation.evaluation import Score, bleu
from training.tasks.translation.translate import translate
from training.trainer.checkpoints import TrainedRun

MEASURED_FORMS: tuple[Form, ...] = ("as is", "no final punctuation")
DEMONSTRATIONS = (
    Pair("나는 기계 학습을 사랑한다", "I love machine learning"),
    Pair("나는 기계 학습을 사랑한다.", "I love machine learning."),
    Pair("저는 기계 학습을 사랑합니다.", "I love machine learning."),
    Pair("저는 학생입니다", "I am a student"),
    Pair("저는 학생입니다.", "I am a student."),
    Pair("나는 학생이에요.", "I am a student."),
)
TYPED = DEMONSTRATIONS[0].korean
EXAMPLES, MISSES = 16, 12


@dataclass(frozen=True)
class Translated:
    """A sentence, its greedy translation and the reference."""

    korean: str
    english: str
    reference: str


@dataclass(frozen=True)
class Typed:
    """The beginning of a sentence and its translation."""

    korean: str
    english: str


@dataclass(frozen=True)
class KoreanTranslationResults(Results):
    """What the card states."""

    counts: dict[str, int]  # training pairs by source
    scores: dict[Form, Score]  # on Tatoeba
    grammar_pairs: int
    exact: dict[Form, float]  # share of the grammar's sentences whose translation is exactly the reference
    demonstrations: tuple[Translated, ...]
    typed: tuple[Typed, ...]
    examples: tuple[Translated, ...]
    examples_every: int  # test pairs from one example to the next
    misses: tuple[Translated, ...]  # the first sentences of the grammar with another translation


def translated(net: Transformer, tokenizer: Tokenizer, pairs: Sequence[Pair]) -> tuple[Translated, ...]:
    """Each pair with its greedy translation."""
    outputs = translate(net, tokenizer, [pair.korean for pair in pairs])
    return tuple(Translated(pair.korean, output, pair.english) for pair, output in zip(pairs, outputs, strict=True))


def exact_share(found: Sequence[Translated]) -> float:
    """The share of the translations that are exactly the reference."""
    return round(sum(t.english == t.reference for t in found) / len(found), 4)


def typed_translations(net: Transformer, tokenizer: Tokenizer, text: str) -> tuple[Typed, ...]:
    """The translation after each character of a text, except spaces."""
    beginnings = [text[:end] for end in range(1, len(text) + 1) if text[end - 1] != " "]
    return tuple(Typed(*both) for both in zip(beginnings, translate(net, tokenizer, beginnings), strict=True))


def evaluate_korean_translation(run: TrainedRun, corpus: Path, limit: int | None) -> KoreanTranslationResults:
    """Translate about `limit` test pairs of Tatoeba and of the grammar in two forms, and the demonstration sentences."""
    net, tokenizer = run.net, run.tokenizer
    assert isinstance(net, Transformer)
    data = read_korean(corpus)
    test, sentences = evenly(data.tatoeba_test, limit), evenly(data.grammar_test, limit)
    tatoeba: dict[Form, tuple[Translated, ...]] = {}
    grammar: dict[Form, tuple[Translated, ...]] = {}
    for form in MEASURED_FORMS:
        tatoeba[form] = translated(net, tokenizer, [in_form(pair, form) for pair in test])
        grammar[form] = translated(net, tokenizer, [in_form(pair, form) for pair in sentences])
    every = max(1, len(test) // EXAMPLES)
    return KoreanTranslationResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        counts=data.counts,
        scores={
            form: bleu([t.english for t in found], [t.reference for t in found]) for form, found in tatoeba.items()
        },
        grammar_pairs=len(sentences),
        exact={form: exact_share(found) for form, found in grammar.items()},
        demonstrations=translated(net, tokenizer, DEMONSTRATIONS),
        typed=typed_translations(net, tokenizer, TYPED),
        examples=tatoeba["as is"][every // 2 :: every],
        examples_every=every,
        misses=tuple([t for t in grammar["as is"] if t.english != t.reference][:MISSES]),
    )
