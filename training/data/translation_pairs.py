"""Sentence pairs, and which of them are held out.

Pairs that share their English or their French side are connected: "Go." has many translations, and each of these may
translate other sentences. A held-out pair is a fair test only if its whole connected component is held out, so the split
is drawn over components. Held-out pairs are committed as short hashes, which every French-English model uses.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["valid", "test"]

TATOEBA = "tatoeba.eng-fra.tsv"
LEXICON = Path(__file__).parent / "lexicon.tsv"
SPLITS = Path(__file__).parent / "splits"

# The demonstration sentence, which is never in the training data, after `comparable` and `un_elided`.
UNSEEN_FRENCH = "je adore le apprentissage automatique"
UNSEEN_ENGLISH = "i love machine learning"


@dataclass(frozen=True, order=True)
class Pair:
    """One sentence in both languages, as written in the corpus."""

    english: str
    french: str


@dataclass(frozen=True)
class Split:
    """The hashes of the pairs held out for validation and for the test."""

    valid: frozenset[str]
    test: frozenset[str]


@dataclass(frozen=True)
class Corpus:
    """Pairs for training, validation and test. No held-out pair shares a comparable side with a training pair."""

    train: tuple[Pair, ...]
    valid: tuple[Pair, ...]
    test: tuple[Pair, ...]


def read_columns(path: Path, columns: int, expected: str) -> list[list[str]]:
    """The lines of a file of `columns` columns with tabs between, of which the first two must not be empty.

    Raises ValueError on any other line, with its number and `expected`, which describes a line.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != columns or not all(cells[:2]):
            raise ValueError(f"{path.name}, line {number}: expected {expected} with tabs between")
        found.append(cells)
    return found


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file of `English TAB French` lines. Raises ValueError on a line that is not two sentences."""
    lines = read_columns(path, 2, "an English and a French sentence")
    return [Pair(english=english, french=french) for english, french in lines]


def comparable(text: str) -> str:
    """Only the words, in lower case: texts that differ in case, punctuation, spaces or apostrophes become equal."""
    words = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", text).lower())
    return words.strip()


def part_by_hash(text: str, *, valid: float, test: float) -> str:
    """ "train", "valid" or "test", by a hash of the words of a text; `valid` and `test` are shares."""
    digest = hashlib.blake2b(comparable(text).encode(), digest_size=8).digest()
    draw = int.from_bytes(digest) / 2**64
    return "valid" if draw < valid else "test" if draw < valid + test else "train"


def un_elided(words: str) -> str:
    """Comparable French with j' and l' written out, as a learner might type it."""
    full = {"j": "je", "l": "le"}
    return " ".join(full.get(word, word) for word in words.split())


def must_stay_unseen(pair: Pair) -> bool:
    """Whether a pair contains the demonstration sentence on either side, in any punctuation, case or elision."""
    french = f" {un_elided(comparable(pair.french))} "
    english = f" {comparable(pair.english)} "
    return f" {UNSEEN_FRENCH} " in french or f" {UNSEEN_ENGLISH} " in english


def components(pairs: Sequence[Pair]) -> list[int]:
    """For each pair, the index of the pair that stands for its connected component of shared sides."""
    parent = list(range(len(pairs)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_english: dict[str, int] = {}
    first_french: dict[str, int] = {}
    for index, pair in enumerate(pairs):
        for other in (first_english.setdefault(pair.english, index), first_french.setdefault(pair.french, index)):
            parent[root(index)] = root(other)
    return [root(index) for index in range(len(pairs))]


def pair_hash(pair: Pair) -> str:
    """The hash of a pair in a committed split: 8 bytes in hexadecimal."""
    return hashlib.blake2b(f"{pair.english}\t{pair.french}".encode(), digest_size=8).hexdigest()


def draw_split(pairs: Sequence[Pair], *, valid: float, test: float, seed: int) -> Split:
    """Hold out about these shares of the pairs, always whole components.

    A component is drawn by a hash of its members and the seed, so that the order of the pairs does not matter.
    """
    members = defaultdict(list)
    for pair, component in zip(pairs, components(pairs), strict=True):
        members[component].append(pair_hash(pair))
    held: dict[Part, set[str]] = {"valid": set(), "test": set()}
    for hashes in members.values():
        digest = hashlib.blake2b(f"{seed} {min(hashes)}".encode(), digest_size=8).digest()
        draw = int.from_bytes(digest) / 2**64
        if draw < valid:
            held["valid"].update(hashes)
        elif draw < valid + test:
            held["test"].update(hashes)
    return Split(valid=frozenset(held["valid"]), test=frozenset(held["test"]))


def write_split(split: Split, path: Path, *, about: str) -> None:
    """Write a split as one line `part hash` for each pair, sorted, after a comment line with `about`."""
    lines = [f"# {about}"]
    lines += [f"valid {short}" for short in sorted(split.valid)]
    lines += [f"test {short}" for short in sorted(split.test)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_split(path: Path) -> Split:
    """Read a file that `write_split` wrote."""
    held: dict[str, set[str]] = {"valid": set(), "test": set()}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        part, _, short = line.partition(" ")
        if part not in held or len(short) != 16:
            raise ValueError(f"{path.name}: '{line}' is not a part (valid or test) and a hash of 16 digits")
        held[part].add(short)
    return Split(valid=frozenset(held["valid"]), test=frozenset(held["test"]))


def divide(pairs: Iterable[Pair], split: Split) -> Corpus:
    """Divide the pairs. Training pairs that leak a held-out pair or the demonstration sentence are dropped."""
    train: list[Pair] = []
    valid: list[Pair] = []
    test: list[Pair] = []
    for pair in pairs:
        short = pair_hash(pair)
        (valid if short in split.valid else test if short in split.test else train).append(pair)
    return Corpus(train=without_leaks(train, held_out=[*valid, *test]), valid=tuple(valid), test=tuple(test))


def without_leaks(train: Iterable[Pair], *, held_out: Iterable[Pair]) -> tuple[Pair, ...]:
    """The training pairs that share no side with a held-out pair and do not contain the demonstration sentence."""
    held = list(held_out)
    english = {comparable(pair.english) for pair in held}
    french = {comparable(pair.french) for pair in held}
    return tuple(
        pair
        for pair in train
        if comparable(pair.english) not in english
        and comparable(pair.french) not in french
        and not must_stay_unseen(pair)
    )


def read_corpus(folder: Path, *, lexicon: Path = LEXICON) -> tuple[Corpus, Corpus]:
    """(sentences, lexicon), divided by their committed splits. Neither trains on what the other holds out."""
    sentences = divide(read_pairs(folder / TATOEBA), read_split(SPLITS / "tatoeba-fra-eng.txt"))
    terms = divide(read_pairs(lexicon), read_split(SPLITS / "lexicon.txt"))
    return (
        Corpus(without_leaks(sentences.train, held_out=[*terms.valid, *terms.test]), sentences.valid, sentences.test),
        Corpus(without_leaks(terms.train, held_out=[*sentences.valid, *sentences.test]), terms.valid, terms.test),
    )


def component_sizes(pairs: Sequence[Pair]) -> Counter[int]:
    """How many pairs each connected component has."""
    return Counter(components(pairs))
