"""Short stories, and which of them are held out.

They come from three files of TinyStories (Eldan and Li 2023): two in their original case and one in lower case. Capitals
are restored by rule in the stories that only the third file has. A hash of a story's words decides whether it is held out,
so that every model trains on the same stories.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.translation_pairs import comparable, part_by_hash

END_OF_STORY = "<|endoftext|>"
CASED = ("tinystories-head.txt", "tinystories-10k.txt")
LOWER = "tinystories-lowercase.txt"  # continues the first file of CASED; a line break ends a story
VALID_SHARE, TEST_SHARE = 0.01, 0.02
SHORTEST = 120  # characters; shorter stories were cut at the end of a file

_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " "})
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_SAID = (
    "said|says|asked|asks|replied|answered|shouted|cried|yelled|whispered|exclaimed|called|laughed|thought|told|added"
)
# A sentence starts at the beginning of a text, a line or direct speech, after a full stop, and after the end of direct
# speech unless words such as "he said" follow.
_SENTENCE_START = re.compile(
    rf"""(?:(?:^|\n|[.!?]\s+)["']*|[,:]\s+"|[.!?]"\s+"|[.!?]"\s+(?!(?:[\w']+\s){{0,3}}?(?:{_SAID})\b))([a-z])"""
)
NAMES_CAPITAL_SHARE = 0.8  # a word is a name if it has a capital this often inside sentences


@dataclass(frozen=True)
class Stories:
    """The stories for training, validation and test."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]


def tidy(text: str) -> str:
    """The text with one line for each paragraph, straight quotation marks, no spaces at line ends, and ASCII only."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.translate(_TYPOGRAPHY).splitlines())
    return "\n".join(line.encode("ascii", "ignore").decode() for line in lines if line)


def names_in(stories: Iterable[str]) -> dict[str, str]:
    """The names in the stories, by their lower-case form: words that usually have a capital inside sentences."""
    capital: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    written: dict[str, str] = {}
    for story in stories:
        for match in _WORD.finditer(story):
            before = story[max(0, match.start() - 2) : match.start()]
            if not re.fullmatch(r"[a-z,] ", before):
                continue  # a sentence may begin here
            word = match.group()
            seen[word.lower()] += 1
            if word[0].isupper():
                capital[word.lower()] += 1
                written.setdefault(word.lower(), word)
    return {word: written[word] for word, count in capital.items() if count >= NAMES_CAPITAL_SHARE * seen[word]}


def capitalised(story: str, names: dict[str, str]) -> str:
    """A lower-case story with capitals at sentence starts and in names."""
    text = _WORD.sub(lambda match: names.get(match.group(), match.group()), story)
    return _SENTENCE_START.sub(lambda match: match.group()[:-1] + match.group(1).upper(), text)


def lower_case_rest(lower: str, head: str) -> list[str]:
    """The stories of the lower-case file that are not in the file it begins with."""
    probe = head.lower()[-260:-200]
    at = lower.find(probe)
    if at < 0:
        raise ValueError(f"{LOWER} does not go on where {CASED[0]} ends")
    return re.split(r"(?<!\n)\n(?!\n)", lower[at:])[1:-1]  # the first and the last are cut


def part_of(story: str) -> str:
    """ "train", "valid" or "test", by a hash of the words; the place in a file does not matter."""
    return part_by_hash(story, valid=VALID_SHARE, test=TEST_SHARE)


def divide(stories: Iterable[str]) -> Stories:
    """Divide the stories. Of stories that differ only in case or punctuation, the first is kept."""
    parts: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    met: set[str] = set()
    for story in stories:
        words = comparable(story)
        if len(story) < SHORTEST or words in met:
            continue
        met.add(words)
        parts[part_of(story)].append(story)
    held_openings = {opening(story) for part in ("valid", "test") for story in parts[part]}
    train = [story for story in parts["train"] if opening(story) not in held_openings]
    return Stories(tuple(train), tuple(parts["valid"]), tuple(parts["test"]))


def opening(story: str) -> str:
    """The first thirty words, which near copies share."""
    return " ".join(comparable(story).split()[:30])


def read_stories(folder: Path) -> Stories:
    """The stories of a folder that has the three files."""
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in (*CASED, LOWER)}
    cased = [tidy(story) for name in CASED for story in texts[name].split(END_OF_STORY)]
    names = names_in(cased)
    rest = [capitalised(tidy(story), names) for story in lower_case_rest(texts[LOWER], texts[CASED[0]])]
    return divide([*cased, *rest])


def sentences_of(story: str) -> list[str]:
    """The sentences of a story, in order. Direct speech stays with the rest of its sentence."""
    found = re.split(r'(?<=[.!?])\s+|(?<=[.!?]")\s+(?=[A-Z"])|\n', story)
    return [sentence for sentence in (part.strip() for part in found) if sentence]


def utf8_bytes(stories: Sequence[str]) -> int:
    """The size of all stories in bytes, for bits per byte."""
    return sum(len(story.encode()) for story in stories)
