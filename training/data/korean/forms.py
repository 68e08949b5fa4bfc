"""The form of a sentence (tense, negation, question, level of speech) in both languages."""

from dataclasses import dataclass

import numpy as np

from training.data.korean import conjugation as ko
from training.data.korean import english as en
from training.data.korean.conjugation import Level, Predicate
from training.data.korean.english import Predication, Tense
from training.data.korean.noun_phrases import Subject, chance, pick

PLAIN_TENSES: tuple[Tense, ...] = ("present", "past", "future")
VERB_TENSES: tuple[Tense, ...] = (
    *PLAIN_TENSES,
    "progressive",
    "was doing",
    "can",
    "could",
    "want",
    "wanted",
    "must",
    "had to",
)
VERB_SHARES = (0.42, 0.22, 0.09, 0.07, 0.02, 0.05, 0.02, 0.05, 0.02, 0.03, 0.01)
PLAIN_SHARES = (0.6, 0.28, 0.12)
NEVER_GOING_ON = {
    "사랑하다", "좋아하다", "싫어하다", "무서워하다", "알다", "모르다", "이해하다", "기억하다", "믿다", "그리워하다",
    "부러워하다", "존경하다", "있다", "잃어버리다",
}  # fmt: skip
LEVEL_SHARES = {"formal": 0.3, "polite": 0.3, "plain": 0.25, "casual": 0.15}


@dataclass(frozen=True)
class Form:
    """Tense, negation, question and level of speech of a sentence."""

    tense: Tense
    negative: bool
    asked: bool
    level: Level


def draw_form(subject: Subject, tenses: tuple[Tense, ...], shares: tuple[float, ...], rng: np.random.Generator) -> Form:
    """A form that fits the subject: sentences about "you" are mostly questions, those about "I" rarely."""
    weights = [LEVEL_SHARES[level] for level in subject.levels]
    level = pick(subject.levels, rng, [w / sum(weights) for w in weights])
    tense = pick(tenses, rng, shares)
    asked = chance({"I": 0.02, "you": 0.6}.get(subject.person, 0.15), rng)
    negative = tense not in ("must", "had to") and chance(0.08 if asked else 0.2, rng)
    return Form(tense, negative, asked, level)


def in_tense(p: Predicate, form: Form, subject: Subject) -> Predicate:
    """The predicate with tense and negation, without its last ending. The future is left to its own endings."""
    match form.tense:
        case "can" | "could":
            p = ko.possible(p, negative=form.negative)
        case "want" | "wanted" if subject.person in ("I", "you"):
            p = ko.negated(ko.wanted(p)) if form.negative else ko.wanted(p)
        case "want" | "wanted":  # for other persons Korean has -고 싶어 하다
            p = Predicate(p.stem + "고 싶어 하", "verb")
            p = ko.negated(p) if form.negative else p
        case "must" | "had to":
            p = ko.necessary(p)
        case "progressive" | "was doing":
            p = ko.going_on(p)
            p = ko.negated(p) if form.negative else p
        case _:
            p = ko.negated(p) if form.negative else p
    return ko.past(p) if form.tense in ("past", "was doing", "could", "wanted", "had to") else p


def korean_end(p: Predicate, form: Form, subject: Subject, *, short: bool = False) -> str:
    """The conjugated predicate. `short` negates with 안 in the present and the past: 안 먹는다 for 먹지 않는다."""
    if short and form.negative and form.tense in ("present", "past"):
        return "안 " + korean_end(p, Form(form.tense, False, form.asked, form.level), subject)
    changed = in_tense(p, form, subject)
    if form.tense == "future":
        return ko.future(changed, form.level, asked=form.asked)
    return ko.question(changed, form.level) if form.asked else ko.statement(changed, form.level)


def english_sentence(subject: str, person: en.Person, said: Predication, form: Form, asks: str = "") -> str:
    """The English sentence with its final punctuation."""
    if form.asked:
        return en.question(subject, person, said, form.tense, negative=form.negative, asks=asks) + "?"
    return en.statement(subject, person, said, form.tense, negative=form.negative) + "."


def ended(korean: str, form: Form) -> str:
    """The Korean sentence with its final punctuation."""
    return korean + ("?" if form.asked else ".")
