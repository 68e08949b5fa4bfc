"""A long text a page of tokens at a time: which page is on screen, and how to get to the others."""

from dataclasses import dataclass

import streamlit as st

from ui.state.linked import Linked

TOKENS_A_PAGE = 48  # rows of a table; with what stands around it the page has less than three screens


@dataclass(frozen=True)
class RowPage:
    """Tokens `start` to `end` of a text of `count`, the end not included."""

    start: int
    end: int
    count: int

    @property
    def long(self) -> bool:
        """Whether there are other pages."""
        return self.end - self.start < self.count

    @property
    def rows(self) -> slice:
        return slice(self.start, self.end)

    @property
    def said(self) -> str:
        """Which tokens of how many."""
        return f"Tokens {self.start:,} to {self.end - 1:,} of {self.count:,}"


def page_of(count: int, held: Linked[int], size: int = TOKENS_A_PAGE) -> RowPage:
    """The page on screen: it holds the position that was chosen. The address is kept in step."""
    at = max(0, min(held.get(), count - 1))
    start = at // size * size
    held.link(start)
    return RowPage(start, min(start + size, count), count)


def show(held: Linked[int], at: int) -> None:
    """Turns to the page that holds a position."""
    held.set(max(0, at))


def pick(count: int, held: Linked[int], *, key: str, size: int = TOKENS_A_PAGE, note: str = "") -> RowPage:
    """The page on screen; of a long text with buttons that turn to the others. `note` says where all of it is."""
    page = page_of(count, held, size)
    if not page.long:
        return page
    moves: tuple[tuple[str, str, int, bool], ...] = (
        ("First", "first", 0, page.start == 0),
        ("◂ Earlier", "earlier", page.start - size, page.start == 0),
        ("Later ▸", "later", page.start + size, page.end == count),
        ("Last", "last", count - 1, page.end == count),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{page.said}. {note}".strip(), width="content")
        for label, name, to, at_end in moves:
            st.button(label, key=f"{key}_{name}", type="tertiary", disabled=at_end, on_click=show, args=(held, to))
    return page
