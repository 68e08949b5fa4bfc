"""Tells a grid of heads which one is chosen, apart from its pictures.

A message that did not change is not sent again: so choosing another head sends a few bytes, and the pictures, hundreds of
kilobytes for a large model, stay where they are.
"""

from ui.components.browser import browser_component
from ui.components.payload import pack

_mount = browser_component("chosen_head", '<div class="root" hidden></div>')


def chosen_head(grid: str, selected: tuple[int, int]) -> None:
    """Marks (layer, head) in the grid of that key."""
    _mount(key=f"{grid}_chosen", data=pack({"grid": grid, "selected": list(selected)}))
