"""Text that goes into Markdown unread as markup."""

import re

from viz.labels import visible


def plain(text: str) -> str:
    """Text that stays as it is where markup would be read."""
    for mark in "\\*_`[]<>$:#~|&":
        text = text.replace(mark, "\\" + mark)
    return text


def sentence(message: str) -> str:
    """An error as a sentence: capital first, full stop last; token text in it is not read as markup."""
    text = plain(message)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def escaped(text: str) -> str:
    """Text that stays as it is where markup would be read."""
    return re.sub(r"([\\*_`\[\]<>$:#~|&])", r"\\\1", text)


def quoted(label: str) -> str:
    """A token inside a heading, where markup would be read as such."""
    return "“" + plain(visible(label)) + "”"
