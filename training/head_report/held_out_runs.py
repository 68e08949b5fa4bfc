"""Runs on held-out text, from which the heads are scored."""

from collections.abc import Callable, Iterator
from pathlib import Path

from model.language_model import LanguageModel
from model.trace import Trace
from training.data.exchanges import read_exchanges
from training.data.korean_pairs import read_test_pairs
from training.data.stories import read_stories, sentences_of
from training.data.translation_pairs import read_corpus
from training.recipe import Recipe
from training.tasks.chat.evaluation import LONGEST_ANSWER
from training.tasks.denoising.evaluation import held_out_cases
from training.tasks.results import evenly
from training.tasks.text_to_text.task import PREFIX

STORIES, PAIRS, SENTENCES = 60, 300, 300
TOKENS = 320  # of a story; longer ones are cut

Traces = Callable[[], Iterator[Trace]]


def held_out_traces(lm: LanguageModel, recipe: Recipe, corpus: Path) -> tuple[Traces, str]:
    """(a function that yields the traces, a description of the texts) for the recipe's task."""
    if recipe.task in ("translate", "text to text"):
        return of_translations(lm, corpus, PREFIX if recipe.task == "text to text" else "")
    if recipe.task == "mask":
        return of_sentence_pairs(lm, corpus)
    if recipe.task == "denoise":
        return of_corrupted(lm, corpus)
    if recipe.task == "translate Korean":
        return of_korean_translations(lm, corpus)
    if recipe.task == "chat":
        return of_answers(lm, corpus)
    return of_stories(lm, corpus)


def spread(items: tuple[str, ...] | list[str], most: int) -> list[str]:
    """At most `most` of the items, evenly spaced."""
    return list(evenly(items, most)[:most])


def of_stories(lm: LanguageModel, corpus: Path) -> tuple[Traces, str]:
    """Test stories, each from its beginning."""
    stories = spread(read_stories(corpus).test, STORIES)
    assert lm.tokenizer is not None
    beginnings = [
        lm.tokenizer.encode(story)[:TOKENS] for story in stories
    ]  # cut here, because a run refuses texts longer than its positions

    def read() -> Iterator[Trace]:
        for ids in beginnings:
            yield lm.run(ids)

    return read, f"{len(stories)} test stories, up to {TOKENS} tokens of each"


def of_translations(lm: LanguageModel, corpus: Path, prefix: str) -> tuple[Traces, str]:
    """Test sentences, with the model's own translations as targets."""
    sentences, _ = read_corpus(corpus)
    french = spread([pair.french for pair in sentences.test], PAIRS)
    about = f"{len(french)} test sentences and what the model makes of them"
    return decoded(lm, [prefix + text for text in french]), about


def of_korean_translations(lm: LanguageModel, corpus: Path) -> tuple[Traces, str]:
    """Test sentences of Tatoeba, with the model's own translations as targets."""
    korean = spread([pair.korean for pair in read_test_pairs(corpus)], PAIRS)
    return decoded(lm, korean), f"{len(korean)} test sentences of Tatoeba and what the model makes of them"


def of_answers(lm: LanguageModel, corpus: Path) -> tuple[Traces, str]:
    """Test questions, with the model's own answers."""
    questions = spread([exchange.question for exchange in read_exchanges(corpus).test], PAIRS)
    return decoded(lm, questions, LONGEST_ANSWER), f"{len(questions)} test questions and the model's answers"


def decoded(lm: LanguageModel, texts: list[str], most: int = 64) -> Traces:
    """Each text with at most `most` tokens of the model's own output."""

    def read() -> Iterator[Trace]:
        for text in texts:
            yield list(lm.decode(text, max_new_tokens=most))[-1].trace

    return read


def of_sentence_pairs(lm: LanguageModel, corpus: Path) -> tuple[Traces, str]:
    """The first two sentences of test stories, as a pair in order."""
    stories = [sentences_of(story) for story in read_stories(corpus).test]
    pairs = [(two[0], two[1]) for two in stories if len(two) > 1]

    def read() -> Iterator[Trace]:
        for first, second in pairs:
            yield lm.run(first, pair=second)

    return read, f"the first two sentences of {len(pairs)} test stories, nothing masked"


def of_corrupted(lm: LanguageModel, corpus: Path) -> tuple[Traces, str]:
    """Corrupted test sentences, with the model's own restorations as targets."""
    stories = read_stories(corpus)
    sentences = spread([sentence for story in stories.test for sentence in sentences_of(story)], SENTENCES)
    texts = [case.text for case in held_out_cases(sentences)]
    return decoded(lm, texts), f"{len(texts)} corrupted test sentences and what the model makes of them"
