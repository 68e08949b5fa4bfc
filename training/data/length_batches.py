"""Batches of rows of like length, so that little of them is padding."""

import numpy as np


def like_lengths(lengths: np.ndarray, *, tokens: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Every row once: batches of at most `tokens` positions, padding counted, in random order.

    `lengths` is (rows,). A row longer than `tokens` is a batch of its own; rows of one length come in random order.
    """
    order = generator.permutation(len(lengths))
    order = order[np.argsort(lengths[order], kind="stable")]
    batches, first = [], 0
    for place, length in enumerate(lengths[order].tolist()):
        if place > first and (place + 1 - first) * length > tokens:  # the longest so far
            batches.append(order[first:place])
            first = place
    batches.append(order[first:])
    return [batches[i] for i in generator.permutation(len(batches))]
