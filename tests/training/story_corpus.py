"""A corpus folder of made-up stories, in the three files that training reads."""

import random
from pathlib import Path

from training.data.stories import CASED, END_OF_STORY, LOWER

NAMES = ("Tim", "Lily", "Ben", "Mia", "Sam", "Anna", "Tom", "Sue")
ANIMALS = ("cat", "dog", "bird", "fox", "bear", "frog", "duck", "mouse")
PLACES = ("park", "forest", "garden", "house", "river", "school")
THINGS = ("ball", "book", "hat", "kite", "box", "cake", "boat", "drum")


def story(draw: random.Random) -> str:
    """Five or six sentences; the words say which came first."""
    name, animal, place, thing = (draw.choice(words) for words in (NAMES, ANIMALS, PLACES, THINGS))
    sentences = [
        f"Once upon a time, there was a little {animal} named {name}.",
        f"One day, {name} went to the {place} and saw a big red {thing}.",
        f'"What a nice {thing}!" said {name}, and took it home.',
        f"Then the {thing} was lost, so {name} looked for it in the {draw.choice(PLACES)}.",
        f"In the end, {name} found the {thing} and was very happy.",
    ]
    if draw.random() < 0.5:
        sentences.insert(3, f"{name} showed it to a friend, a {draw.choice(ANIMALS)}.")
    return " ".join(sentences)


def write_corpus(folder: Path, stories: int = 260) -> Path:
    """Fill the folder; some of the stories are held out by their hash."""
    draw = random.Random(7)
    made = [story(draw) for _ in range(stories)]
    head, other, rest = made[: stories // 3], made[stories // 3 : 2 * stories // 3], made[2 * stories // 3 :]
    text = f"\n{END_OF_STORY}\n".join(head)
    (folder / CASED[0]).write_text(text, encoding="utf-8")
    (folder / CASED[1]).write_text(f"\n{END_OF_STORY}\n".join(other), encoding="utf-8")
    (folder / LOWER).write_text("\n".join([*head, *rest, "the end is cut"]).lower(), encoding="utf-8")
    return folder
