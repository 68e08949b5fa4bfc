"""Two runs compared: their pieces aligned on common slots, their heads paired, and the difference of every pair."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from analysis.alignment import Alignment, align
from analysis.difference import Grid, difference, moved, nearest_heads, row_step
from model.attention_trace import AttentionTrace
from model.tokenizers.tokens import Token
from ui.components.head_grid.head_grid import MOST_CELLS_A_SIDE, signed_thumbnails
from ui.figures import Matrix
from ui.maps import thumbnails
from ui.maps.attention import AttentionKind
from ui.maps.head_grid_export import Exact
from ui.runs.on_demand import is_kept, kept
from ui.runs.store import Run
from viz.percent import format_percent

Paired = Literal["number", "likeness"]
PAIRED: tuple[Paired, ...] = get_args(Paired)
TOKENS_UNASKED = 1024  # a side; for longer texts someone must ask to compare all heads
STRONGEST_CHANGE = 1.0  # of a row's attention, has the strongest colour of every thumbnail


@dataclass(frozen=True, eq=False)
class Side:
    """One kind of attention of one run."""

    run: Run
    kind: AttentionKind
    upto: int | None = None  # only so many tokens are compared: what was typed, before what a decoder wrote

    @property
    def layers(self) -> int:
        return self.run.lm.config.layers(self.kind.stack)

    @property
    def heads(self) -> int:
        return self.run.lm.config.n_heads

    @property
    def queries(self) -> tuple[Token, ...]:
        """The tokens of the rows; typed ones with the characters they came from."""
        if self.upto is not None and self.run.reading is not None:
            return self.run.reading.tokens[: self.upto]
        return self.run.trace.tokens(self.kind.stack)[: self.upto]

    @property
    def keys(self) -> tuple[Token, ...]:
        return self.queries if self.kind.key_stack == self.kind.stack else self.run.trace.tokens(self.kind.key_stack)

    @property
    def written(self) -> tuple[str, ...]:
        """The label of what each row of a decoder writes."""
        return self.run.written[: self.upto]

    def attention(self, layer: int) -> AttentionTrace:
        return self.run.trace.attention(self.kind.stack, layer, self.kind.part)

    def weights(self, layer: int, head: int) -> Matrix:
        """(query, key) of one head, cut to `upto`. In a causal model the rows left do not depend on what is cut."""
        weights: Matrix = self.attention(layer).weights(head).cpu().numpy()
        return weights if self.upto is None else weights[: self.upto, : self.upto]

    @property
    def places(self) -> list[tuple[int, int]]:
        """(layer, head) of every head."""
        return [(layer, head) for layer in range(self.layers) for head in range(self.heads)]


@dataclass(frozen=True, eq=False)
class Changes:
    """Every head's difference as a thumbnail, the mean share of attention that moved, and a caption."""

    moved: NDArray[np.float64]  # (layers, heads), NaN where no query is shared
    pictures: NDArray[np.uint8]  # (layers, heads, rows, columns) around zero
    captions: list[list[str]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Heads of the first side and their partners in the second, on a common grid of slots."""

    first: Side
    second: Side
    grid: Grid
    partners: NDArray[np.intp]  # (layers, heads): the partner counted through all layers of the second side
    paired: Paired
    step: int = 1  # partners were found on every so many queries

    @property
    def labels(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        queries, keys = self.grid.queries, self.grid.keys.labels
        if self.writes:
            return queries.row_labels(self.first.written, self.second.written), keys
        return queries.labels, keys

    @property
    def writes(self) -> bool:
        """Whether rows are named by the token written there: they are a decoder's on both sides."""
        return self.first.kind.writes and self.second.kind.writes

    def partner(self, layer: int, head: int) -> tuple[int, int]:
        """(layer, head) of the partner in the second side."""
        return divmod(int(self.partners[layer, head]), self.second.heads)

    def head(self, layer: int, head: int) -> tuple[Matrix, Matrix]:
        """The weights of a head and of its partner, each (query slots, key slots)."""
        other = self.partner(layer, head)
        return self.grid.place(self.first.weights(layer, head), 0), self.grid.place(self.second.weights(*other), 1)

    def untouched(self, layer: int) -> bool:
        """Whether both sides have equal queries and keys in a layer, so that none of its heads differs. That is so in the
        layers below a head that is off."""
        if self.paired != "number" or self.grid.renormalise or not self.grid.one_to_one:
            return False
        one, other = (side.attention(layer) for side in (self.first, self.second))
        recorded = not one.edited and not other.edited and one.q.shape == other.q.shape and one.k.shape == other.k.shape
        alike = self.first.run.lm is self.second.run.lm
        return alike and recorded and torch.equal(one.q, other.q) and torch.equal(one.k, other.k)

    def change(self, layer: int, head: int) -> Matrix:
        """The second side minus the first, (query slots, key slots)."""
        return difference(*self.head(layer, head))


def exact(made: Comparison) -> Exact:
    """The exact difference of every head, (heads, query slots, key slots) for each layer."""

    def layers() -> Iterator[Matrix]:
        for layer in range(made.first.layers):
            yield np.stack([made.change(layer, head) for head in range(made.first.heads)])

    rows, columns = map(len, made.labels)
    return Exact(layers, 4 * made.first.layers * made.first.heads * rows * columns)


def aligned(first: Side, second: Side) -> tuple[Alignment, Alignment]:
    """The queries of both sides aligned, and the keys."""
    same_text = first.run.spec.text == second.run.spec.text and first.run.spec.pair == second.run.spec.pair
    tokenizers = [side.run.lm.tokenizer for side in (first, second)]
    pieces = first.run.lm is second.run.lm or None in tokenizers
    cut = (bool(tokenizers[0] and tokenizers[0].word_pieces), bool(tokenizers[1] and tokenizers[1].word_pieces))

    def on_one_row(one: tuple[Token, ...], other: tuple[Token, ...]) -> Alignment:
        return align(one, other, same_tokenizer=pieces, same_text=same_text, word_pieces=cut)

    queries = on_one_row(first.queries, second.queries)
    return queries, on_one_row(first.keys, second.keys) if first.kind.part == "cross" else queries


def same_shape(first: Side, second: Side) -> bool:
    """Whether both sides have as many layers and heads, so that heads can be paired by number."""
    return (first.layers, first.heads) == (second.layers, second.heads)


@dataclass(frozen=True, eq=False)
class Pairing:
    """The result of pairing heads. It takes time to compute and holds no run."""

    grid: Grid
    partners: NDArray[np.intp]
    step: int = 1


def compared(first: Side, second: Side, paired: Paired, renormalise: bool) -> Comparison:
    """The comparison. Paired by likeness, each head's partner is the head of the other side that differs least from it."""
    found = pairing(first, second, paired, renormalise)
    return Comparison(first, second, found.grid, found.partners, paired, found.step)


def pairing(first: Side, second: Side, paired: Paired, renormalise: bool) -> Pairing:
    """The common grid, and each head's partner."""
    grid = Grid(*aligned(first, second), renormalise)
    shape = (first.layers, first.heads)
    if paired == "number":
        return Pairing(grid, np.arange(shape[0] * shape[1]).reshape(shape))
    slots = len(grid.queries.slots), len(grid.keys.slots)
    step = row_step(shape[0] * shape[1], second.layers * second.heads, *slots)
    one = np.stack([grid.place(first.weights(*place), 0)[::step] for place in first.places])
    other = np.stack([grid.place(second.weights(*place), 1)[::step] for place in second.places])
    return Pairing(grid, nearest_heads(one, other)[0].reshape(shape), step)


MOST_KEPT = 6  # comparisons of one run


class Kept(NamedTuple):
    """What is kept of a comparison: without its runs, which it must not keep in memory."""

    pairing: Pairing
    changes: Changes


def _key(first: Side, second: Side, paired: Paired, renormalise: bool) -> tuple[object, ...]:
    return "changes", first.kind, first.upto, second.kind, second.upto, second.run.spec, paired, renormalise


def costly(first: Side, second: Side, paired: Paired, renormalise: bool) -> bool:
    """Whether comparing all heads would take long and is not done yet."""
    longest = max(max(len(side.queries), len(side.keys)) for side in (first, second))
    return longest > TOKENS_UNASKED and not is_kept(first.run, _key(first, second, paired, renormalise))


def seconds(made: Comparison) -> float:
    """Estimated seconds for comparing all heads, from the time that one head takes."""
    began = time.perf_counter()
    _small(made, 0, 0)
    return (time.perf_counter() - began) * made.first.layers * made.first.heads


def changes(
    first: Side,
    second: Side,
    paired: Paired,
    renormalise: bool,
    seen: Callable[[float], object] = lambda share: None,
) -> tuple[Comparison, Changes]:
    """All heads' differences, kept as long as the first run is: choosing another head draws the same ones.

    `seen` is called after each head with the share that is done; an error it raises ends the work.
    """

    def make() -> Kept:
        made = compared(first, second, paired, renormalise)
        return Kept(Pairing(made.grid, made.partners, made.step), _in_small(made, seen))

    found, small = kept(first.run, _key(first, second, paired, renormalise), Kept, make, most=MOST_KEPT)
    return Comparison(first, second, found.grid, found.partners, paired, found.step), small


def _in_small(made: Comparison, seen: Callable[[float], object]) -> Changes:
    """One head at a time, so that memory holds one pattern of each side."""
    shape = made.first.layers, made.first.heads
    shares, pictures = np.empty(shape), []
    captions = [[""] * shape[1] for _ in range(shape[0])]
    blank = _nothing(made)
    same = [made.untouched(layer) for layer in range(shape[0])]
    for done, (layer, head) in enumerate(made.first.places, start=1):
        shares[layer, head], picture = (0.0, blank) if same[layer] else _small(made, layer, head)
        pictures.append(picture)
        captions[layer][head] = caption(made, layer, head, float(shares[layer, head]))
        seen(done / shares.size)
    return Changes(shares, np.stack(pictures).reshape(*shape, *pictures[0].shape), captions)


def _small(made: Comparison, layer: int, head: int) -> tuple[float, NDArray[np.uint8]]:
    """(share that moved, picture) of one head."""
    change = made.change(layer, head)[None]
    return float(moved(change)[0]), signed_thumbnails(change, STRONGEST_CHANGE, _cells(made))[0]


def _nothing(made: Comparison) -> NDArray[np.uint8]:
    """The picture of a head that did not change."""
    return signed_thumbnails(np.zeros((1, *map(len, made.labels)), dtype=np.float32), STRONGEST_CHANGE, _cells(made))[0]


def _cells(made: Comparison) -> int:
    return (
        thumbnails.CELLS_OF_MANY if made.first.layers * made.first.heads > thumbnails.MANY_HEADS else MOST_CELLS_A_SIDE
    )


def size(share: float) -> str:
    """The share that moved, as text; shares as small as rounding errors are “less than 0.1%”."""
    return "less than 0.1%" if 0 < share < 0.001 else format_percent(share)


def caption(made: Comparison, layer: int, head: int, share: float) -> str:
    """How much a head's attention moved, and its partner where heads are paired by likeness."""
    words = "no query in common" if np.isnan(share) else f"moved {size(share)}"
    if made.paired == "number":
        return words
    other, number = made.partner(layer, head)
    return f"{words} · against L{other} H{number}"
