"""Lines from each query token to the keys it reads; hover, lock, threshold and heads all happen in the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ui.components.browser import browser_component, index_in, told
from ui.components.payload import PayloadError, pack

MOST = 512  # tokens on a side; beyond it a canvas of one line a token is taller than browsers draw

_HTML = """
<div class="root attention-lines" data-testid="attention-lines">
  <div class="bar">
    <div class="heads" role="toolbar" data-testid="attention-heads"></div>
    <label class="mass">
      <span></span><input type="range" min="5" max="100" step="5" data-testid="attention-mass"><output></output>
    </label>
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
_mount = browser_component("attention_lines", _HTML)


@dataclass(frozen=True)
class LineToken:
    """The token a person clicked; `index` counts from 0 on its side."""

    side: Literal["query", "key"]
    index: int


@dataclass(frozen=True)
class LineWords:
    """Every word the component shows, so that a page can translate them."""

    queries: str = "looks"
    keys: str = "is looked at"
    mass: str = "links that carry"
    heads: str = "Heads; a double click isolates one"
    head: str = "head"
    hint: str = "Hover a token for its shares, click to keep it, Shift adds another, Escape lets go."


def attention_lines(
    weights: NDArray[np.float32],
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    key: str,
    head_names: Sequence[str] | None = None,
    active: Sequence[int] | None = None,
    mass: float = 0.7,
    transposed: bool = False,
    words: LineWords | None = None,
    label: str = "Attention as lines",
    on_token: Callable[[LineToken], None] | None = None,
) -> LineToken | None:
    """Draws weights (heads, query, key), shares from 0 to 1, and returns the token clicked in this run.

    Of each query's row the largest shares are drawn until they sum to `mass`. head_names and active (places among the
    heads; None: all) speak of the heads handed over. transposed: tokens in two rows where they fit, else two columns.
    A click asks Python only where `on_token` is given.
    """
    if weights.ndim != 3 or weights.shape[1:] != (len(queries), len(keys)) or 0 in weights.shape:
        raise PayloadError(
            f"weights have shape {weights.shape}; (heads, {len(queries)}, {len(keys)}) is needed, none of them 0"
        )
    if max(len(queries), len(keys)) > MOST:
        raise PayloadError(f"{len(queries)} queries and {len(keys)} keys are too many for lines; at most {MOST} each")
    if not np.isfinite(weights).all():
        raise PayloadError("weights hold NaN or infinity; a row without keys is all zeros")
    if not 0 < mass <= 1:
        raise PayloadError(f"mass is {mass}; more than 0 and at most 1 is needed")
    heads = len(weights)
    names = [str(head) for head in range(heads)] if head_names is None else list(head_names)
    shown = list(range(heads)) if active is None else [int(head) for head in active]
    if len(names) != heads or not all(0 <= head < heads for head in shown):
        raise PayloadError(f"{len(names)} head names and active heads {shown} do not fit {heads} heads")
    header = {
        "heads": heads,
        "queries": list(queries),
        "keys": list(keys),
        "head_names": names,
        "active": shown,
        "mass": float(mass),
        "transposed": transposed,
        "words": asdict(words or LineWords()),
        "label": label,
        "tells": on_token is not None,
    }
    sizes: dict[Literal["query", "key"], int] = {"query": len(queries), "key": len(keys)}

    def act(value: object) -> None:
        token = _event(value, sizes)
        if on_token is not None and token is not None:
            on_token(token)

    body = np.ascontiguousarray(weights, dtype="<f4").tobytes()
    result = _mount(key=key, data=pack(header, body), on_token_change=told(key, "token", act))
    return _event(result.get("token"), sizes)


def _event(value: object, sizes: Mapping[Literal["query", "key"], int]) -> LineToken | None:
    if not isinstance(value, Mapping):
        return None
    for side, size in sizes.items():
        if value.get("side") == side:
            index = index_in(value.get("index"), size)
            return None if index is None else LineToken(side, index)
    return None
