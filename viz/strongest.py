"""The pair of a head that is worth a sentence: its strongest, leaving out what every head has."""

import numpy as np

from viz.frame import Floats, largest_cell

SINK = 0.3  # of the attention on average makes a key a sink (Gu et al. 2024)
LEAST_QUERIES = 4  # that see a key before it can be called one


def is_forced(weights: Floats) -> bool:
    """Whether the first row of weights (query, key) sees the first key alone, as in every causal head: its weight is 1 by rule."""
    if min(weights.shape) < 2:
        return False
    return bool(weights[0, 0] >= 1 - 1e-5 and not np.nan_to_num(weights[0, 1:]).any())


def sinks(weights: Floats) -> dict[int, float]:
    """The keys that take much of the attention whatever the query, with their mean share: attention sinks.

    The mean is over the queries that see the key, without a first row that sees nothing else. At least LEAST_QUERIES must see it,
    and the mean be above SINK and above twice an even share.
    """
    rows = np.nan_to_num(weights[1:] if is_forced(weights) else weights)
    if not rows.size:
        return {}
    seen = np.count_nonzero(rows, axis=0)
    means = rows.sum(axis=0, dtype=np.float64) / np.maximum(seen, 1)
    found = (seen >= LEAST_QUERIES) & (means > max(SINK, 2 / rows.shape[1]))
    return {int(key): float(means[key]) for key in np.flatnonzero(found)}


def strongest(weights: Floats) -> tuple[int, int]:
    """(query, key) of the largest weight, leaving out a forced first row and sinks, unless nothing else has any weight."""
    seen = np.array(np.nan_to_num(weights))
    if is_forced(weights):
        seen[0] = 0
    apart = seen.copy()
    apart[:, list(sinks(weights))] = 0
    return largest_cell(next((one for one in (apart, seen) if one.any()), np.nan_to_num(weights)))
