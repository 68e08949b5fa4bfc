"""Sentences with one verb: somebody reads a book at the library, goes home by bus, or sleeps."""

from dataclasses import dataclass

import numpy as np

from training.data.korean.english import Predication, joined
from training.data.korean.forms import (
    NEVER_GOING_ON,
    PLAIN_SHARES,
    PLAIN_TENSES,
    VERB_SHARES,
    VERB_TENSES,
    Form,
    draw_form,
    ended,
    english_sentence,
    korean_end,
)
from training.data.korean.lexicon import VerbEntry, places, verbs
from training.data.korean.noun_phrases import Phrase, Subject, chance, noun_phrase, nouns_of, pick, relative, somebody
from training.data.korean.particles import with_particle

OFTEN = (("항상", "always"), ("자주", "often"), ("가끔", "sometimes"), ("보통", "usually"))
WHEN = {
    "present": (
        ("매일", "every day"),
        ("아침에", "in the morning"),
        ("주말에", "on weekends"),
        ("저녁에", "in the evening"),
    ),
    "past": (("어제", "yesterday"), ("지난주에", "last week"), ("작년에", "last year"), ("오늘", "today")),
    "future": (("내일", "tomorrow"), ("다음 주에", "next week"), ("오늘", "today"), ("내년에", "next year")),
    "progressive": (("지금", "now"),),
}
MANNERS = (("열심히", "hard"), ("조용히", "quietly"), ("많이", "a lot"), ("빨리", "quickly"), ("혼자", "alone"))
WAYS = (
    ("버스", "by bus"),
    ("기차", "by train"),
    ("지하철", "by subway"),
    ("택시", "by taxi"),
    ("자전거", "by bicycle"),
)
DO_NOT_KNOW = "모르다"
NO_NEGATION = {DO_NOT_KNOW, "알다", "있다"}


@dataclass(frozen=True)
class Sentence:
    """A sentence in both languages. `drawn` has the pairs of words that the grammar combined in it."""

    korean: str
    english: str
    drawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Clause:
    """A verb with its object or place, in both languages, without a subject.

    `middle` is the Korean between the subject and the verb; `said` is the English predicate.
    """

    entry: VerbEntry
    middle: str
    said: Predication
    drawn: frozenset[str]


def object_phrase(entry: VerbEntry, subject: Subject, rng: np.random.Generator) -> tuple[Phrase, str] | None:
    """(an object of the verb, its pair with the verb); None if the object is the subject or its owner is unknown."""
    if "room" in entry.kinds:
        place = pick([p for p in places() if p.kind == "room"], rng)
        return Phrase(place.korean, f"the {place.english}", "he"), f"{entry.english.base} {place.english}"
    noun = pick(nouns_of(entry.kinds), rng)
    drawn = f"{entry.english.base} {noun.english}"
    if "kin" in noun.kinds:
        return (relative(noun, subject), drawn) if subject.possessive and noun.korean != subject.korean else None
    if noun.korean == subject.korean:
        return None
    article = {"obj": "a", "gen": "any", "the": "the"}[entry.frame]
    return noun_phrase(noun, article, rng, owned=0.06), drawn  # type: ignore[arg-type]


def draw_clause(entry: VerbEntry, subject: Subject, rng: np.random.Generator) -> Clause | None:
    """The verb with the object or place that it needs, and sometimes another place, a vehicle or a manner."""
    drawn: set[str] = set()
    if entry.frame in ("obj", "gen", "the"):
        found = object_phrase(entry, subject, rng)
        if found is None:
            return None
        phrase, pair = found
        drawn |= {pair, *phrase.drawn}
        middle, rest = with_particle(phrase.korean, "object"), phrase.english
        if entry.frame == "obj" and chance(0.12, rng):
            place = pick(places(), rng)
            middle, rest = f"{place.korean}에서 {middle}", f"{rest} {place.at}"
    elif entry.frame == "goal":
        place = pick(places(), rng)
        middle, rest = place.korean + "에", place.to
        drawn.add(f"{entry.english.base} {place.english}")
        if chance(0.15, rng):
            way, by = pick(WAYS, rng)
            middle, rest = f"{with_particle(way, 'by')} {middle}", f"{rest} {by}"
    elif entry.frame == "at":
        place = pick([p for p in places() if p.kind in entry.kinds], rng)
        middle, rest = place.korean + "에", place.at
        drawn.add(f"{entry.english.base} {place.english}")
    else:
        middle = rest = ""
        if entry.frame == "intr" and chance(0.45, rng):
            place = pick(places(), rng)
            middle, rest = place.korean + "에서", place.at
            drawn.add(f"{entry.english.base} {place.english}")
        elif entry.frame == "intr" and chance(0.4, rng):
            middle, rest = pick(MANNERS, rng)
    return Clause(entry, middle, Predication(entry.english, rest), frozenset(drawn))


def draw_verb_form(entry: VerbEntry, subject: Subject, rng: np.random.Generator) -> Form:
    """A form that the verb can have: verbs such as "know" and "like" have no progressive."""
    if entry.korean in NO_NEGATION:
        form = draw_form(subject, PLAIN_TENSES[:2], (0.7, 0.3), rng)
        return Form(form.tense, False, form.asked, form.level)
    form = draw_form(subject, VERB_TENSES, VERB_SHARES, rng)
    if entry.korean in NEVER_GOING_ON and form.tense not in PLAIN_TENSES:
        return draw_form(subject, PLAIN_TENSES, PLAIN_SHARES, rng)
    return form


def spoken(
    subject: Subject, clause: Clause, form: Form, rng: np.random.Generator, *, asks: tuple[str, str] = ("", "")
) -> Sentence:
    """The sentence of a subject and a clause. `asks` is a question word in both languages."""
    subject_word = with_particle(subject.korean, "topic" if chance(0.75, rng) or asks[0] else "subject")
    said, when = clause.said, ("", "")
    fixed = clause.entry.korean in NO_NEGATION
    if not asks[0] and form.tense in WHEN and chance(0.2, rng) and not fixed:
        when = pick(WHEN[form.tense], rng)
    often = (
        pick(OFTEN, rng) if form.tense == "present" and not when[0] and not fixed and chance(0.08, rng) else ("", "")
    )
    said = Predication(said.verb, joined(said.rest, when[1]), often[1])
    short = not clause.entry.korean.endswith("하다") and chance(0.4, rng)
    end = korean_end(clause.entry.predicate, form, subject, short=short)
    first, second = (when[0], subject_word) if chance(0.2, rng) else (subject_word, when[0])
    korean = joined(first, second, asks[0], often[0], clause.middle, end)
    english_form = Form(form.tense, clause.entry.korean == DO_NOT_KNOW or form.negative, form.asked, form.level)
    english = english_sentence(subject.english, subject.person, said, english_form, asks[1])
    return Sentence(ended(korean, form), english, subject.drawn | clause.drawn)


def verb_sentence(rng: np.random.Generator) -> Sentence | None:
    """A sentence with any verb."""
    subject, entry = somebody(rng), pick(verbs(), rng)
    clause = draw_clause(entry, subject, rng)
    return None if clause is None else spoken(subject, clause, draw_verb_form(entry, subject, rng), rng)


def object_sentence(rng: np.random.Generator) -> Sentence | None:
    """A sentence with a verb and its object, which is the most frequent kind."""
    subject = somebody(rng)
    entry = pick([v for v in verbs() if v.frame in ("obj", "gen", "the")], rng)
    clause = draw_clause(entry, subject, rng)
    return None if clause is None else spoken(subject, clause, draw_verb_form(entry, subject, rng), rng)


def asking_sentence(rng: np.random.Generator) -> Sentence | None:
    """A question with where, when or why."""
    subject, entry = somebody(rng), pick(verbs(), rng)
    drawn = draw_form(subject, PLAIN_TENSES, PLAIN_SHARES, rng)
    form = Form(drawn.tense, False, True, drawn.level)
    if entry.korean in NO_NEGATION:
        return None
    if entry.frame in ("goal", "at", "intr") and chance(0.6, rng):
        word = "어디에서" if entry.frame == "intr" else "어디에"
        clause = Clause(entry, "", Predication(entry.english), frozenset())
        return spoken(subject, clause, form, rng, asks=(word, "where"))
    found = draw_clause(entry, subject, rng)
    asks = pick((("왜", "why"), ("언제", "when")), rng)
    return None if found is None else spoken(subject, found, form, rng, asks=asks)


def without_subject(rng: np.random.Generator) -> Sentence | None:
    """A sentence without a subject, as is usual in Korean: statements are about "I", questions about "you"."""
    entry = pick(verbs(), rng)
    asked = chance(0.4, rng)
    subject = Subject("너", "you", "you", "your") if asked else Subject("나", "I", "I", "my")
    clause = draw_clause(entry, subject, rng)
    if clause is None or not clause.middle:
        return None
    drawn = draw_verb_form(entry, subject, rng)
    form = Form(drawn.tense, drawn.negative, asked, drawn.level)
    english_form = Form(form.tense, form.negative or entry.korean == DO_NOT_KNOW, asked, form.level)
    korean = joined(clause.middle, korean_end(entry.predicate, form, subject))
    english = english_sentence(subject.english, subject.person, clause.said, english_form)
    return Sentence(ended(korean, form), english, clause.drawn)
