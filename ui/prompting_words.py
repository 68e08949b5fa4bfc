"""What stands on the prompting page, in one or two sentences."""

import numpy as np

from analysis.prompting_shares import BITS, Floats, Length
from ui import header
from ui.prompting_measured import Measured, short
from viz.probabilities import format_percent

LITTLE = 0.5  # bits; a change smaller than this is called little
BY = {"whole": "", "token": ", by its mean over tokens,", "byte": ", by its mean over bytes,"}


def summary(found: Measured, length: Length) -> str:
    """Which answer is likeliest under which prompt, and what the prompts change; token text is safe where markup is read."""
    return f"{winners(found, length)} {changes(found)}".strip()


def quoted(answer: str) -> str:
    return f"“{header.plain(short(answer))}”"


def winners(found: Measured, length: Length) -> str:
    """The likeliest answer under each prompt."""
    if len(found.answers) == 1:
        return "There is one answer, so it has the whole share; type others to set against it."
    shares = found.shares(length)
    best = shares.argmax(axis=1)
    if len(set(best.tolist())) == 1:
        answer, column = found.answers[best[0]], shares[:, best[0]]
        if len(column) == 1:
            under, much = "", share(column[0])
        else:
            under = " under both prompts" if len(column) == 2 else f" under all {len(column)} prompts"
            much = ", ".join(f"{share(value)} ({one.number})" for value, one in zip(column, found.prompts, strict=True))
        return f"**{quoted(answer)}** is the likeliest of {len(found.answers)} answers{BY[length]}{under}: {much} of the share."
    parts = [
        f"prompt {one.number} makes **{quoted(found.answers[j])}** the likeliest ({share(row[j])})"
        for one, j, row in zip(found.prompts, best, shares, strict=True)
    ]
    return f"{sentence_case('; '.join(parts))}{BY[length].rstrip(',')}."


def changes(found: Measured) -> str:
    """Against the first prompt, the answer whose probability another prompt changes most."""
    bits = found.totals * BITS
    moved = bits[1:] - bits[:1]
    if not moved.size:
        return ""
    first = found.prompts[0].number
    if np.abs(moved).max() < LITTLE:
        return f"No prompt changes an answer by more than {LITTLE} bits: they make next to no difference."
    i, j = np.unravel_index(int(np.abs(moved).argmax()), moved.shape)
    how = "likelier" if moved[i, j] > 0 else "less likely"
    return (
        f"The largest change: prompt {found.prompts[int(i) + 1].number} makes {quoted(found.answers[int(j)])} {how} than prompt "
        f"{first} does, by **{abs(moved[i, j]):.1f} bits**{times(float(abs(moved[i, j])))}."
    )


def times(bits: float) -> str:
    """What a difference in bits is as a factor, where it can be pictured."""
    return f" ({2**bits:.1f} times)" if bits < 6.7 else ""


def share(value: float) -> str:
    return format_percent(min(1.0, float(value)))


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def said_of_bars(found: Measured, values: Floats, what: str) -> str:
    """A figure of answers and prompts in words."""
    parts = []
    for one, row in zip(found.prompts, values, strict=True):
        listed = ", ".join(
            f'"{short(answer)}" {what.format(value)}' for answer, value in zip(found.answers, row, strict=True)
        )
        parts.append(f"prompt {one.number} ({one.kind}): {listed}")
    return sentence_case("; ".join(parts)) + "."
