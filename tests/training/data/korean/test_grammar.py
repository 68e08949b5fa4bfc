"""Both sides of a generated pair agree, and held-out combinations of words are in no training sentence."""

from collections import Counter

import numpy as np
import pytest

from training.data.korean import english as en
from training.data.korean.clauses import Sentence
from training.data.korean.english import BE, Predication, Verb
from training.data.korean.grammar import ALWAYS_HELD_OUT, HELD_OUT_SHARE, PATTERNS, Draw, draw, is_held_out, sentences
from training.data.korean.lexicon import adjectives, nouns, phrases, places, verbs
from training.data.korean.noun_phrases import Subject, nouns_of, relative
from training.data.korean.unfinished import unfinished_sentence


def first(pattern: Draw, count: int) -> list[Sentence]:
    rng = np.random.default_rng(7)
    found: list[Sentence] = []
    while len(found) < count:
        sentence = pattern(rng)
        if sentence is not None:
            found.append(sentence)
    return found


@pytest.fixture(scope="module")
def drawn() -> tuple[list[Sentence], list[Sentence]]:
    parts = draw(4_000, seed=3)
    return list(parts.train), list(parts.held_out)


def test_the_lexicon_is_of_the_size_it_is_said_to_be() -> None:
    assert len(nouns()) + len(places()) > 250
    assert len(verbs()) + len(adjectives()) > 130
    assert len(phrases()) > 80


def test_no_korean_word_stands_twice_in_a_table() -> None:
    for words in ([n.korean for n in nouns()], [p.korean for p in places()], [v.korean for v in verbs()]):
        assert [word for word, count in Counter(words).items() if count > 1] == []


def test_every_kind_that_a_verb_or_adjective_takes_has_nouns() -> None:
    for entry in verbs():
        if entry.frame in ("obj", "gen", "the"):
            for kind in entry.kinds - {"room"}:
                assert nouns_of(frozenset({kind})), (entry.korean, kind)
    for adjective in adjectives():
        for kind in adjective.kinds - {"I"}:
            assert nouns_of(frozenset({kind})), (adjective.korean, kind)


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in PATTERNS], ids=lambda pattern: pattern.__name__)
def test_both_sides_end_alike_and_begin_with_a_capital(pattern: Draw) -> None:
    for sentence in first(pattern, 200):
        assert sentence.korean[-1] == sentence.english[-1], sentence
        assert sentence.english[0].isupper(), sentence
        assert "  " not in sentence.korean + sentence.english, sentence


def test_a_korean_sentence_has_one_translation(drawn: tuple[list[Sentence], list[Sentence]]) -> None:
    translations: dict[str, set[str]] = {}
    for sentence, _ in zip(sentences(5), range(20_000), strict=False):
        translations.setdefault(sentence.korean, set()).add(sentence.english)
    several = {korean: english for korean, english in translations.items() if len(english) > 1}
    assert len(several) < 0.01 * len(translations), list(several.items())[:5]


def test_no_training_sentence_has_a_held_out_combination(drawn: tuple[list[Sentence], list[Sentence]]) -> None:
    train, held_out = drawn
    assert not any(is_held_out(pair) for sentence in train for pair in sentence.drawn)
    assert all(any(is_held_out(pair) for pair in sentence.drawn) for sentence in held_out)
    assert 0.4 * HELD_OUT_SHARE < len(held_out) / len(train) < 3 * HELD_OUT_SHARE


def test_the_sentences_of_the_first_page_are_held_out_and_their_words_are_not() -> None:
    assert all(is_held_out(pair) for pair in ALWAYS_HELD_OUT)
    train = draw(30_000, seed=4).train
    assert not any("사랑" in s.korean and "기계 학습" in s.korean and "고 " not in s.korean for s in train)
    assert not any(s.english.lower().startswith(("i am a student", "i was a student")) for s in train)
    assert any("기계 학습을" in s.korean for s in train)
    assert any("학생입니다" in s.korean or "학생이" in s.korean for s in train)
    assert any("사랑한다" in s.korean for s in train)


def test_the_same_seed_draws_the_same_sentences() -> None:
    assert draw(500, seed=9) == draw(500, seed=9) != draw(500, seed=10)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (en.statement("she", "he", Predication(Verb("study", "studied"), "history"), "present"), "She studies history"),
        (en.statement("I", "I", Predication(BE, "a cook"), "present", negative=True), "I am not a cook"),
        (en.statement("we", "they", Predication(BE, "cooks"), "past"), "We were cooks"),
        (en.question("he", "he", Predication(Verb("go", "went"), "home"), "past"), "Did he go home"),
        (en.question("you", "you", Predication(BE, "busy"), "present", negative=True), "Aren't you busy"),
        (en.question("I", "I", Predication(BE, "busy"), "present", negative=True), "Am I not busy"),
        (en.statement("he", "he", Predication(Verb("have", "had"), "a dog"), "present"), "He has a dog"),
        (en.statement("he", "he", Predication(Verb("run", "ran")), "progressive"), "He is running"),
        (en.statement("he", "he", Predication(Verb("eat", "ate"), "rice"), "must"), "He has to eat rice"),
        (en.statement("I", "I", Predication(Verb("eat", "ate"), "rice"), "wanted", negative=True), "I didn't want to eat rice"),
        (en.question("she", "he", Predication(Verb("go", "went")), "want", asks="where"), "Where does she want to go"),
        (en.statement("he", "he", Predication(Verb("listen to", "listened to"), "music"), "present"), "He listens to music"),
    ],
)  # fmt: skip
def test_english_agrees_and_asks_with_do(said: str, expected: str) -> None:
    assert said == expected


def test_articles_and_plurals_follow_the_word() -> None:
    assert [en.with_article(word) for word in ("apple", "book", "university", "older brother")] == [
        "an apple",
        "a book",
        "a university",
        "an older brother",
    ]
    assert [en.plural(word) for word in ("box", "story", "wife", "police officer", "child")] == [
        "boxes",
        "stories",
        "wives",
        "police officers",
        "children",
    ]


def test_a_relative_is_the_subject_s_own() -> None:
    mother = next(noun for noun in nouns() if noun.korean == "어머니")
    assert relative(mother, Subject("그", "he", "he", "his")).english == "his mother"


def test_an_unfinished_sentence_has_no_final_mark() -> None:
    rng = np.random.default_rng(1)
    found = [sentence for _ in range(500) if (sentence := unfinished_sentence(rng)) is not None]
    assert found
    assert not any(s.korean.endswith((".", "?")) or s.english.endswith((".", "?")) for s in found)
