"""Sentences with "be" or "have", with two verbs, and requests: I am a student, The book is big, Please read it."""

import numpy as np

from training.data.korean import conjugation as ko
from training.data.korean import english as en
from training.data.korean.clauses import NO_NEGATION, Clause, Sentence, draw_clause
from training.data.korean.conjugation import LEVELS, Predicate
from training.data.korean.english import BE, HAVE, Predication
from training.data.korean.forms import PLAIN_SHARES, PLAIN_TENSES, Form, draw_form, ended, english_sentence, korean_end
from training.data.korean.lexicon import AdjectiveEntry, adjectives, nouns, places, verbs
from training.data.korean.noun_phrases import (
    OWNERS,
    PRONOUNS,
    Subject,
    chance,
    name,
    noun_phrase,
    nouns_of,
    pick,
    pronoun,
    relative,
    somebody,
    something,
)
from training.data.korean.particles import with_particle

THIS = (("이것", "this"), ("저것", "that"), ("그것", "it"))
VERY = (("매우", "very"), ("아주", "very"), ("정말", "really"), ("너무", "too"))
SHOWN = frozenset({"thing", "animal", "clothes", "fruit", "device", "plant", "building"})
KEPT = frozenset({"thing", "pet", "device", "abstract", "clothes", "kin"})
IN_PLACES = frozenset({"thing", "animal", "person", "furniture"})


def copula_sentence(rng: np.random.Generator) -> Sentence | None:
    """A sentence with a noun as its predicate: she is a student, this is a book."""
    if chance(0.3, rng):
        korean, english = pick(THIS, rng)
        subject = Subject(korean, english, "he")
        noun = pick(nouns_of(SHOWN), rng)
        if noun.count == "p" or "kin" in noun.kinds:
            return None
        phrase = noun_phrase(noun, "a", rng, described=0.2, pointed=0.0, owned=0.25)
        pair = f"this {noun.english}"
    else:
        subject = pronoun(rng) if chance(0.7, rng) else name(pick(nouns_of(frozenset({"name"})), rng))
        noun = pick(nouns_of(frozenset({"job", "nation", "person"})), rng)
        phrase = noun_phrase(noun, "a", rng, described=0.2, pointed=0.0)
        pair = f"{subject.english} {noun.english}"
    form = draw_form(subject, PLAIN_TENSES[:2], (0.75, 0.25), rng)
    was = form.tense == "past"
    topic = with_particle(subject.korean, "topic" if chance(0.85, rng) else "subject")
    if form.negative:
        end = with_particle(phrase.korean, "subject") + " " + ko.not_copula(form.level, asked=form.asked, was=was)
    else:
        end = ko.copula(phrase.korean, form.level, asked=form.asked, was=was)
    complement = (
        many(phrase.english, noun.english) if subject.person == "they" and noun.count == "c" else phrase.english
    )
    english = english_sentence(subject.english, subject.person, Predication(BE, complement), form)
    return Sentence(ended(f"{topic} {end}", form), english, phrase.drawn | {pair})


def many(phrase: str, noun: str) -> str:
    """The plural of a phrase with an article: good students for a good student."""
    before = phrase.removesuffix(noun)
    return before.removeprefix("a ").removeprefix("an ") + en.plural(noun)


def described(rng: np.random.Generator) -> tuple[Subject, AdjectiveEntry, frozenset[str]]:
    """(a subject, an adjective that fits it, their pair)."""
    entry = pick(adjectives(), rng)
    if "I" in entry.kinds and chance(0.45, rng):
        return pronoun(rng), entry, frozenset()
    noun, subject = something(entry.kinds - {"I"}, rng)
    return subject, entry, subject.drawn | {f"{entry.english} {noun.english}"}


def adjective_sentence(rng: np.random.Generator) -> Sentence:
    """A sentence with an adjective as its predicate: the book is interesting."""
    subject, entry, drawn = described(rng)
    form = draw_form(subject, PLAIN_TENSES, PLAIN_SHARES, rng)
    degree = pick(VERY, rng) if not form.negative and chance(0.2, rng) else ("", "")
    topic = with_particle(subject.korean, "topic" if chance(0.6, rng) else "subject")
    short = not entry.korean.endswith("하다") and len(entry.korean) < 4 and chance(0.3, rng)
    end = korean_end(entry.predicate, form, subject, short=short)
    said = Predication(BE, en.joined(degree[1], entry.english))
    english = english_sentence(subject.english, subject.person, said, form)
    return Sentence(ended(en.joined(topic, degree[0], end), form), english, drawn)


def having_sentence(rng: np.random.Generator) -> Sentence | None:
    """A sentence with 있다 or 없다: I have a dog, there is a dog in the room."""
    negative, level = chance(0.25, rng), pick(LEVELS, rng)
    form = Form("past" if chance(0.2, rng) else "present", negative, chance(0.2, rng), level)
    p = Predicate("없" if negative else "있", "existence")
    bare = Form(form.tense, False, form.asked, level)
    if chance(0.6, rng):
        subject, noun = somebody(rng), pick(nouns_of(KEPT), rng)
        if noun.count == "p" or noun.korean == subject.korean:
            return None
        thing = noun_phrase(noun, "a", rng, pointed=0.0, described=0.2)
        level = level if level in subject.levels else subject.levels[0]
        bare, form = Form(form.tense, False, form.asked, level), Form(form.tense, negative, form.asked, level)
        korean = f"{with_particle(subject.korean, 'topic')} {with_particle(thing.korean, 'subject')}"
        english = english_sentence(subject.english, subject.person, Predication(HAVE, thing.english), form)
        drawn = subject.drawn | thing.drawn | {f"have {noun.english}"}
    else:
        place, noun = pick(places(), rng), pick(nouns_of(IN_PLACES), rng)
        if noun.count != "c":
            return None
        thing = noun_phrase(noun, "a", rng, pointed=0.0, described=0.1)
        korean = f"{place.korean}에 {with_particle(thing.korean, 'subject')}"
        english = english_sentence("there", "he", Predication(BE, f"{thing.english} {place.at}"), form)
        drawn = thing.drawn | {f"{place.english} {noun.english}"}
    return Sentence(ended(f"{korean} {korean_end(p, bare, PRONOUNS[0])}", form), english, drawn)


def request_sentence(rng: np.random.Generator) -> Sentence | None:
    """A request or a proposal: please read the book, don't go home, let's eat bread."""
    entry = pick([v for v in verbs() if v.korean not in NO_NEGATION], rng)
    clause = draw_clause(entry, Subject("너", "you", "you", "your"), rng)
    if clause is None:
        return None
    p, (base, _) = entry.predicate, (entry.english.base, entry.english.past)
    level = pick(LEVELS[:3], rng)
    words = en.joined(base, clause.said.rest)
    if chance(0.25, rng):
        polite = level != "plain"
        return Sentence(
            en.joined(clause.middle, ko.proposal(p, "formal" if polite else "plain")) + ".",
            f"Let's {words}.",
            clause.drawn,
        )
    if chance(0.25, rng):
        p, words = Predicate(p.stem + "지 말", "verb"), f"don't {words}"
        end = {"formal": p.stem[:-1] + "마십시오", "polite": p.stem[:-1] + "마세요"}.get(level, p.stem[:-1] + "마")
    else:
        end = ko.request(p, level)
    korean = en.joined(clause.middle, end)
    return Sentence(korean + ".", (en.capital(words) if level == "plain" else f"Please {words}") + ".", clause.drawn)


def who_sentence(rng: np.random.Generator) -> Sentence | None:
    """A question with who or what: who ate bread, what do you eat."""
    if chance(0.45, rng):
        return what_sentence(rng)
    somebody_asked = Subject("누", "who", "he")
    entry = pick([v for v in verbs() if v.korean not in NO_NEGATION], rng)
    clause = draw_clause(entry, somebody_asked, rng)
    if clause is None:
        return None
    drawn = draw_form(PRONOUNS[0], PLAIN_TENSES, PLAIN_SHARES, rng)
    form = Form(drawn.tense, False, True, pick(LEVELS, rng))
    korean = en.joined("누가", clause.middle, korean_end(entry.predicate, form, somebody_asked)) + "?"
    return Sentence(korean, en.statement("who", "he", clause.said, form.tense) + "?", clause.drawn)


def what_sentence(rng: np.random.Generator) -> Sentence:
    """A question for the object: what do you read, who do you love."""
    subject = somebody(rng)
    entry = pick([v for v in verbs() if v.frame in ("obj", "gen", "the") and v.korean not in NO_NEGATION], rng)
    people = bool(entry.kinds & {"name", "person"}) and (entry.frame == "the" or chance(0.5, rng))
    drawn = draw_form(subject, PLAIN_TENSES, PLAIN_SHARES, rng)
    form = Form(drawn.tense, False, True, drawn.level)
    word = "누구를" if people else "뭘" if form.level in ("plain", "casual") and chance(0.5, rng) else "무엇을"
    end = korean_end(entry.predicate, form, subject)
    korean = f"{with_particle(subject.korean, 'topic')} {word} {end}?"
    said = Predication(entry.english)
    return Sentence(
        korean,
        english_sentence(subject.english, subject.person, said, form, "who" if people else "what"),
        subject.drawn,
    )


def two_clauses(rng: np.random.Generator) -> Sentence | None:
    """Two clauses with but, so or and: he is busy, but he sings; I was tired, so I slept; I ate bread and drank water."""
    subject = pronoun(rng)
    level = pick(subject.levels, rng)
    tense = "past" if chance(0.4, rng) else "present"
    form = Form(tense, False, False, level)  # type: ignore[arg-type]
    topic = with_particle(subject.korean, "topic")
    people = [a for a in adjectives() if "I" in a.kinds]
    entry = pick([v for v in verbs() if v.korean not in NO_NEGATION], rng)
    clause = draw_clause(entry, subject, rng)
    if clause is None:
        return None
    end = en.joined(clause.middle, korean_end(entry.predicate, form, subject))
    english_end = en.statement("", subject.person, clause.said, tense)  # type: ignore[arg-type]
    english_end = english_end[:1].lower() + english_end[1:]
    first = pick(people, rng)
    state = f"{subject.english} {en.be(subject.person, was=tense == 'past')} {first.english}"
    if chance(0.4, rng):
        p = ko.past(first.predicate) if tense == "past" else first.predicate
        korean, link = f"{topic} {p.stem}지만 {end}", "but"
    elif chance(0.4, rng):
        korean, link = f"{topic} {ko.infinitive(first.predicate)}서 {end}", "so"
    else:
        return both(subject, topic, form, (clause, end, english_end), rng)
    return Sentence(f"{korean}.", en.capital(f"{state}, {link} {subject.english} {english_end}."), clause.drawn)


def both(
    subject: Subject, topic: str, form: Form, second: tuple[Clause, str, str], rng: np.random.Generator
) -> Sentence | None:
    """Two verbs of one subject, joined by -고."""
    clause, end, english_end = second
    entry = pick([v for v in verbs() if v.korean not in NO_NEGATION and v != clause.entry], rng)
    first = draw_clause(entry, subject, rng)
    if first is None:
        return None
    opening = en.statement(subject.english, subject.person, first.said, form.tense)
    korean = en.joined(topic, first.middle, entry.predicate.stem + "고", end)
    return Sentence(f"{korean}.", f"{opening} and {english_end}.", first.drawn | clause.drawn)


def belonging_sentence(rng: np.random.Generator) -> Sentence:
    """A sentence about a relative or friend: he is my friend."""
    subject = pronoun(rng) if chance(0.6, rng) else name(pick(nouns_of(frozenset({"name"})), rng))
    noun = pick([n for n in nouns() if "kin" in n.kinds], rng)
    owner, english_owner = pick([o for o in OWNERS if o[1] != subject.possessive], rng)
    form = draw_form(subject, PLAIN_TENSES[:2], (0.8, 0.2), rng)
    topic, thing, was = with_particle(subject.korean, "topic"), f"{owner} {noun.korean}", form.tense == "past"
    if form.negative:
        end = f"{with_particle(thing, 'subject')} {ko.not_copula(form.level, asked=form.asked, was=was)}"
    else:
        end = ko.copula(thing, form.level, asked=form.asked, was=was)
    phrase = relative(noun, Subject("", "", "he", english_owner)).english
    plural = f"{english_owner} {en.plural(noun.english)}" if subject.person == "they" else phrase
    english = english_sentence(subject.english, subject.person, Predication(BE, plural), form)
    return Sentence(ended(f"{topic} {end}", form), english, frozenset({f"{english_owner} {noun.english}"}))
