"""Tells the print style how wide the page is on screen.

Charts and canvases keep the size they have on screen when a page is printed. The print style scales the whole page so that
this width fits the paper; a style sheet alone cannot know it.
"""

from ui.components.browser import browser_component
from ui.components.payload import pack

_mount = browser_component("print_fit", '<div class="root print-fit" data-testid="print-fit"></div>')


def print_fit(*, key: str) -> None:
    """Measures the page whenever it is about to be printed. Draws nothing."""
    _mount(key=key, data=pack({}))
