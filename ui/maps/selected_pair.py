"""The query and key a person chose. They are stored as pieces of the text, so that merging and hiding do not lose them."""

import re

from ui.figures import Matrix
from ui.figures.markdown import quoted
from ui.maps.attention import AttentionView
from ui.state.linked import Linked
from viz.percent import format_percent

WRITTEN = re.compile(r"(\d{1,6}):(\d{1,6})")


Pair = tuple[int, int]  # (query, key), as the text counts its pieces


def read(text: str) -> Pair | None:
    """A pair from an address, "3:1"; None where it is none."""
    found = WRITTEN.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def write(pair: Pair | None) -> str:
    """As it stands in an address."""
    return f"{pair[0]}:{pair[1]}" if pair else ""


CELL = Linked[Pair | None]("cell", None, read, write)
"""The chosen pair; None: nothing is chosen."""


def pieces() -> Pair | None:
    """The chosen pair; the address is kept in step."""
    held = CELL.get()
    CELL.link(held)
    return held


def of(view: AttentionView) -> tuple[int, int] | None:
    """The chosen row and column; None if nothing is chosen or this map does not show it."""
    held = pieces()
    if held is None:
        return None
    row, column = view.place("query", held[0]), view.place("key", held[1])
    return None if row is None or column is None else (row, column)


def choose(view: AttentionView, row: int, column: int) -> None:
    """Chooses a row and column of a map. Numbers outside the map change nothing."""
    if row < len(view.queries) and column < len(view.keys):
        CELL.set((view.piece("query", row), view.piece("key", column)))


def in_words(view: AttentionView, weights: Matrix) -> str:
    """A sentence about the chosen pair, or about the strongest if none is chosen."""
    cell = of(view)
    lead = "" if cell else "Strongest: "
    if cell is None:
        seen = view.only_kept(weights)
        query = int(seen.max(axis=1).argmax())
        cell = query, int(seen[query].argmax())
    query, key = cell
    best = int(weights[query].argmax())
    share = format_percent(float(weights[query, key]))
    text = f"{lead}{quoted(view.queries[query])} looks at {quoted(view.keys[key])} with {share} of its attention"
    if best != key:
        text += f"; most goes to {quoted(view.keys[best])}, {format_percent(float(weights[query, best]))}"
    return text + "."
