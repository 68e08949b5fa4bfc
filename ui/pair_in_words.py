"""A chosen cell, or a head's strongest pair, as a sentence; and tokens inside headings."""

from ui import chosen_pair
from ui.figures import Matrix
from ui.figures.markdown import quoted
from ui.heads import Shown
from viz.percent import format_percent


def said(view: Shown, weights: Matrix) -> str:
    """The chosen cell, or the strongest pair, in words."""
    cell = chosen_pair.of(view)
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
