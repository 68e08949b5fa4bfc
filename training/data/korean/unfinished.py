"""Sentences as they look while they are typed.

A Korean verb comes last, so the translation of an unfinished sentence has no verb yet: 나는 -> I,
나는 책을 -> I ... a book, 나는 책을 읽 -> I read a book.
"""

import numpy as np

from training.data.korean.clauses import Sentence, draw_clause
from training.data.korean.english import BE, Predication, be, capital, joined, statement
from training.data.korean.lexicon import nouns, places, verbs
from training.data.korean.noun_phrases import chance, noun_phrase, nouns_of, pick, somebody
from training.data.korean.particles import with_particle


def word(rng: np.random.Generator) -> Sentence:
    """A single noun."""
    if chance(0.15, rng):
        place = pick(places(), rng)
        return Sentence(place.korean, place.english)
    noun = pick(nouns(), rng)
    return Sentence(noun.korean, noun.english)


def unfinished_sentence(rng: np.random.Generator) -> Sentence | None:
    """A statement that stops before its verb, or inside it."""
    subject, entry = somebody(rng), pick(verbs(), rng)
    topic = with_particle(subject.korean, "topic" if chance(0.8, rng) else "subject")
    draw = rng.random()
    if draw < 0.2:
        return Sentence(topic, capital(subject.english), subject.drawn)
    if draw < 0.35:
        noun = pick(nouns_of(frozenset({"job", "nation"})), rng)
        if subject.person == "they":
            return None
        english = joined(
            subject.english, be(subject.person), noun_phrase(noun, "a", rng, described=0, pointed=0).english
        )
        return Sentence(
            f"{topic} {noun.korean}", capital(english), subject.drawn | {f"{subject.english} {noun.english}"}
        )
    clause = draw_clause(entry, subject, rng)
    if clause is None or not clause.middle or entry.english == BE or entry.korean == "모르다":
        return None
    if draw < 0.45:
        return Sentence(clause.middle, clause.said.rest)
    if draw < 0.65:
        korean = joined(topic, clause.middle)
        return Sentence(korean, capital(f"{subject.english} ... {clause.said.rest}"), subject.drawn)
    stem = entry.predicate.stem
    typed = stem[: int(rng.integers(max(1, len(stem) - 1), len(stem) + 1))]
    english = statement(subject.english, subject.person, Predication(entry.english, clause.said.rest), "present")
    return Sentence(joined(topic, clause.middle, typed), english, subject.drawn | clause.drawn)
