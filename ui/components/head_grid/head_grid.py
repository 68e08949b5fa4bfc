"""Every head of every layer as a small picture on one canvas; a click or the arrow keys choose one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components.browser import browser_component, index_in, told
from ui.components.chosen_head.chosen_head import chosen_head
from ui.components.payload import PayloadError, pack

MOST_CELLS_A_SIDE = 64  # rows and columns of a picture; more than a cell has pixels for

HTML = """
<div class="root head-grid" data-testid="head-grid">
  <div class="group" hidden></div>
  <div class="scroll"><div class="board" role="listbox" tabindex="0"><canvas aria-hidden="true"></canvas></div></div>
  <div class="more" hidden></div>
  <div class="tip" role="status" data-testid="head-tip" hidden><b></b><span></span></div>
</div>
"""
_mount = browser_component("head_grid", HTML)


@dataclass(frozen=True)
class HeadEvent:
    """The head a person chose; both count from 0."""

    layer: int
    head: int
    pressed: bool = field(
        default=False, repr=False
    )  # clicked, or Enter or Space; False where an arrow key only moved there


def thumbnails(weights: NDArray[np.floating], most: int = MOST_CELLS_A_SIDE) -> NDArray[np.uint8]:
    """(heads, query, key) shares from 0 to 1 -> (heads, rows, columns) from 0 to 255, rows and columns <= `most`.

    A picture's cell is the largest share of its block, so a single strong link stays visible however long the text is.
    Blocks are as even as whole numbers allow; a text of at most `most` tokens is kept cell for cell.
    """
    if weights.ndim != 3 or 0 in weights.shape:
        raise PayloadError(f"weights have shape {weights.shape}; (heads, query, key) with none of them 0 is needed")
    if most < 1:
        raise PayloadError(f"a picture needs at least one cell, not {most}")
    pooled = _pool(_pool(weights, 1, most), 2, most)
    return _as_bytes(pooled)


def signed_thumbnails(changes: NDArray[np.floating], top: float, most: int = MOST_CELLS_A_SIDE) -> NDArray[np.uint8]:
    """(heads, query, key) values around zero -> (heads, rows, columns): 128 is zero, 1 is -top, 255 is top, 0 is blank.

    A picture's cell is the value of its block that is furthest from zero; NaN is passed over, and a block of nothing
    else is blank. Values beyond `top` get its colour.
    """
    if changes.ndim != 3 or 0 in changes.shape or not top > 0:
        raise PayloadError(
            f"changes of shape {changes.shape} up to {top}: (heads, query, key) and more than 0 are needed"
        )
    high = _pool(_pool(np.where(np.isnan(changes), -np.inf, changes), 1, most), 2, most)
    low = -_pool(_pool(np.where(np.isnan(changes), -np.inf, -changes), 1, most), 2, most)
    furthest = np.where(high >= -low, high, low)
    share = np.clip(np.where(np.isfinite(furthest), furthest, 0) / top, -1, 1)
    return np.where(np.isfinite(furthest), 128 + np.rint(127 * share), 0).astype(np.uint8)


def grid_payload(
    weights: NDArray[np.uint8] | NDArray[np.floating],
    *,
    selected: tuple[int, int],
    grid: str = "",
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    names: Sequence[Sequence[str]] | None = None,
    captions: Sequence[Sequence[str]] | None = None,
    group_label: str = "",
    label: str = "All heads",
    diverging: Sequence[str] = (),
    colours: Sequence[str] = (),
    isolates: bool = False,
) -> bytes:
    """The message to the browser, as `head_grid` describes it; PayloadError where it could not be drawn.

    With the key of a `grid` the chosen head stays out of it: `chosen_head` tells that one.
    """
    if weights.ndim != 4 or 0 in weights.shape:
        raise PayloadError(
            f"weights have shape {weights.shape}; (layers, heads, query, key), none of them 0, is needed"
        )
    layers, heads, rows, columns = weights.shape
    if max(rows, columns) > MOST_CELLS_A_SIDE:
        raise PayloadError(
            f"{rows} x {columns} cells a head are more than {MOST_CELLS_A_SIDE} x {MOST_CELLS_A_SIDE}; pool with thumbnails()"
        )
    layer, head = selected
    if not (0 <= layer < layers and 0 <= head < heads):
        raise PayloadError(f"layer {layer}, head {head} is not among {layers} layers of {heads} heads")
    header = {
        "layers": layers,
        "heads": heads,
        "rows": rows,
        "columns": columns,
        "selected": None if grid else [layer, head],
        "grid": grid,
        "row_labels": _fit(row_labels, [f"L{row}" for row in range(layers)], "row labels"),
        "column_labels": _fit(column_labels, [f"H{column}" for column in range(heads)], "column labels"),
        "names": _table(names, [[f"layer {r} · head {c}" for c in range(heads)] for r in range(layers)], "names"),
        "captions": _table(captions, [[""] * heads] * layers, "captions"),
        "group": group_label,
        "label": label,
        "diverging": list(diverging),
        "colours": list(colours),
        "isolates": isolates,
    }
    return pack(header, _as_bytes(weights).tobytes())


def head_grid(
    weights: NDArray[np.uint8] | NDArray[np.floating],
    *,
    selected: tuple[int, int],
    key: str,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    names: Sequence[Sequence[str]] | None = None,
    captions: Sequence[Sequence[str]] | None = None,
    group_label: str = "",
    label: str = "All heads",
    diverging: Sequence[str] = (),
    colours: Sequence[str] = (),
    on_head: Callable[[HeadEvent], None] | None = None,
    on_alone: Callable[[HeadEvent], None] | None = None,
) -> HeadEvent | None:
    """Draws weights (layers, heads, query <= 64, key <= 64) and returns the head that was chosen in this run, if any.

    weights: uint8 as `thumbnails` makes them, or floats from 0 to 1. selected: (layer, head).
    names[layer][head] is said on hover and to a screen reader ("layer 2 · head 5"), captions[layer][head] after it (the
    strongest pair). diverging: colours "#rrggbb" from the most negative through zero to the most positive, where the
    pictures are those of `signed_thumbnails`; colours: from no weight to all of it, else from the page's background to its
    accent. on_head runs before the script does, as a Streamlit callback, on_alone
    after a double click.
    """
    payload = grid_payload(
        weights,
        selected=selected,
        grid=key,
        row_labels=row_labels,
        column_labels=column_labels,
        names=names,
        captions=captions,
        group_label=group_label,
        label=label,
        diverging=diverging,
        colours=colours,
        isolates=on_alone is not None,
    )
    layers, heads = weights.shape[:2]

    def event(value: object) -> HeadEvent | None:
        return _event(value, layers, heads)

    def act(value: object) -> None:
        chosen = event(value)
        if on_head is not None and chosen is not None:
            on_head(chosen)

    def act_alone(value: object) -> None:
        chosen = event(value)
        if on_alone is not None and chosen is not None:
            on_alone(chosen)

    with st.container(gap=None):
        result = _mount(
            key=key,
            data=payload,
            on_head_change=told(key, "head", act),
            on_alone_change=told(key, "alone", act_alone),
        )
        chosen_head(key, selected)
    return event(result.get("head"))


def _event(value: object, layers: int, heads: int) -> HeadEvent | None:
    if not isinstance(value, Mapping):
        return None
    layer, head = index_in(value.get("layer"), layers), index_in(value.get("head"), heads)
    return None if layer is None or head is None else HeadEvent(layer, head, value.get("pressed") is True)


def _pool(weights: NDArray[np.floating], axis: int, most: int) -> NDArray[np.floating]:
    size = weights.shape[axis]
    if size <= most:
        return weights
    starts = np.arange(most) * size // most
    pooled: NDArray[np.floating] = np.maximum.reduceat(weights, starts, axis=axis)
    return pooled


def _as_bytes(weights: NDArray[np.uint8] | NDArray[np.floating]) -> NDArray[np.uint8]:
    if weights.dtype == np.uint8:
        return np.ascontiguousarray(weights, dtype=np.uint8)
    if not np.issubdtype(weights.dtype, np.floating):
        raise PayloadError(f"weights are {weights.dtype}; uint8 or floats from 0 to 1 are needed")
    low, high = float(weights.min()), float(weights.max())
    if not (low >= 0 and high <= 1 + 1e-4):  # NaN fails both
        raise PayloadError(f"weights run from {low} to {high}; shares from 0 to 1 are needed")
    return np.ascontiguousarray(np.rint(np.minimum(weights, 1) * 255), dtype=np.uint8)


def _fit(given: Sequence[str] | None, default: list[str], what: str) -> list[str]:
    if given is None:
        return default
    if len(given) != len(default):
        raise PayloadError(f"{len(given)} {what} do not fit {len(default)}")
    return list(given)


def _table(given: Sequence[Sequence[str]] | None, default: list[list[str]], what: str) -> list[list[str]]:
    if given is None:
        return default
    if len(given) != len(default) or any(len(row) != len(like) for row, like in zip(given, default, strict=True)):
        raise PayloadError(f"{what} do not fit {len(default)} layers of {len(default[0])} heads")
    return [list(row) for row in given]
