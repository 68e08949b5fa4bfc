"""The English side of the grammar: agreement, articles, plurals, and the auxiliary "do"."""

from dataclasses import dataclass
from typing import Literal

Person = Literal["I", "you", "he", "they"]  # he: every third person singular; they: every plural, also we
Tense = Literal[
    "present", "past", "future", "progressive", "was doing", "can", "could", "want", "wanted", "must", "had to"
]

PLURALS = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "fisherman": "fishermen",
    "mouse": "mice",
    "sheep": "sheep",
    "fish": "fish",
    "wolf": "wolves",
    "knife": "knives",
    "wife": "wives",
}
DOUBLED = {"get", "run", "swim", "sit", "cut", "begin", "win"}
SHORTENED = {
    "am": "am not",
    "is": "isn't",
    "are": "aren't",
    "was": "wasn't",
    "were": "weren't",
    "do": "don't",
    "does": "doesn't",
    "did": "didn't",
    "will": "won't",
    "can": "can't",
    "could": "couldn't",
}


@dataclass(frozen=True)
class Verb:
    """A verb with its past form. Words after the first one (listen to) do not change. "be" is a special case."""

    base: str
    past: str

    @property
    def third(self) -> str:
        """The third person singular: listens to."""
        return in_first_word(self.base, add_s)

    @property
    def going_on(self) -> str:
        """The form in -ing: listening to."""
        return in_first_word(self.base, add_ing)


BE = Verb("be", "was")
HAVE = Verb("have", "had")
PRONOUN_OF: dict[Person, tuple[str, str]] = {"I": ("am", "was"), "you": ("are", "were"), "he": ("is", "was")}


def in_first_word(text: str, change: object) -> str:
    """The text with its first word changed."""
    assert callable(change)
    first, space, rest = text.partition(" ")
    return f"{change(first)}{space}{rest}"


def add_s(word: str) -> str:
    """The third person of a verb, or the plural of a noun."""
    if word == "have":
        return "has"
    if word.endswith(("s", "sh", "ch", "x", "z", "o")) and not word.endswith("oo"):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def add_ing(word: str) -> str:
    """A verb with -ing: making, running, lying."""
    if word == "lie":
        return "lying"
    if word in DOUBLED:
        return word + word[-1] + "ing"
    return (word[:-1] if word.endswith("e") and not word.endswith(("ee", "be")) else word) + "ing"


def plural(noun: str) -> str:
    """The plural. If a noun has several words, the last one changes."""
    before, space, last = noun.rpartition(" ")
    if noun in PLURALS:
        return PLURALS[noun]
    if last in ("piano", "photo", "video"):
        return noun + "s"
    return before + space + (PLURALS.get(last) or add_s(last))


def with_article(phrase: str) -> str:
    """The phrase with "a" or "an", which depends on the first sound."""
    vowel = phrase[0].lower() in "aeiou" and not phrase.startswith(("uni", "use", "Euro"))
    return ("an " if vowel else "a ") + phrase


def be(person: Person, *, was: bool = False) -> str:
    """The form of "be": am, are, is; was, were."""
    present, past = PRONOUN_OF.get(person, ("are", "were"))
    return past if was else present


@dataclass(frozen=True)
class Predication:
    """A verb and the words after it. `often` is an adverb of frequency, before a verb but after "be"."""

    verb: Verb
    rest: str = ""
    often: str = ""


def parts(person: Person, verb: Verb, tense: Tense, *, helped: bool) -> tuple[str, str]:
    """(auxiliary or "", the rest of the verb). `helped`: an auxiliary is needed for a negation or a question."""
    base = verb.base
    wanting = {
        "want": ("want", "wanted"),
        "wanted": ("want", "wanted"),
        "must": ("have", "had"),
        "had to": ("have", "had"),
    }
    if tense in wanting:
        outer = Verb(*wanting[tense])
        auxiliary, main = parts(person, outer, "past" if tense in ("wanted", "had to") else "present", helped=helped)
        return auxiliary, f"{main} to {base}"
    if tense in ("progressive", "was doing"):
        return be(person, was=tense == "was doing"), verb.going_on
    if tense in ("future", "can", "could"):
        return {"future": "will", "can": "can", "could": "could"}[tense], base
    if verb == BE:
        return be(person, was=tense == "past"), ""
    if helped:
        return ("did" if tense == "past" else "does" if person == "he" else "do"), base
    return "", verb.past if tense == "past" else verb.third if person == "he" else base


def joined(*words: str) -> str:
    """The words that are not empty, with spaces between them."""
    return " ".join(word for word in words if word)


def statement(subject: str, person: Person, said: Predication, tense: Tense, *, negative: bool = False) -> str:
    """A statement without the final full stop: She doesn't read a book."""
    auxiliary, main = parts(person, said.verb, tense, helped=negative)
    auxiliary = SHORTENED[auxiliary] if negative else auxiliary
    return capital(joined(subject, auxiliary, said.often, main, said.rest))


def question(
    subject: str, person: Person, said: Predication, tense: Tense, *, negative: bool = False, asks: str = ""
) -> str:
    """A question without the question mark: Does she read a book; with `asks`: Where does she read a book."""
    auxiliary, main = parts(person, said.verb, tense, helped=True)
    if negative and auxiliary == "am":
        return capital(joined(asks, "am", subject, "not", said.often, main, said.rest))
    auxiliary = SHORTENED[auxiliary] if negative else auxiliary
    return capital(joined(asks, auxiliary, subject, said.often, main, said.rest))


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
