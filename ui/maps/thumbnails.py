"""All heads as thumbnails, and each head's strongest pair in words."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ui.components.head_grid.head_grid import MOST_CELLS_A_SIDE, thumbnails
from ui.maps.attention import AttentionView
from ui.runs.on_demand import is_kept, kept
from viz.labels import visible
from viz.percent import format_percent
from viz.strongest import sinks
from viz.strongest import strongest as strongest_pair


class Overview(NamedTuple):
    """Thumbnails of all heads, (layers, heads, rows, columns), and each head's strongest pair in words."""

    pictures: NDArray[np.uint8]
    captions: list[list[str]]


MOST_OVERVIEWS = 8  # of one run
TOKENS_UNASKED = 1024  # a side; for longer texts someone must ask for the thumbnails
MANY_HEADS, CELLS_OF_MANY = 64, 48  # with more heads than that each picture has fewer cells, to keep the message small
TOKENS_AT_ONCE = 256  # a side; the heads of longer texts are computed one by one, so that memory holds one pattern


def overview(view: AttentionView, seen: Callable[[float], object] = lambda share: None) -> Overview:
    """The overview of a view, kept as long as its run is: choosing another head draws the same thumbnails.

    `seen` is called with the share that is done; an error it raises ends the work.
    """
    return kept(view.run, _key(view), Overview, lambda: _overview(view, seen), most=MOST_OVERVIEWS)


def seconds(view: AttentionView) -> float:
    """Estimated seconds for the thumbnails of all heads, from the time that one head takes."""
    began = time.perf_counter()
    weights = view.only_kept(view.head_weights(0, 0))
    thumbnails(weights[None], CELLS_OF_MANY), strongest(weights, view.asks, view.keys)
    return (time.perf_counter() - began) * view.layers * view.heads


def costly(view: AttentionView) -> bool:
    """Whether the thumbnails of all heads would take long and do not exist yet."""
    seen = view.attention(0)
    long = max(seen.q.shape[1], seen.k.shape[1]) > TOKENS_UNASKED
    return long and not is_kept(view.run, _key(view))


def _key(view: AttentionView) -> tuple[object, ...]:
    """All that an overview of a run depends on."""
    shape = view.reshaping
    hidden = None if shape is None else (len(shape.queries.kept), len(shape.queries.words), shape.renormalise)
    keys_kept = None if view.kept is None else view.kept.tobytes()
    return "overview", view.kind, view.queries, view.keys, hidden, keys_kept


def _overview(view: AttentionView, seen: Callable[[float], object]) -> Overview:
    pictures, captions = [], []
    cells = CELLS_OF_MANY if view.layers * view.heads > MANY_HEADS else MOST_CELLS_A_SIDE
    for layer in range(view.layers):
        asks = view.attention(layer)
        blocks: Iterable[NDArray[np.float32]]
        if max(asks.q.shape[1], asks.k.shape[1]) <= TOKENS_AT_ONCE:
            blocks = [view.only_kept(view.weights(layer))]
        else:
            blocks = (view.only_kept(view.head_weights(layer, head))[None] for head in range(view.heads))
        small, said = [], []
        for weights in blocks:
            small.append(thumbnails(weights, cells))
            said += [strongest(head, view.asks, view.keys) for head in weights]
            seen((layer * view.heads + len(said)) / (view.layers * view.heads))
        pictures.append(np.concatenate(small))
        captions.append(said)
    return Overview(np.stack(pictures), captions)


def strongest(weights: NDArray[np.float32], queries: tuple[str, ...], keys: tuple[str, ...]) -> str:
    """The strongest pair of a head (query, key) apart from sinks, as “query” → “key” and its share; then its sinks."""
    query, key = strongest_pair(weights)
    pair = f"“{visible(queries[query])}” → “{visible(keys[key])}” {format_percent(float(weights[query, key]))}"
    taken = sinks(weights)
    return pair + "".join(f" · sink “{visible(keys[sink])}” {format_percent(mean)}" for sink, mean in taken.items())
