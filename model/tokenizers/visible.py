"""Text as a person can see it: marks for white space, and codes for what has no shape."""

SPACE, NEWLINE, TAB = "·", "⏎", "⇥"
CONTROLS = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}  # Unicode's pictures of them
SHOWN_AS = str.maketrans(CONTROLS | {ord(" "): SPACE, ord("\n"): NEWLINE, ord("\r"): NEWLINE, ord("\t"): TAB})
JOINER = "\u200d"
FILLERS = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Characters with a place and no shape that Python calls printable: fillers of Hangul and Khmer, the blank of Braille."""

SELECTORS = frozenset(
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0020, 0xE007F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
)
"""Characters that only choose how the one before them looks, as U+FE0F makes a heart an emoji."""


def visible(text: str) -> str:
    """A text with visible marks for white space, control and invisible characters, so that no label looks empty.

    Joiners and selectors stay behind a character that can be seen: an emoji would fall apart without them.
    """
    shown = text.translate(SHOWN_AS)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(_seen(c, shown[i - 1] if i else "") for i, c in enumerate(shown))


def _seen(c: str, before: str) -> str:
    if _attaches(c):
        alone = (
            before in ("", SPACE, NEWLINE, TAB) or not (before.isprintable() or _attaches(before)) or before in FILLERS
        )
        return f"‹U+{ord(c):04X}›" if alone else c
    return c if c.isprintable() and c not in FILLERS else f"‹U+{ord(c):04X}›"


def _attaches(c: str) -> bool:
    return c == JOINER or c in SELECTORS
