"""Copy the shipped model's figures from its card into the README: `python -m scripts.readme_figures`.

The card is written by training.export from what was measured; the README repeats its first three tables (shape, BLEU,
demonstrations) between two marks, and a test compares the two.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CARD = ROOT / "model" / "zoo" / "transformer-fr-en" / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
TABLES = 3


def figures(card: str) -> str:
    """The first tables of a model card, as they stand there."""
    tables = re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE)
    if len(tables) < TABLES:
        raise ValueError(f"the card has {len(tables)} tables; its shape, BLEU and demonstrations make {TABLES}")
    return "\n".join(tables[:TABLES])


def between_marks(readme: str) -> str:
    """What the README holds for the figures."""
    return readme.split(BEGIN, 1)[1].split(END, 1)[0].strip("\n") + "\n"


def filled(readme: str, card: str) -> str:
    """The README with the card's figures."""
    before, rest = readme.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{figures(card)}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8"), CARD.read_text(encoding="utf-8")), encoding="utf-8")
