"""Measure the heads of a shipped model again: `python -m training.head_report.describe --model NAME --corpus DIR`.

Writes heads.json in its folder and the section of its card about heads. The weights do not change.
"""

import argparse
from pathlib import Path

import model
from model.loading.checkpoint import ZOO
from training.head_report.held_out_runs import held_out_traces
from training.head_report.report import HEADING, describe_heads
from training.recipes import RECIPES


def without_section(card: str) -> str:
    """A card without its last section, which is about heads."""
    return card.split(f"\n{HEADING}\n", 1)[0].rstrip("\n") + "\n"


def describe(name: str, folder: Path, corpus: Path) -> None:
    """Measure the heads, write heads.json and replace the section of the card."""
    lm = model.load(folder, device="cpu", dtype="float32")
    traces, about = held_out_traces(lm, RECIPES[name], corpus)
    section = describe_heads(lm, traces, about, folder)
    card = folder / "README.md"
    card.write_text(without_section(card.read_text(encoding="utf-8")) + "\n" + section, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs or of the stories")
    args = parser.parse_args()
    describe(args.model, ZOO / args.model, args.corpus)


if __name__ == "__main__":
    main()
