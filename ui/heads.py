"""Which attention is on screen: the stack and part, the layer, the head; and its arrays."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.merging import Axis, Reshaping
from model.tap import StackName
from model.trace import AttentionTrace
from ui.components.head_grid.head_grid import MOST, HeadEvent, thumbnails
from ui.reshaping import Special, first_of, reshaping
from ui.runs.runner import Run
from ui.state import address
from viz.labels import visible
from viz.percent import format_percent

Part = Literal["self", "cross"]
PARTS: dict[str, tuple[StackName, Part]] = {
    "encoder": ("encoder", "self"),
    "decoder": ("decoder", "self"),
    "cross": ("decoder", "cross"),
}
NAMES = {"encoder": "Encoder self-attention", "decoder": "Decoder self-attention", "cross": "Cross-attention"}
SHORT = {"encoder": "Encoder", "decoder": "Decoder", "cross": "Cross"}
MEANING = {
    "encoder": "Each source token looks at every source token.",
    "decoder": "Each token looks at itself and the tokens before it.",
    "cross": "Each token of the target looks at every source token.",
}
PAIRS = ("all", "within", "between")


@dataclass(frozen=True, eq=False)
class Shown:
    """One kind of attention of one run, with the labels of its rows and columns."""

    run: Run
    part: str
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    kept: NDArray[np.bool_] | None = None  # (query, key): the pairs that are shown, the others blank; None: all
    reshaping: Reshaping | None = None  # what is hidden and merged; rows and columns are then those that are left

    @property
    def layers(self) -> int:
        return self.run.lm.config.layers(PARTS[self.part][0])

    @property
    def heads(self) -> int:
        return self.run.lm.config.n_heads

    @property
    def causal(self) -> bool:
        return self.part == "decoder"

    def attention(self, layer: int) -> AttentionTrace:
        stack, part = PARTS[self.part]
        return self.run.trace.attention(stack, layer, part)

    def weights(self, layer: int) -> NDArray[np.float32]:
        """(heads, query, key) as shown, worked out from the recorded queries and keys."""
        weights: NDArray[np.float32] = self.attention(layer).weights().cpu().numpy()
        return weights if self.reshaping is None else self.reshaping(weights)

    def head_weights(self, layer: int, head: int) -> NDArray[np.float32]:
        """(query, key) of one head as shown."""
        weights: NDArray[np.float32] = self.attention(layer).weights(head).cpu().numpy()
        return weights if self.reshaping is None else self.reshaping(weights)

    def only_kept(self, weights: NDArray[np.float32], blank: float = 0.0) -> NDArray[np.float32]:
        """Weights (..., query, key), untouched where a pair is shown and `blank` elsewhere."""
        return weights if self.kept is None else np.where(self.kept, weights, np.float32(blank))

    @property
    def second(self) -> int | None:
        """Where the second of two sentences starts, None where there is one."""
        segments = self.run.segments
        if segments is None:
            return None
        first = segments.index(1)
        return first if self.reshaping is None else first_of(self.reshaping.queries, first)

    def piece(self, side: Literal["query", "key"], place: int) -> int:
        """The piece of the text that a row or column begins with."""
        return place if self.reshaping is None else self._side(side).piece(place)

    def place(self, side: Literal["query", "key"], piece: int) -> int | None:
        """The row or column that a piece of the text is in; None where it is hidden or the text has no such piece."""
        if self.reshaping is not None:
            return self._side(side).word(piece)
        return piece if piece < len(self.queries if side == "query" else self.keys) else None

    def _side(self, side: Literal["query", "key"]) -> Axis:
        assert self.reshaping is not None
        return self.reshaping.queries if side == "query" else self.reshaping.keys


def available(run: Run) -> list[str]:
    """The kinds of attention a model has, in the order in which a text meets them."""
    return {"encoder": ["encoder"], "decoder": ["decoder"], "recurrent": []}.get(
        run.lm.kind, ["encoder", "decoder", "cross"]
    )


def shown(run: Run, part: str, special: Special = "shown", merge: bool = False) -> Shown:
    """Rows and columns of one kind of attention: all pieces, or what hiding special tokens and merging words leaves."""
    stack, kind = PARTS[part]
    asking = run.trace.tokens(stack)
    asked = run.trace.tokens("encoder") if kind == "cross" else asking
    kept, shape = kept_pairs(run), reshaping(run, asking, asked, special, merge)
    if shape is not None:
        pairs = None if kept is None else shape.pairs(kept)
        return Shown(run, part, shape.queries.labels, shape.keys.labels, pairs, shape)
    return Shown(run, part, tuple(token.label for token in asking), tuple(token.label for token in asked), kept)


def kept_pairs(run: Run) -> NDArray[np.bool_] | None:
    """(query, key) of two sentences: pairs within one sentence, or between the two; None where all are shown."""
    choice = st.session_state.get("pairs", PAIRS[0])
    if run.segments is None or choice == PAIRS[0]:
        return None
    sentence = np.asarray(run.segments)
    same: NDArray[np.bool_] = sentence[:, None] == sentence[None, :]
    return same if choice == "within" else ~same


def pick_pairs(run: Run) -> None:
    """For two sentences: all attention, within each of them, or between them."""
    if run.segments is None:
        return
    address.keep_among("pairs", PAIRS, PAIRS[0])
    st.segmented_control(
        "Sentences",
        PAIRS,
        key="pairs",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        help="Show all attention, only that within a sentence, or only that between the two. The rest is blank; the weights shown "
        "are untouched, so a row need not sum to 1.",
    )


Overview = tuple[NDArray[np.uint8], list[list[str]]]
_OVERVIEWS: "WeakKeyDictionary[Run, dict[object, Overview]]" = WeakKeyDictionary()
MOST_OVERVIEWS = 8  # of one run
ON_REQUEST = 1024  # tokens a side; beyond it thumbnails are made when someone asks for them
MANY, MANY_CELLS = 64, 48  # where there are more heads than that their pictures are small, and so is the message
AT_ONCE = 256  # tokens a side; beyond it heads are worked out one by one, so that memory holds one pattern


def overview(view: Shown, seen: Callable[[float], object] = lambda share: None) -> Overview:
    """Thumbnails of all heads, (layers, heads, rows, columns), and each head's strongest pair in words.

    Kept as long as the run is: choosing another head draws the same thumbnails. `seen` is told how much is done; what it
    raises ends the work.
    """
    held = _OVERVIEWS.setdefault(view.run, {})
    made = held.get(_what(view))
    if made is None:
        if len(held) >= MOST_OVERVIEWS:
            held.clear()
        made = held[_what(view)] = _overview(view, seen)
    return made


def seconds(view: Shown) -> float:
    """How long the thumbnails of all heads are likely to take on this machine, from one of them."""
    began = time.perf_counter()
    weights = view.only_kept(view.head_weights(0, 0))
    thumbnails(weights[None], MANY_CELLS), strongest(weights, view.queries, view.keys)
    return (time.perf_counter() - began) * view.layers * view.heads


def costly(view: Shown) -> bool:
    """Whether all heads would take long to work out, and were not yet."""
    seen = view.attention(0)
    long = max(seen.q.shape[1], seen.k.shape[1]) > ON_REQUEST
    return long and _what(view) not in _OVERVIEWS.get(view.run, {})


def _what(view: Shown) -> object:
    """All that an overview of a run depends on."""
    shape = view.reshaping
    hidden = None if shape is None else (len(shape.queries.kept), len(shape.queries.words), shape.renormalise)
    return view.part, view.queries, view.keys, hidden, None if view.kept is None else view.kept.tobytes()


def _overview(view: Shown, seen: Callable[[float], object]) -> Overview:
    pictures, captions = [], []
    cells = MANY_CELLS if view.layers * view.heads > MANY else MOST
    for layer in range(view.layers):
        asks = view.attention(layer)
        blocks: Iterable[NDArray[np.float32]]
        if max(asks.q.shape[1], asks.k.shape[1]) <= AT_ONCE:
            blocks = [view.only_kept(view.weights(layer))]
        else:
            blocks = (view.only_kept(view.head_weights(layer, head))[None] for head in range(view.heads))
        small, said = [], []
        for weights in blocks:
            small.append(thumbnails(weights, cells))
            said += [strongest(head, view.queries, view.keys) for head in weights]
            seen((layer * view.heads + len(said)) / (view.layers * view.heads))
        pictures.append(np.concatenate(small))
        captions.append(said)
    return np.stack(pictures), captions


def strongest(weights: NDArray[np.float32], queries: tuple[str, ...], keys: tuple[str, ...]) -> str:
    """The largest weight of a head in words."""
    query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    return f"“{visible(queries[query])}” → “{visible(keys[key])}” {format_percent(float(weights[query, key]))}"


def sharpest(weights: Iterable[NDArray[np.float32]]) -> int:
    """The head, of heads (query, key), whose queries put the largest share, on average, on a single key."""
    return int(np.argmax([head.max(axis=-1).mean() for head in weights]))


def pick(event: HeadEvent) -> None:
    """A click on a thumbnail writes the pickers' keys."""
    st.session_state["layer"], st.session_state["head"] = event.layer, event.head


def pickers(view: Shown) -> tuple[int, int]:
    """Layer and head, by picker; brought into range where the model changed. At first the sharpest head of the last layer."""
    if all(key not in st.session_state and key not in st.query_params for key in ("layer", "head")):
        last = view.layers - 1
        each = (view.head_weights(last, head) for head in range(view.heads))
        st.session_state["layer"], st.session_state["head"] = last, sharpest(each)
    address.settle("layer", view.layers)
    address.settle("head", view.heads)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    return number_picker(row, "Layer", "layer", view.layers), number_picker(row, "Head", "head", view.heads)


def number_picker(where: st.delta_generator.DeltaGenerator, label: str, key: str, count: int) -> int:
    """A number from 0 to count - 1: buttons where they fit, a menu where they do not."""
    if count <= 12:
        chosen = where.segmented_control(label, range(count), key=key, bind="query-params", required=True)
    else:
        chosen = where.selectbox(label, range(count), key=key, bind="query-params", width=110)
    return int(chosen) if chosen is not None else 0


def move(action: str, view: Shown, layer: int, head: int) -> None:
    """A key pressed anywhere on the page: one head or layer on from the one on screen, round the end.

    Not from what the pickers say: where keys follow fast, the browser sends the second with the pickers as they were
    before the first.
    """
    steps = {"previous head": -1, "next head": 1, "layer up": -view.heads, "layer down": view.heads}
    place = (layer * view.heads + head + steps[action]) % (view.layers * view.heads)
    st.session_state["layer"], st.session_state["head"] = divmod(place, view.heads)


def pick_part(run: Run, *, pairs: bool = False) -> str:
    """Which attention: encoder, decoder or cross; and for whose target; with `pairs` also which pairs of two sentences. One choice
    for every page."""
    parts = available(run)
    address.keep_among("part", parts, parts[-1], lambda name: SHORT[name])
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        part = st.segmented_control(
            "Attention",
            parts,
            key="part",
            format_func=lambda name: SHORT[name],
            label_visibility="collapsed",
            bind="query-params",
            required=True,
        )
        if run.lm.kind == "encoder-decoder":
            st.toggle(
                "Type the target myself",
                key="own_target",
                bind="query-params",
                help="Off: the decoder reads what the model itself wrote. On: it reads the sentence you type.",
            )
        if pairs:
            pick_pairs(run)
    return part or parts[-1]
