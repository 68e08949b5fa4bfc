"""Batches of rows of similar length, so that little of them is padding."""

import numpy as np


def cut_batches(order: np.ndarray, lengths: np.ndarray, *, tokens: int) -> list[np.ndarray]:
    """Cut rows, in the given order, into batches of at most `tokens` positions, padding counted.

    `lengths` is (sides, rows): a source and a target are two sides, and each side is padded to its longest row. A row
    longer than `tokens` is a batch of its own.
    """
    batches, first, longest = [], 0, [0] * len(lengths)
    for place, row in enumerate(lengths[:, order].T.tolist()):
        longer = [max(pair) for pair in zip(longest, row, strict=True)]
        if place > first and sum(longer) * (place + 1 - first) > tokens:
            batches.append(order[first:place])
            first, longer = place, row
        longest = longer
    return [*batches, order[first:]]


def like_lengths(lengths: np.ndarray, *, tokens: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Every row once, in batches of at most `tokens` positions. Batches, and rows of one length, are in random order.

    `lengths` is (rows,).
    """
    order = generator.permutation(len(lengths))
    batches = cut_batches(order[np.argsort(lengths[order], kind="stable")], lengths[None], tokens=tokens)
    return [batches[i] for i in generator.permutation(len(batches))]
