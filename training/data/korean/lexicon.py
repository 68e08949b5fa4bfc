"""The words of the grammar, read from the tables in words/."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from training.data.korean.conjugation import Irregular, Predicate, predicate
from training.data.korean.english import Verb

FOLDER = Path(__file__).parent / "words"
Count = Literal["c", "u", "p", "n"]
IRREGULAR = ("-", "ㅂ", "ㄷ", "ㅅ", "ㅎ", "르")


@dataclass(frozen=True)
class Noun:
    """A noun in both languages. `count` is c (countable), u (uncountable), p (always plural) or n (a name)."""

    korean: str
    english: str
    count: Count
    kinds: frozenset[str]


@dataclass(frozen=True)
class Place:
    """A place, with its English prepositions: `at` for being there, `to` for going there."""

    korean: str
    english: str
    at: str
    to: str
    kind: str


@dataclass(frozen=True)
class VerbEntry:
    """A verb with its frame, and the kinds of its objects or places."""

    korean: str
    predicate: Predicate
    english: Verb
    frame: str  # obj, gen, the, intr, bare, goal, at
    kinds: frozenset[str]


@dataclass(frozen=True)
class AdjectiveEntry:
    """An adjective with the kinds of its nouns."""

    korean: str
    predicate: Predicate
    english: str
    kinds: frozenset[str]


def rows(name: str, columns: int) -> list[list[str]]:
    """The rows of a table, without comments. Raises ValueError if a row has another number of columns."""
    found = []
    for number, line in enumerate((FOLDER / name).read_text(encoding="utf-8").splitlines(), start=1):
        cells = line.split("\t")
        if line.startswith("#"):
            continue
        if len(cells) != columns or not all(cells):
            raise ValueError(f"{name}, line {number}: expected {columns} cells with tabs between")
        found.append(cells)
    return found


def irregular(cell: str, name: str) -> Irregular:
    """A cell with the kind of irregularity of a stem."""
    if cell not in IRREGULAR:
        raise ValueError(f"{name}: '{cell}' is none of {', '.join(IRREGULAR)}")
    return cast(Irregular, cell)


@cache
def nouns() -> tuple[Noun, ...]:
    """Every noun that is not a place."""
    return tuple(Noun(k, e, cast(Count, c), frozenset(kinds.split())) for k, e, c, kinds in rows("nouns.tsv", 4))


@cache
def places() -> tuple[Place, ...]:
    """Every place."""
    return tuple(Place(*cells) for cells in rows("places.tsv", 5))


@cache
def verbs() -> tuple[VerbEntry, ...]:
    """Every verb."""
    found = []
    for korean, way, english, past, frame in rows("verbs.tsv", 5):
        name, _, kinds = frame.partition(":")
        p = predicate(korean, irregular(way, "verbs.tsv"), "verb")
        found.append(VerbEntry(korean, p, Verb(english, past), name, frozenset(filter(None, kinds.split(",")))))
    return tuple(found)


@cache
def adjectives() -> tuple[AdjectiveEntry, ...]:
    """Every adjective."""
    return tuple(
        AdjectiveEntry(
            korean, predicate(korean, irregular(way, "adjectives.tsv"), "adjective"), english, frozenset(kinds.split())
        )
        for korean, way, english, kinds in rows("adjectives.tsv", 4)
    )


@cache
def phrases() -> tuple[tuple[str, str], ...]:
    """Fixed phrases, as (Korean, English)."""
    return tuple((k, e) for k, e in rows("phrases.tsv", 2))
