"""Notes about invisible characters and markup in a text."""

import re
import unicodedata
from collections.abc import Collection

JOINERS = "\u200c\u200d"  # they belong to the spelling of Persian and to composed emoji
WRITTEN = "\n\r\t"  # typed with a key of their own; a token shows each with a mark
MOST_NAMED = 4
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)


def odd_input(text: str, special: Collection[str] = ()) -> list[str]:
    """Sentences about invisible characters and markup in a text, safe where markup is read; `special` are tokens of the
    model, such as </s>, which look like markup and are none."""
    return [said for said in (_invisible(text), _markup(text, special)) if said]


def _invisible(text: str) -> str:
    """Control and format characters, categories Cc and Cf of Unicode, but not line breaks and tabs."""
    found = [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in JOINERS + WRITTEN]
    if not found:
        return ""
    names = [f"U+{ord(c):04X}" for c in dict.fromkeys(found)]
    listed = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    many = "an invisible character" if len(found) == 1 else f"{len(found)} invisible characters"
    them = "It is" if len(found) == 1 else "They are"
    return f"The text holds {many}: {listed}. {them} read like any other; delete what came along with a paste."


def _markup(text: str, special: Collection[str]) -> str:
    """Tags and comments as a web page has them."""
    if not any(tag not in special for tag in _TAG.findall(text)):
        return ""
    return "Tags are read as the characters they are and nothing in them is run; delete them to see the sentence alone."
