"""One or more rows of tokens as chips: the pieces of a text, the tokens written so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ui.components.browser import browser_component, index_in, told
from ui.components.payload import PayloadError, pack

Role = Literal["accent", "query", "key", "value", "position", "probability", "warning"]

_HTML = '<div class="root token-strip" data-testid="token-strip"></div>'
_mount = browser_component("token_strip", _HTML)


@dataclass(frozen=True)
class Chip:
    """One token; `note` is a small second line, `intensity` (0 to 1) tints in the colour of `role`."""

    label: str
    note: str = ""
    intensity: float | None = None
    role: Role = "accent"
    title: str = ""
    special: bool = False
    current: bool = False
    next: bool = False


@dataclass(frozen=True)
class Strip:
    """A named row of chips; `empty` is said where there are none."""

    name: str
    chips: Sequence[Chip]
    empty: str = ""


@dataclass(frozen=True)
class ChipEvent:
    """The chip a person chose; both count from 0."""

    row: int
    index: int


def token_strip(
    rows: Sequence[Strip],
    *,
    key: str,
    label: str = "Tokens",
    clickable: bool = True,
    on_token: Callable[[ChipEvent], None] | None = None,
) -> ChipEvent | None:
    """Draws the rows, each wrapping on its own, and returns the chip chosen in this run, if any."""
    sizes = [len(row.chips) for row in rows]
    header = {"label": label, "clickable": clickable, "rows": [_row(row) for row in rows]}

    def act(value: object) -> None:
        chosen = _event(value, sizes)
        if on_token is not None and chosen is not None:
            on_token(chosen)

    result = _mount(key=key, data=pack(header), on_token_change=told(key, "token", act))
    return _event(result.get("token"), sizes)


def _row(row: Strip) -> dict[str, object]:
    return {"name": row.name, "empty": row.empty, "chips": [_chip(chip) for chip in row.chips]}


def _chip(chip: Chip) -> dict[str, object]:
    if chip.intensity is not None and not 0 <= chip.intensity <= 1:
        raise PayloadError(f"the chip {chip.label!r} has intensity {chip.intensity}; from 0 to 1 is needed")
    named = {"label": chip.label, "note": chip.note, "title": chip.title, "role": chip.role}
    return {**named, "intensity": chip.intensity, "special": chip.special, "current": chip.current, "next": chip.next}


def _event(value: object, sizes: Sequence[int]) -> ChipEvent | None:
    if not isinstance(value, Mapping):
        return None
    row = index_in(value.get("row"), len(sizes))
    index = None if row is None else index_in(value.get("index"), sizes[row])
    return None if row is None or index is None else ChipEvent(row, index)
