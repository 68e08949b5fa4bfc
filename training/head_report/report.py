"""Scores of a shipped model's heads on held-out text, as heads.json and as a section of its card.

`heads.json` is beside the weights: {"text": a description of the texts, "scores": {"encoder" | "decoder" | "cross": {score:
a list of heads for each layer, null if undefined}}}. The scores are those of analysis/head_scores.py.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from analysis.head_scores import OF_PART, SCORES, HeadScores, ScoreName, merged, score_trace
from model.language_model import LanguageModel
from model.tap import StackName
from model.trace import AttentionPart, Trace

STACKS: Mapping[str, tuple[StackName, AttentionPart]] = {
    "encoder": ("encoder", "self"),
    "decoder": ("decoder", "self"),
    "cross": ("decoder", "cross"),
}
OF_KIND: Mapping[str, tuple[str, ...]] = {
    "encoder": ("encoder",),
    "decoder": ("decoder",),
    "encoder-decoder": ("encoder", "decoder", "cross"),
}
TITLES = {"encoder": "encoder", "decoder": "decoder", "cross": "cross-attention"}
HEADING = "## What its heads do"
NAMED_FROM = 0.4  # heads are listed from this score on
MOST_NAMED = 4

Scores = dict[str, dict[str, list[list[float | None]]]]


def measure(lm: LanguageModel, traces: Iterable[Trace]) -> Scores:
    """The scores of every head, averaged over the queries of all texts and rounded to 3 decimals."""
    found: dict[str, list[HeadScores]] = {name: [] for name in OF_KIND[lm.kind]}
    for trace in traces:
        for name, kept in found.items():
            kept.append(score_trace(trace, *STACKS[name]))
    return {
        name: {
            score: [[None if x is None else round(x, 3) for x in row] for row in table]
            for score, table in lists.items()
        }
        for name, lists in ((name, merged(kept).as_lists()) for name, kept in found.items())
    }


def write_heads(scores: Scores, text: str, folder: Path) -> None:
    """Write heads.json into a model's folder."""
    content = {"text": text, "scores": scores}
    (folder / "heads.json").write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def strongest(table: Sequence[Sequence[float | None]]) -> list[tuple[float, int, int]]:
    """(score, layer, head) of the heads with at least NAMED_FROM, the highest first."""
    heads = [(x, layer, head) for layer, row in enumerate(table) for head, x in enumerate(row) if x is not None]
    return sorted((one for one in heads if one[0] >= NAMED_FROM), key=lambda one: (-one[0], one[1:]))


def named(table: Sequence[Sequence[float | None]]) -> str:
    """The strongest heads of one score as `layer.head (score)`, or only the highest if none reaches NAMED_FROM."""
    found = strongest(table)
    if found:
        more = f", and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        return ", ".join(f"{layer}.{head} ({x:.2f})" for x, layer, head in found[:MOST_NAMED]) + more
    every = [(x, layer, head) for layer, row in enumerate(table) for head, x in enumerate(row) if x is not None]
    if not every:
        return "not defined here"
    x, layer, head = max(every, key=lambda one: one[0])
    return f"none; the highest is {layer}.{head} ({x:.2f})"


def head_section(scores: Scores, text: str) -> str:
    """The card's section about its heads."""
    lines = [
        HEADING,
        "",
        f"Measured on {text}: the share of attention that falls on the keys a score names, from 0 to 1, averaged over the queries",
        f"that have such a key and another. Listed are heads, as layer.head, from {NAMED_FROM:g} on.",
        "",
        "| attention | score | heads |",
        "|---|---|---|",
    ]
    for name, tables in scores.items():
        for score in OF_PART[STACKS[name][1]]:
            meaning = SCORES[score].title.lower()
            lines.append(f"| {TITLES[name]} | {meaning} | {named(tables[score])} |")
    used: list[ScoreName] = [score for score in SCORES if any(score in OF_PART[STACKS[name][1]] for name in scores)]
    lines += ["", *(f"- {SCORES[score].title}: {SCORES[score].meaning}" for score in used)]
    return "\n".join(lines) + "\n"


def describe_heads(lm: LanguageModel, traces: Callable[[], Iterable[Trace]], text: str, folder: Path) -> str:
    """Measure the heads and write heads.json into the folder. Returns the section for the card."""
    scores = measure(lm, traces())
    write_heads(scores, text, folder)
    return head_section(scores, text)
