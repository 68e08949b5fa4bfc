"""The query and key a person chose. They are stored as pieces of the text, so that merging and hiding do not lose them."""

import re

from ui.figures import Matrix
from ui.figures.markdown import quoted
from ui.maps.attention import AttentionView
from ui.state.linked import Linked
from viz.percent import format_percent
from viz.strongest import is_forced, sinks, strongest

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
    """A sentence about the chosen pair, or about the strongest if none is chosen; and about keys that take much of every row."""
    cell, seen = of(view), view.only_kept(weights)
    taken = sinks(seen)
    lead = "" if cell else "Strongest apart from the sink: " if taken else "Strongest: "
    query, key = strongest(seen) if cell is None else cell
    best = int(weights[query].argmax())
    share = format_percent(float(weights[query, key]))
    text = f"{lead}{quoted(view.asks[query])} looks at {quoted(view.keys[key])} with {share} of its attention"
    if query == 0 and is_forced(seen):
        text += ", the only key that it may see"
    elif best != key:
        sink = "the sink " if best in taken else ""
        text += f"; most goes to {sink}{quoted(view.keys[best])}, {format_percent(float(weights[query, best]))}"
    return (
        text
        + "."
        + "".join(
            f" {quoted(view.keys[key])} is a sink: it takes {format_percent(mean)} of a query's attention on average."
            for key, mean in taken.items()
        )
    )
