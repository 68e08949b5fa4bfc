"""The card of a model that translates Korean."""

from collections.abc import Mapping
from pathlib import Path

from training.data.korean.grammar import HELD_OUT_SHARE
from training.data.korean.lexicon import adjectives, nouns, places, verbs
from training.data.korean_batches import SHARES, Form
from training.data.korean_pairs import LONGEST, TATOEBA, WEIGHTS
from training.recipe import Recipe
from training.tasks.korean_translation.evaluation import KoreanTranslationResults
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION

TEMPLATE = Path(__file__).with_name("card.md")
SOURCES = {
    TATOEBA: ("[Tatoeba](https://tatoeba.org), through [manythings.org/anki](https://www.manythings.org/anki/)", "CC BY 2.0 FR"),
    "jhe.tsv": ("school sentences, [korean-parallel-corpora](https://github.com/jungyeul/korean-parallel-corpora)", "CC BY-SA 3.0"),
    "asp-stories.tsv": ("picture books of [Global ASP](https://github.com/global-asp)", "CC BY 4.0"),
    "renpy.tsv": ("a short game and a tutorial of [Ren'Py](https://github.com/renpy/renpy)", "MIT"),
    "hf-courses.tsv": ("the [courses](https://github.com/huggingface/course) of Hugging Face", "Apache-2.0"),
    "stylekqc-kosp2e.tsv": (
        "[StyleKQC](https://github.com/cynthia/stylekqc) with the English of [kosp2e](https://github.com/warnikchow/kosp2e)",
        "CC BY-SA 4.0",
    ),
    "cldr-vocabulary.tsv": ("words of [CLDR](https://cldr.unicode.org)", "Unicode License v3"),
    "tldr.tsv": ("descriptions of commands, [tldr-pages](https://github.com/tldr-pages/tldr)", "CC BY 4.0"),
    "phrases": ("phrases written for this model", "MIT"),
    "grammar": ("sentences of a grammar written for this model", "MIT"),
    "unfinished": ("unfinished sentences and words of the same grammar", "MIT"),
}  # fmt: skip
"""(description, licence) of each source."""
FORM_NAMES: dict[Form, str] = {"as is": "as written", "no final punctuation": "without final punctuation"}


def korean_translation_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = KoreanTranslationResults.read(run / EVALUATION)
    own = {
        "module": name.replace("-", "_"),
        "sources": source_rows(results.counts),
        "nouns": len(nouns()) + len(places()),
        "predicates": len(verbs()) + len(adjectives()),
        "longest": LONGEST,
        "as_is": SHARES[0],
        "held_share": HELD_OUT_SHARE,
        "rows": table(
            (form_name, f"{results.scores[form].bleu:.1f}", f"{results.exact[form]:.1%}")
            for form, form_name in FORM_NAMES.items()
        ),
        "demonstrations": table((d.korean, d.english) for d in results.demonstrations),
        "typed": table((t.korean, t.english) for t in results.typed),
        "examples": table((e.korean, e.english, e.reference) for e in results.examples),
        "misses": table((m.korean, m.english, m.reference) for m in results.misses),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)


def source_rows(counts: Mapping[str, int]) -> str:
    """Table rows: the description, the pairs, the weight and the licence of each source."""
    return table(
        (what, f"{counts[name]:,}", f"{WEIGHTS[name]:g} times" if WEIGHTS[name] != 1 else "once", licence)
        for name, (what, licence) in SOURCES.items()
    )
