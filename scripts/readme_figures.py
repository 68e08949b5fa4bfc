"""Copy the shipped models' figures from their cards into the README: `python -m scripts.readme_figures`.

The cards are written by training.export from what was measured. The README repeats the translator's first three tables
(shape, BLEU, demonstrations) between two marks, and between two others sets the models of stories side by side; a test
compares README and cards.
"""

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
ZOO = ROOT / "model" / "zoo"
CARD = ZOO / "transformer-fr-en" / "README.md"
MARKS = ("<!-- figures -->", "<!-- /figures -->")
STORY_MARKS = ("<!-- stories -->", "<!-- /stories -->")
TABLES = 3


def figures(card: str) -> str:
    """The first tables of a model card, unchanged."""
    tables = re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE)
    if len(tables) < TABLES:
        raise ValueError(f"the card has {len(tables)} tables; its shape, BLEU and demonstrations make {TABLES}")
    return "\n".join(tables[:TABLES])


def story_cards() -> dict[str, str]:
    """The cards of the shipped models that continue stories, by name."""
    cards = {path.parent.name: path.read_text(encoding="utf-8") for path in ZOO.glob("*/README.md")}
    return {name: card for name, card in cards.items() if "bits per byte**" in card}


def stories(cards: Mapping[str, str]) -> str:
    """A table of the models that continue stories, fewest bits per byte first."""
    lines = []
    for name, card in cards.items():
        bits = said(card, r"\*\*([\d.]+) bits per byte\*\*")
        architecture = said(card, r"\| architecture \| ([^:(|]+?)[:(| ]")
        parameters = said(card, r"\| parameters \| ([\d.]+ million)")
        epochs = float(said(card, r"steps of about [\d,]+ tokens, ([\d.]+) epochs"))
        counted, kept, circling = (
            said(
                card,
                r"Of (?P<counted>\d+) continuations .*? said again in (?P<kept>\d+), .*?in\s+a\s+row in (?P<circling>\d+)",
                part,
            )
            for part in ("counted", "kept", "circling")
        )
        model = f"[`{name}`](model/zoo/{name}/README.md)"
        row = f"| {model} | {architecture} | {parameters} | {epochs:g} | {bits} | {kept} of {counted} | {circling} |"
        lines.append((float(bits), row))
    columns = ("model", "architecture", "parameters", "epochs", "bits per byte", "name said again", "going in circles")
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    return "\n".join([head, *(row for _, row in sorted(lines))]) + "\n"


def said(card: str, pattern: str, group: str | int = 1) -> str:
    """The text that a pattern finds in a card; ValueError where there is none."""
    found = re.search(pattern, card, flags=re.DOTALL)
    if found is None:
        raise ValueError(f"the card says nothing like {pattern}")
    return found.group(group)


def between_marks(readme: str, marks: tuple[str, str] = MARKS) -> str:
    """The part of the README between the marks."""
    return readme.split(marks[0], 1)[1].split(marks[1], 1)[0].strip("\n") + "\n"


def filled(readme: str, figures: str, marks: tuple[str, str] = MARKS) -> str:
    """The README with these figures between these marks."""
    before, rest = readme.split(marks[0], 1)
    after = rest.split(marks[1], 1)[1]
    return f"{before}{marks[0]}\n\n{figures}\n{marks[1]}{after}"


if __name__ == "__main__":
    text = filled(README.read_text(encoding="utf-8"), figures(CARD.read_text(encoding="utf-8")))
    README.write_text(filled(text, stories(story_cards()), STORY_MARKS), encoding="utf-8")
