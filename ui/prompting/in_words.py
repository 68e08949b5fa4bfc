"""The results of the prompting page in one or two sentences."""

import numpy as np

from analysis.prompting_shares import BITS, Floats, Length
from ui.figures import markdown
from ui.prompting.scores import Measured, short
from viz.prompting import percent

LITTLE = 0.5  # bits; a change smaller than this is called little
BY = {"whole": "", "token": ", by its mean over tokens,", "byte": ", by its mean over bytes,"}


def summary(found: Measured, length: Length) -> str:
    """Which answer is the most probable under which prompt, and what the prompts change, as Markdown."""
    return f"{winners(found, length)} {changes(found)}".strip()


def quoted(answer: str) -> str:
    return f"“{markdown.plain(short(answer))}”"


def winners(found: Measured, length: Length) -> str:
    """A sentence about the most probable answer under each prompt."""
    if len(found.answers) == 1:
        return "There is one answer, so it has the whole share; type others to set against it."
    shares = found.shares(length)
    best = shares.argmax(axis=1)
    if len(set(best.tolist())) == 1:
        answer, column = found.answers[best[0]], shares[:, best[0]]
        under = {1: "", 2: " under both prompts"}.get(len(column), f" under all {len(column)} prompts")
        much = listed([percent(value) for value in column])
        of = len(found.answers)
        return f"**{quoted(answer)}** is the likeliest of {of} answers{BY[length]}{under}, with {much} among them."
    parts = [
        f"prompt {one.number} makes **{quoted(found.answers[j])}** the likeliest ({percent(row[j])})"
        for one, j, row in zip(found.prompts, best, shares, strict=True)
    ]
    return f"{sentence_case('; '.join(parts))}{BY[length].rstrip(',')}."


def changes(found: Measured) -> str:
    """A sentence about the largest change against the first prompt, among the answers that are best under some prompt."""
    bits = found.totals * BITS
    best = sorted(set(bits.argmax(axis=1).tolist()))
    moved = (bits[1:] - bits[:1])[:, best]
    if not moved.size:
        return ""
    first = found.prompts[0].number
    if np.abs(moved).max() < LITTLE:
        return f"No prompt changes its probability by more than {LITTLE} bits: they make next to no difference."
    i, j = np.unravel_index(int(np.abs(moved).argmax()), moved.shape)
    how = "likelier" if moved[i, j] > 0 else "less likely"
    return (
        f"Prompt {found.prompts[int(i) + 1].number} makes {quoted(found.answers[best[int(j)]])} {how} than prompt {first} does, "
        f"by **{abs(moved[i, j]):.1f} bits**{times(float(abs(moved[i, j])))}."
    )


def times(bits: float) -> str:
    """A difference in bits as a factor; nothing for a factor above 100."""
    return f" ({2**bits:.1f} times)" if bits < 6.7 else ""


def listed(parts: list[str]) -> str:
    """ "a, b and c" """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def said_of_bars(found: Measured, values: Floats, what: str) -> str:
    """The values of a figure of answers and prompts in words."""
    parts = []
    for one, row in zip(found.prompts, values, strict=True):
        listed = ", ".join(
            f'"{short(answer)}" {what.format(value)}' for answer, value in zip(found.answers, row, strict=True)
        )
        parts.append(f"prompt {one.number} ({one.kind}): {listed}")
    return sentence_case("; ".join(parts)) + "."
