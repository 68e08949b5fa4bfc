"""Lines from each query token to the keys it reads; hover, lock, threshold and heads all happen in the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components.browser import browser_component, index_in, told, whole
from ui.components.lines_settings.lines_settings import lines_settings
from ui.components.payload import PayloadError, pack

MOST_LINE_TOKENS = 512  # tokens on a side; beyond it a canvas of one line a token is taller than browsers draw

HTML = """
<div class="root attention-lines" data-testid="attention-lines">
  <div class="bar">
    <div class="heads" role="toolbar" data-testid="attention-heads"></div>
    <label class="mass">
      <span></span><input type="range" min="5" max="100" step="5" data-testid="attention-mass"><output></output>
    </label>
    <span class="save" role="group">
      <button type="button" data-format="png" data-testid="lines-png"></button>
      <button type="button" data-format="svg" data-testid="lines-svg"></button>
    </span>
  </div>
  <div class="stage">
    <div class="title query"></div><div class="title key"></div>
    <div class="tokens query" role="listbox" aria-multiselectable="true" data-testid="attention-queries"></div>
    <canvas aria-hidden="true"></canvas>
    <div class="tokens key" role="listbox" aria-multiselectable="true" data-testid="attention-keys"></div>
  </div>
  <div class="hint"></div>
</div>
"""
_mount = browser_component("attention_lines", HTML)

Side = Literal["query", "key"]
Lock = tuple[Side, int]
LEAST_MASS = 0.05


@dataclass(frozen=True)
class LineToken:
    """The token a person clicked; `index` counts from 0 on its side."""

    side: Side
    index: int


@dataclass(frozen=True)
class LineView:
    """What a person set in the browser: the share of each row that is drawn, the heads that are on, the tokens kept."""

    mass: float
    active: tuple[int, ...]
    locked: tuple[Lock, ...]


@dataclass(frozen=True)
class LineWords:
    """Every word the component shows, so that a page can translate them."""

    queries: str = "query (attends)"
    keys: str = "key (attended to)"
    mass: str = "links that carry"
    heads: str = "Heads; a double click isolates one"
    head: str = "head"
    save: str = "Save the lines as"
    more: str = "Scroll for the rest of the tokens."
    hint: str = "Hover a token for its shares, click to keep it, Shift adds another, Escape lets go."


@dataclass(frozen=True, eq=False)
class Lines:
    """What is drawn: weights (heads, query, key), shares from 0 to 1, and how it begins.

    Of each query's row the largest shares are drawn until they make up `mass` of it. head_names and active (places among
    the heads; None: all) speak of the heads handed over. transposed: tokens in two rows, which scroll, as far as
    these can be drawn; else two columns.
    """

    weights: NDArray[np.float32]
    queries: Sequence[str]
    keys: Sequence[str]
    head_names: Sequence[str] | None = None
    active: Sequence[int] | None = None
    mass: float = 0.7
    locked: Sequence[Lock] = ()
    transposed: bool = False
    words: LineWords = field(default_factory=LineWords)
    label: str = "Attention as lines"
    filename: str = "attention-lines"

    def settings(self) -> dict[str, object]:
        """What is shown of the lines; PayloadError for a head that there is not."""
        heads = len(self.weights)
        active = list(range(heads)) if self.active is None else [int(head) for head in self.active]
        if not all(0 <= head < heads for head in active):
            raise PayloadError(f"active heads {active} do not fit {heads} heads")
        return {"active": active, "mass": float(self.mass), "locked": [list(lock) for lock in self.locked]}

    def payload(self, *, tells: bool = False, remembers: bool = False, told_by: str = "") -> bytes:
        """The message to the browser; PayloadError where it could not be drawn. With a key in `told_by` what is shown stays out
        of it: `lines_settings` tells that."""
        check(self.weights, self.queries, self.keys, self.mass)
        heads = len(self.weights)
        names = [str(head) for head in range(heads)] if self.head_names is None else list(self.head_names)
        if len(names) != heads:
            raise PayloadError(f"{len(names)} head names do not fit {heads} heads")
        shown = self.settings() if not told_by else {"active": [], "mass": Lines.mass, "locked": []}
        header = {
            **shown,
            "told_by": told_by,
            "heads": heads,
            "queries": list(self.queries),
            "keys": list(self.keys),
            "head_names": names,
            "transposed": self.transposed,
            "words": asdict(self.words),
            "label": self.label,
            "filename": self.filename,
            "tells": tells,
            "remembers": remembers,
            "answered": 0,
        }
        return pack(header, np.ascontiguousarray(self.weights, dtype="<f4").tobytes())


def check(weights: NDArray[np.float32], queries: Sequence[str], keys: Sequence[str], mass: float) -> None:
    """Raises PayloadError where weights cannot be drawn as lines."""
    if weights.ndim != 3 or weights.shape[1:] != (len(queries), len(keys)) or 0 in weights.shape:
        raise PayloadError(
            f"weights have shape {weights.shape}; (heads, {len(queries)}, {len(keys)}) is needed, none of them 0"
        )
    if max(len(queries), len(keys)) > MOST_LINE_TOKENS:
        raise PayloadError(
            f"{len(queries)} queries and {len(keys)} keys are too many for lines; at most {MOST_LINE_TOKENS} each"
        )
    if not np.isfinite(weights).all():
        raise PayloadError("weights hold NaN or infinity; a row without keys is all zeros")
    if not 0 < mass <= 1:
        raise PayloadError(f"mass is {mass}; more than 0 and at most 1 is needed")


def attention_lines(
    lines: Lines,
    *,
    key: str,
    on_token: Callable[[LineToken], None] | None = None,
    on_view: Callable[[LineView], None] | None = None,
) -> LineToken | None:
    """Draws lines and returns the token clicked in this run.

    A click asks Python only where `on_token` is given. `on_view` is told what was set, once it rests; hand it back the next
    time, or what the browser holds is taken for old.
    """
    sizes: dict[Side, int] = {"query": len(lines.queries), "key": len(lines.keys)}
    counted = f"{key}_answered"

    def act(value: object) -> None:
        token = _event(value, sizes)
        if on_token is not None and token is not None:
            on_token(token)

    def act_on_view(value: object) -> None:
        view = _view(value, len(lines.weights), sizes)
        if on_view is not None and view is not None and isinstance(value, Mapping):
            st.session_state[counted] = whole(value.get("number")) or 0
            on_view(view)

    with st.container(gap=None):
        result = _mount(
            key=key,
            data=lines.payload(tells=on_token is not None, remembers=on_view is not None, told_by=key),
            on_token_change=told(key, "token", act),
            on_view_change=told(key, "view", act_on_view),
        )
        lines_settings(key, lines.settings() | {"answered": int(st.session_state.get(counted, 0))})
    return _event(result.get("token"), sizes)


def _event(value: object, sizes: Mapping[Side, int]) -> LineToken | None:
    if not isinstance(value, Mapping):
        return None
    for side, size in sizes.items():
        if value.get("side") == side:
            index = index_in(value.get("index"), size)
            return None if index is None else LineToken(side, index)
    return None


def _view(value: object, heads: int, sizes: Mapping[Side, int]) -> LineView | None:
    """What the browser set, as far as this run has it."""
    if not isinstance(value, Mapping):
        return None
    mass, active, locked = whole(value.get("mass")), value.get("active"), value.get("locked")
    if (
        mass is None
        or not LEAST_MASS * 100 <= mass <= 100
        or not isinstance(active, list)
        or not isinstance(locked, list)
    ):
        return None
    on = sorted({head for item in active if (head := index_in(item, heads)) is not None})
    kept = [
        _event({"side": lock[0], "index": lock[1]}, sizes)
        for lock in locked
        if isinstance(lock, list) and len(lock) == 2
    ]
    return LineView(mass / 100, tuple(on), tuple((lock.side, lock.index) for lock in kept if lock is not None))
