"""Tells a set of lines what they show: the heads that are on, the share of a row, the tokens kept.

Apart from the weights, for the reason of `chosen_head`: a message that did not change is not sent again, and weights of a long
text are more than a megabyte.
"""

from collections.abc import Mapping

from ui.components.browser import browser_component
from ui.components.payload import pack

_mount = browser_component("lines_settings", '<div class="root" hidden></div>')


def lines_settings(lines: str, settings: Mapping[str, object]) -> None:
    """Sets the lines of that key."""
    _mount(key=f"{lines}_settings", data=pack({"lines": lines, **settings}))
