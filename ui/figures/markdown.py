"""Text put into Markdown so that none of it is read as markup."""

import re

from viz.labels import visible


def plain(text: str) -> str:
    """Text with every sign of Markdown escaped."""
    return re.sub(r"([\\*_`\[\]<>$:#~|&])", r"\\\1", text)


def sentence(message: str) -> str:
    """An error message as a sentence, with a capital letter and a full stop; token text in it is not read as markup."""
    text = plain(message)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def quoted(label: str) -> str:
    """A token in quotation marks."""
    return "“" + plain(visible(label)) + "”"
