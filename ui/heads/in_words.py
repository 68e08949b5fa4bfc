"""What a head does on a text, in plain sentences."""

from dataclasses import dataclass

import numpy as np

from analysis.head_scores import OF_PART, SCORES, ScoreName
from analysis.head_summary import HeadSummary
from viz.percent import format_percent

LOOKS_AT: dict[ScoreName, str] = {
    "previous": "the previous token",
    "next": "the next token",
    "same": "the token itself",
    "first": "the first token",
    "separator": "separators: special tokens, punctuation and line breaks",
    "duplicate": "earlier occurrences of the same token",
    "induction": "what followed an earlier occurrence of the current token",
}
CLEAR = 0.3  # a score this far above even attention is said to describe a head


@dataclass(frozen=True)
class HeadScore:
    """One score of one head."""

    name: ScoreName
    here: float | None  # None where the text has nothing to average over
    even: float | None  # what a head that spreads its attention evenly scores
    count: int  # how many it is averaged over

    @property
    def lift(self) -> float:
        """How far above even attention."""
        return -1.0 if self.here is None else self.here - (self.even or 0.0)


def scores_of(summary: HeadSummary, layer: int, head: int) -> list[HeadScore]:
    """Every score of one head, in the order in which they are defined."""
    found = []
    for name in OF_PART[summary.scores.part]:
        here, even = summary.scores.mean(name)[layer, head], summary.even.mean(name)[layer, 0]
        # The largest weight of an even row is whichever comes first: coverage says nothing of it.
        undefined = np.isnan(even) or name == "coverage"
        found.append(
            HeadScore(
                name,
                None if np.isnan(here) else float(here),
                None if undefined else float(even),
                int(summary.scores.counts[name][layer]),
            )
        )
    return found


def place(summary: HeadSummary, name: ScoreName, layer: int, head: int) -> str:
    """The rank of a head's score among all heads, in words."""
    values = summary.scores.mean(name)
    above = int((values > values[layer, head]).sum())
    if above == 0:
        return (
            "more than any other head"
            if int((values == values[layer, head]).sum()) == 1
            else "as much as any other head"
        )
    return f"place {above + 1} of {values.size}"


def does(summary: HeadSummary, layer: int, head: int) -> str:
    """A sentence about the head's score that is furthest above even attention."""
    name = f"L{layer} H{head}"
    known = [score for score in scores_of(summary, layer, head) if score.here is not None and score.name != "coverage"]
    if not known:
        return f"This text is too short to say what {name} does."
    best = max(known, key=lambda score: score.lift)
    assert best.here is not None
    share = format_percent(best.here)
    beside = "" if best.even is None else f"; attention spread evenly would give {format_percent(best.even)}"
    stands = place(summary, best.name, layer, head)
    if best.lift < CLEAR:
        return (
            f"On this text no one score describes {name}. Most above even attention is “{SCORES[best.name].title.lower()}”, "
            f"{share} ({stands}{beside})."
        )
    if best.name == "alignment":
        return (
            f"On this text, {name} pairs target and source tokens off one to one with {share} of its attention on average "
            f"({stands}{beside})."
        )
    queries = "one query" if best.count == 1 else f"{best.count} queries"
    return f"On this text, {name} puts {share} of its attention on {LOOKS_AT[best.name]} (mean of {queries}; {stands}{beside})."


def spread(summary: HeadSummary, layer: int, head: int) -> str:
    """A sentence about the entropy of a head's rows and the mean distance it looks."""
    bits = float(summary.entropy[layer, head])
    if np.isnan(bits):
        return ""
    wide = f"Its rows have {bits:.2f} bits of entropy, as if spread evenly over {2**bits:.1f} tokens"
    if summary.distance is None:
        return f"{wide}."
    return f"{wide}, {float(summary.distance[layer, head]):.1f} tokens away on average."
