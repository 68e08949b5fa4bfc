"""Small tables of words and numbers whose lines wrap. Cells hold plain text, never markup."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

Narrow = Literal["fit", "wrap"]


@dataclass(frozen=True)
class Cell:
    """A text, and its meaning, which is shown on hover."""

    text: str
    means: str = ""
    quiet: bool = False


def table(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], *, label: str, narrow: Narrow = "fit") -> None:
    """Draws a table. Where the window is too narrow, a table with many columns scrolls ("fit"),
    one of two columns breaks its lines ("wrap")."""
    st.html(markup(heads, rows, label=label, narrow=narrow))


def markup(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], *, label: str, narrow: Narrow = "fit") -> str:
    """The table as HTML, with every text escaped."""
    for row in rows:
        if heads and len(row) != len(heads):
            raise ValueError(f"A row of {len(row)} cells does not fit {len(heads)} headings.")
    top = f"<thead><tr>{''.join(_cell('th', head) for head in heads)}</tr></thead>" if heads else ""
    body = "".join(f"<tr>{''.join(_cell('td', cell) for cell in row)}</tr>" for row in rows)
    name = html.escape(label)
    return f'<div class="regard-table {narrow}"><table aria-label="{name}">{top}<tbody>{body}</tbody></table></div>'


def _cell(tag: str, cell: Cell) -> str:
    names = " ".join(name for name, on in (("quiet", cell.quiet), ("term", cell.means)) if on)
    title = f' title="{html.escape(cell.means)}"' if cell.means else ""
    return f'<{tag} class="{names}"{title}>{html.escape(cell.text)}</{tag}>'
