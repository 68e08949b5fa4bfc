"""Subjects and noun phrases in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeVar

import numpy as np

from training.data.korean.conjugation import LEVELS, Level, modifier
from training.data.korean.english import Person, joined, plural, with_article
from training.data.korean.lexicon import Noun, adjectives, nouns

Article = Literal["a", "the", "any"]
T = TypeVar("T")
POLITE: tuple[Level, ...] = ("formal", "polite")
FAMILIAR: tuple[Level, ...] = ("plain", "casual")
WITHOUT_ARTICLE = {"field", "language", "sport", "sound", "meal"}
DEMONSTRATIVES = (("이", "this", "these"), ("그", "the", "the"), ("저", "that", "those"))
HER = {"메리", "지민", "수진", "영희"}


@dataclass(frozen=True)
class Subject:
    """A subject, with its English agreement and possessive, and the levels of speech that fit it.

    `drawn` has the pairs of words that were combined in it.
    """

    korean: str
    english: str
    person: Person
    possessive: str = ""  # "" if it is unknown
    levels: tuple[Level, ...] = LEVELS
    drawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Phrase:
    """A noun with the words before it."""

    korean: str
    english: str
    person: Person
    drawn: frozenset[str] = field(default_factory=frozenset)


PRONOUNS = (
    Subject("나", "I", "I", "my"),
    Subject("저", "I", "I", "my", POLITE),
    Subject("너", "you", "you", "your", FAMILIAR),
    Subject("당신", "you", "you", "your", POLITE),
    Subject("그", "he", "he", "his"),
    Subject("그녀", "she", "he", "her"),
    Subject("우리", "we", "they", "our"),
    Subject("저희", "we", "they", "our", POLITE),
    Subject("그들", "they", "they", "their"),
)
PRONOUN_SHARES = (0.24, 0.2, 0.1, 0.08, 0.12, 0.1, 0.08, 0.02, 0.06)
OWNERS = (
    ("내", "my"),
    ("제", "my"),
    ("네", "your"),
    ("당신의", "your"),
    ("그의", "his"),
    ("그녀의", "her"),
    ("우리", "our"),
    ("그들의", "their"),
)


def pick(options: Sequence[T], rng: np.random.Generator, shares: Sequence[float] | None = None) -> T:
    """One of the options, at random."""
    return options[int(rng.choice(len(options), p=shares))] if shares else options[int(rng.integers(len(options)))]


def chance(share: float, rng: np.random.Generator) -> bool:
    """True with this probability."""
    return bool(rng.random() < share)


@cache
def nouns_of(kinds: frozenset[str]) -> tuple[Noun, ...]:
    """The nouns of any of these kinds."""
    return tuple(noun for noun in nouns() if noun.kinds & kinds)


def pronoun(rng: np.random.Generator) -> Subject:
    """A random pronoun, mostly "I"."""
    return pick(PRONOUNS, rng, PRONOUN_SHARES)


def somebody(rng: np.random.Generator) -> Subject:
    """A random pronoun, name, person, group of people or relative."""
    draw = rng.random()
    if draw < 0.62:
        return pronoun(rng)
    if draw < 0.8:
        return name(pick(nouns_of(frozenset({"name"})), rng))
    if draw < 0.87:
        noun = pick(nouns_of(frozenset({"kin"})), rng)
        korean, english = pick(OWNERS, rng)
        return Subject(f"{korean} {noun.korean}", f"{english} {noun.english}", "he")
    noun = pick(nouns_of(frozenset({"person"})), rng)
    if chance(0.3, rng):
        return Subject(noun.korean + "들", f"the {plural(noun.english)}", "they", "their")
    phrase = noun_phrase(noun, "the", rng, described=0.15, pointed=0.5)
    return Subject(phrase.korean, phrase.english, "he", drawn=phrase.drawn)


def name(noun: Noun) -> Subject:
    """A name as a subject."""
    return Subject(noun.korean, noun.english, "he", "her" if noun.korean in HER else "his")


def something(kinds: frozenset[str], rng: np.random.Generator) -> tuple[Noun, Subject]:
    """A random noun of these kinds, and it as a subject."""
    noun = pick(nouns_of(kinds), rng)
    if noun.count == "n":
        return noun, name(noun)
    if "kin" in noun.kinds:
        korean, english = pick(OWNERS, rng)
        return noun, Subject(f"{korean} {noun.korean}", f"{english} {noun.english}", "he")
    phrase = noun_phrase(noun, "the", rng, described=0.0, pointed=0.5, owned=0.1)
    return noun, Subject(phrase.korean, phrase.english, phrase.person, drawn=phrase.drawn)


@cache
def descriptions(kinds: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """(the Korean form before a noun, English) of the adjectives that fit any of these kinds."""
    return tuple((modifier(a.predicate), a.english) for a in adjectives() if a.kinds & kinds)


def noun_phrase(
    noun: Noun,
    article: Article,
    rng: np.random.Generator,
    *,
    described: float = 0.15,
    pointed: float = 0.15,
    owned: float = 0.0,
) -> Phrase:
    """A noun, sometimes with an adjective, a demonstrative or an owner, else with its article.

    `described`, `pointed` and `owned` are the probabilities of the three.
    """
    if noun.count == "n":
        return Phrase(noun.korean, noun.english, "he")
    drawn: set[str] = set()
    korean, english = noun.korean, noun.english
    many = noun.count == "p" or (article == "any" and noun.count == "c")
    if article == "any" and noun.count == "c":
        english = plural(english)
    options = descriptions(noun.kinds - {"food"} if "ingredient" in noun.kinds else noun.kinds)
    abstract = noun.count == "u" and bool(noun.kinds & WITHOUT_ARTICLE)
    if options and not abstract and chance(described, rng):
        before, adjective = pick(options, rng)
        korean, english = f"{before} {korean}", f"{adjective} {english}"
        drawn.add(f"{adjective} {noun.english}")
    person: Person = "they" if many else "he"
    if article != "any" and not abstract:
        if chance(pointed, rng) and noun.count != "u":
            here, one, more = pick(DEMONSTRATIVES, rng)
            return Phrase(f"{here} {korean}", f"{more if many else one} {english}", person, frozenset(drawn))
        if chance(owned, rng):
            whose, english_whose = pick(OWNERS, rng)
            return Phrase(f"{whose} {korean}", f"{english_whose} {english}", person, frozenset(drawn))
        if article == "the":
            english = f"the {english}"
        elif noun.count == "c":
            english = with_article(english)
    return Phrase(korean, english, person, frozenset(drawn))


def relative(noun: Noun, subject: Subject) -> Phrase:
    """A relative or friend of the subject, as an object: he loves his mother, 그는 어머니를 사랑한다."""
    return Phrase(noun.korean, joined(subject.possessive, noun.english), "he")
