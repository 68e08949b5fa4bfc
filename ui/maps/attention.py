"""Which attention is on screen: its kind, the labels of its rows and columns, and its weights."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.merging import Axis, Reshaping
from model.attention_trace import AttentionTrace
from model.tap import StackName
from model.trace import AttentionPart
from ui.maps.merging import Special, first_of, reshaping
from ui.runs.store import Run


@dataclass(frozen=True)
class AttentionKind:
    """One of the three attentions of a transformer."""

    key: str  # in addresses and in the names of files
    stack: StackName  # whose tokens are the queries
    part: AttentionPart
    title: str
    short: str
    meaning: str

    @property
    def place(self) -> tuple[StackName, AttentionPart]:
        return self.stack, self.part

    @property
    def key_stack(self) -> StackName:
        """The stack whose tokens are the keys."""
        return "encoder" if self.part == "cross" else self.stack

    @property
    def causal(self) -> bool:
        return self.stack == "decoder" and self.part == "self"

    @property
    def writes(self) -> bool:
        """Whether a query is there to write a token: the one after the token it reads."""
        return self.stack == "decoder"

    @property
    def titles(self) -> dict[str, str]:
        """The titles of both sides of a map."""
        query = "query (attends): written (read)" if self.writes else "query (attends)"
        return {"title_query": query, "title_key": "key (attended to)"}


ENCODER = AttentionKind(
    "encoder",
    "encoder",
    "self",
    title="Encoder self-attention",
    short="Encoder",
    meaning="Each source token attends to every source token.",
)
DECODER = AttentionKind(
    "decoder",
    "decoder",
    "self",
    title="Decoder self-attention",
    short="Decoder",
    meaning="For each token it writes, the decoder attends to the tokens read so far.",
)
CROSS = AttentionKind(
    "cross",
    "decoder",
    "cross",
    title="Cross-attention",
    short="Cross",
    meaning="For each token it writes, the decoder attends to every source token.",
)
KINDS: dict[str, AttentionKind] = {kind.key: kind for kind in (ENCODER, DECODER, CROSS)}
PAIRS = ("all", "within", "between")
ROWS_WRITE = (
    "A decoder's row is named by the token that is written there, with the token read in brackets: in the row “love (I)” the "
    "decoder has just read “I”, and what it attends to serves to write “love”. "
)


def about_rows(kind: AttentionKind) -> str:
    """How the rows of a kind of attention are named, for the help of a figure; empty where they are named by their own token."""
    return ROWS_WRITE if kind.writes else ""


@dataclass(frozen=True, eq=False)
class AttentionView:
    """One kind of attention of one run, with the labels of its rows and columns."""

    run: Run
    kind: AttentionKind
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    kept: NDArray[np.bool_] | None = (
        None  # (query, key): True for pairs that are shown, the others are blank; None: all
    )
    reshaping: Reshaping | None = None  # what is hidden and merged; rows and columns are those left after it
    asks: tuple[str, ...] = ()  # what a sentence calls each query: of a decoder the token written
    last: str | None = None  # the token written after the last that was read; None in an encoder

    @property
    def layers(self) -> int:
        return self.run.lm.config.layers(self.kind.stack)

    @property
    def heads(self) -> int:
        return self.run.lm.config.n_heads

    @property
    def causal(self) -> bool:
        return self.kind.causal

    def attention(self, layer: int) -> AttentionTrace:
        return self.run.trace.attention(self.kind.stack, layer, self.kind.part)

    def weights(self, layer: int) -> NDArray[np.float32]:
        """(heads, query, key) as shown, computed from the recorded queries and keys."""
        weights: NDArray[np.float32] = self.attention(layer).weights().cpu().numpy()
        return weights if self.reshaping is None else self.reshaping(weights)

    def head_weights(self, layer: int, head: int) -> NDArray[np.float32]:
        """(query, key) of one head as shown."""
        weights: NDArray[np.float32] = self.attention(layer).weights(head).cpu().numpy()
        return weights if self.reshaping is None else self.reshaping(weights)

    def only_kept(self, weights: NDArray[np.float32], blank: float = 0.0) -> NDArray[np.float32]:
        """Weights (..., query, key) with `blank` in place of the pairs that are not shown."""
        return weights if self.kept is None else np.where(self.kept, weights, np.float32(blank))

    def outside(self, layer: int) -> NDArray[np.bool_] | None:
        """(query, key), True for keys that lie outside the window of a layer; None where it has no window, or this text none."""
        if self.attention(layer).window is None:
            return None
        hidden: NDArray[np.bool_] = ~self.attention(layer).visible.cpu().numpy()
        if self.causal:
            hidden = np.tril(hidden)
        if not hidden.any():
            return None
        return hidden if self.reshaping is None else self.reshaping.pairs(hidden)

    def blank_outside(self, layer: int, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weights (query, key) of a layer, NaN outside its window."""
        hidden = self.outside(layer)
        return weights if hidden is None else np.where(hidden, np.float32(np.nan), weights)

    @property
    def second(self) -> int | None:
        """The row at which the second of two sentences starts; None where there is only one."""
        segments = self.run.segments
        if segments is None:
            return None
        first = segments.index(1)
        return first if self.reshaping is None else first_of(self.reshaping.queries, first)

    def piece(self, side: Literal["query", "key"], place: int) -> int:
        """The index of the first piece of the text in a row or column."""
        return place if self.reshaping is None else self._side(side).piece(place)

    def place(self, side: Literal["query", "key"], piece: int) -> int | None:
        """The row or column of a piece of the text; None where it is hidden or the text has no such piece."""
        if self.reshaping is not None:
            return self._side(side).word(piece)
        return piece if piece < len(self.queries if side == "query" else self.keys) else None

    def _side(self, side: Literal["query", "key"]) -> Axis:
        assert self.reshaping is not None
        return self.reshaping.queries if side == "query" else self.reshaping.keys


def available(run: Run) -> list[AttentionKind]:
    """The kinds of attention that a model has, in the order of the forward pass; none for a recurrent model."""
    return {"encoder": [ENCODER], "decoder": [DECODER], "recurrent": []}.get(run.lm.kind, [ENCODER, DECODER, CROSS])


def shown(
    run: Run, kind: AttentionKind, special: Special = "shown", merge: bool = False, last: str | None = None
) -> AttentionView:
    """One kind of attention of a run. Its rows and columns are all pieces, or those left after hiding and merging.

    A decoder's rows are named by the token written there. `last` is what was written after the last token read, where another
    run of the same tokens knows it.
    """
    asking = run.trace.tokens(kind.stack)
    asked = asking if kind.key_stack == kind.stack else run.trace.tokens(kind.key_stack)
    kept, shape = kept_pairs(run), reshaping(run, asking, asked, special, merge)
    if kind.writes and last is None:
        last = run.written[-1]
    written = run.trace.written(kind.stack, last)
    if shape is not None:
        pairs = None if kept is None else shape.pairs(kept)
        queries, names = shape.queries.labels, shape.queries.labels
        if kind.writes:
            queries, names = shape.queries.row_labels(written), shape.queries.written(written)
        return AttentionView(run, kind, queries, shape.keys.labels, pairs, shape, names, last)
    keys = tuple(token.label for token in asked)
    return AttentionView(run, kind, run.trace.row_labels(kind.stack, last), keys, kept, None, written, last)


def kept_pairs(run: Run) -> NDArray[np.bool_] | None:
    """(query, key), True for the pairs that are shown of two sentences: within one sentence, or between the two. None: all."""
    choice = st.session_state.get("pairs", PAIRS[0])
    if run.segments is None or choice == PAIRS[0]:
        return None
    sentence = np.asarray(run.segments)
    same: NDArray[np.bool_] = sentence[:, None] == sentence[None, :]
    return same if choice == "within" else ~same
