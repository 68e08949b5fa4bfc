"""Token labels for Plotly: escaped, visible, shortened where there is little space, and so few that they do not overlap."""

import html
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from viz.theme import TOKEN_SIZE

ELLIPSIS = "…"
NICE_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
LINE = 15  # px, one line of token text
SLANTED_LINE = 18  # px between two labels at 45 degrees


def visible(label: str) -> str:
    """The label with visible characters only: controls as pictures, blanks as boxes; right-to-left text is isolated."""
    shown = "".join(_picture(character) for character in label)
    if not shown.strip():
        return "␣" * len(shown) if shown else "∅"
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in shown):
        return f"\u2068{shown}\u2069"  # keeps the order of the text around it
    return shown


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    # Direction overrides would reorder the text around them; single surrogates cannot be written as UTF-8.
    if (
        code in range(0x202A, 0x202F)
        or code in range(0x2066, 0x206A)
        or unicodedata.category(character) in ("Cc", "Cs")
    ):
        return "\ufffd"
    return character


def escaped(label: str) -> str:
    """The label escaped, so that Plotly shows it literally: Plotly interprets some HTML in every text."""
    return html.escape(visible(label), quote=False)


def quoted(label: str) -> str:
    return f'"{escaped(label)}"'


def shorten(label: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis where something is missing."""
    if limit < 2:
        raise ValueError(f"A label needs room for two characters; the limit is {limit}.")
    if len(label) <= limit:
        return label
    kept = label[: limit - 1]
    while kept and (unicodedata.combining(label[len(kept)]) or label[len(kept)] == "\u200d" or kept[-1] == "\u200d"):
        kept = kept[:-1]  # an accent or a part of an emoji belongs to the character before it
    return kept + ELLIPSIS


def short(label: str, limit: int) -> str:
    """The label shortened and then escaped, so that no HTML entity is cut in half."""
    return escaped(shorten(label, limit))


def text_width(label: str, size: float = TOKEN_SIZE) -> float:
    """About how many pixels wide the label is in the token font; wide characters count double."""
    wide = sum(unicodedata.east_asian_width(character) in ("W", "F") for character in label)
    return size * (0.6 * (len(label) - wide) + 1.05 * wide)


@dataclass(frozen=True)
class Ticks:
    """The ticks of an axis: positions, texts, angle, and the space in px that they take beside the axis."""

    values: list[int]
    text: list[str]
    angle: int
    extent: float


def step(cell: float, needed: float) -> int:
    """n such that every n-th label fits, where a cell has `cell` pixels and a label needs `needed`."""
    wanted = math.ceil(needed / max(cell, 1e-6))
    return next((nice for nice in NICE_STEPS if nice >= wanted), wanted)


def ticks(
    labels: Sequence[str], *, cell: float, upright: bool, first: int = 0, limit: int = 14, turned: bool = True
) -> Ticks:
    """Ticks for labels `cell` pixels apart; `upright` is for the vertical axis, whose labels are never turned.

    With `turned`, labels are turned where they do not fit. If that is not enough, only every n-th label is written, at multiples
    of n. Positions count from `first`.
    """
    shortened = [shorten(visible(label), limit) for label in labels]
    widest = max((text_width(label) for label in shortened), default=0.0)
    if upright:
        angle, every, extent = 0, step(cell, LINE), widest
    elif not turned:
        angle, every, extent = 0, step(cell, widest + 8), float(LINE)
    elif widest + 6 <= cell:
        angle, every, extent = 0, 1, float(LINE)
    elif cell >= SLANTED_LINE:
        angle, every, extent = -45, 1, 0.71 * widest + 12
    else:
        angle, every, extent = -90, step(cell, LINE), widest
    shown = [index for index in range(len(labels)) if (first + index) % every == 0]
    text = [html.escape(shortened[index], quote=False) for index in shown]
    return Ticks([first + index for index in shown], text, angle, extent + 6)
