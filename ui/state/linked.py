"""Values that live in the session and in the address, and that no widget is bound to.

The session comes first, then the address, then a default. A widget bound to its query parameter does the same by
itself; `address` has what such widgets need.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from ui.state import address

T = TypeVar("T")


@dataclass(frozen=True)
class Linked(Generic[T]):
    """One value, its name in the address, and how it is written there.

    `read` gets what the address holds, never an empty text, and returns the default for a text it cannot read.
    """

    key: str
    default: T
    read: Callable[[str], T]
    write: Callable[[T], str]
    session_key: str = ""  # its name in the session where that is not `key`

    @property
    def held_as(self) -> str:
        """Its name in the session."""
        return self.session_key or self.key

    def asked(self) -> T:
        """What the address says, or the default."""
        text = st.query_params.get(self.key, "")
        return self.read(text) if text else self.default

    def get(self) -> T:
        """From the session; the first time from the address, else the default."""
        if self.held_as not in st.session_state:
            self.set(self.asked())
        value: T = st.session_state[self.held_as]
        return value

    def set(self, value: T) -> None:
        """Writes the session. The address follows with the next `link`."""
        st.session_state[self.held_as] = value

    def link(self, value: T) -> None:
        """Writes the address; the default is left out of it. The value is given, because what is on screen may be only
        the part of the held value that fits the text."""
        address.link(self.key, "" if value == self.default else self.write(value))


@dataclass(frozen=True)
class Owned(Generic[T]):
    """A linked value that belongs to one text or one model. Any other has the default.

    The session holds the pair (owner, value). What the address says belongs to whoever asks first.
    """

    value: Linked[T]

    def get(self, owner: Hashable) -> T:
        """The owner's value."""
        if self.value.held_as not in st.session_state:
            self.set(owner, self.value.asked())
        whose, value = st.session_state[self.value.held_as]
        held: T = value if whose == owner else self.value.default
        return held

    def set(self, owner: Hashable, value: T) -> None:
        """Writes the session; the value that another owner had is lost."""
        st.session_state[self.value.held_as] = (owner, value)

    def link(self, value: T) -> None:
        """Writes the address."""
        self.value.link(value)


def linked_number(key: str) -> Linked[int]:
    """A whole number, 0 at first."""
    return Linked(key, 0, address.whole_number, str)


def keep_within(number: Linked[int], size: int) -> int:
    """The number brought into 0 to size - 1, in the session and in the address."""
    inside = address.in_range(number.get(), size)
    number.set(inside)
    number.link(inside)
    return inside
