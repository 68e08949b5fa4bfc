"""Two runs set side by side: which they are, their pieces on one row, and every head's difference on it."""

from dataclasses import dataclass
from typing import Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from analysis.alignment import Alignment, align
from analysis.difference import Grid, difference, moved, nearest_heads, row_step
from model.tokens import Token
from ui import heads
from ui.components.head_grid.head_grid import signed_thumbnails
from ui.figures import Matrix
from ui.runs import Run
from viz.probabilities import format_percent

Paired = Literal["number", "likeness"]
PAIRED: tuple[Paired, ...] = get_args(Paired)
LONGEST = 1024  # tokens a side: all heads of both runs are worked out, which takes memory with the square of the length
TOP = 1.0  # a change of a whole row's attention has the strongest colour of a thumbnail, whatever the others are


@dataclass(frozen=True, eq=False)
class Side:
    """One kind of attention of one run."""

    run: Run
    part: str
    upto: int | None = None  # only so many tokens are compared: what was typed, before what a decoder wrote

    @property
    def layers(self) -> int:
        return self.run.lm.config.layers(heads.PARTS[self.part][0])

    @property
    def heads(self) -> int:
        return self.run.lm.config.n_heads

    @property
    def queries(self) -> tuple[Token, ...]:
        """Rows; those that were typed know which characters they came from."""
        if self.upto is not None and self.run.reading is not None:
            return self.run.reading.tokens[: self.upto]
        return self.run.trace.tokens(heads.PARTS[self.part][0])[: self.upto]

    @property
    def keys(self) -> tuple[Token, ...]:
        return self.run.trace.tokens("encoder") if self.part == "cross" else self.queries

    def weights(self, layer: int) -> Matrix:
        """(heads, query, key); a causal model's earlier rows do not depend on what came later, so they are cut."""
        stack, kind = heads.PARTS[self.part]
        weights: Matrix = self.run.trace.attention(stack, layer, kind).weights().cpu().numpy()
        return weights if self.upto is None else weights[:, : self.upto, : self.upto]


@dataclass(frozen=True, eq=False)
class Changes:
    """Every head's difference in small: pictures, the mean share of attention that moved, and words."""

    moved: NDArray[np.float64]  # (layers, heads), NaN where no query is shared
    pictures: NDArray[np.uint8]  # (layers, heads, rows, columns) around zero
    captions: list[list[str]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Heads of the first side against their partners of the second, on the common grid."""

    first: Side
    second: Side
    grid: Grid
    partners: NDArray[np.intp]  # (layers, heads): the partner counted through all layers of the second side
    paired: Paired
    step: int = 1  # partners were found on every so many queries

    @property
    def labels(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.grid.queries.labels, self.grid.keys.labels

    def partner(self, layer: int, head: int) -> tuple[int, int]:
        """(layer, head) of the second side."""
        return divmod(int(self.partners[layer, head]), self.second.heads)

    def layer(self, layer: int) -> tuple[Matrix, Matrix]:
        """Both sides of a layer's heads, (heads, query slots, key slots)."""
        one = self.grid.place(self.first.weights(layer), 0)
        wanted = [self.partner(layer, head) for head in range(self.first.heads)]
        held = {other: self.second.weights(other) for other in {at for at, _ in wanted}}
        other = self.grid.place(np.stack([held[at][head] for at, head in wanted]), 1)
        return one, other

    def change(self, layer: int) -> Matrix:
        """(heads, query slots, key slots): second minus first."""
        return difference(*self.layer(layer))


def aligned(first: Side, second: Side) -> tuple[Alignment, Alignment]:
    """Queries and keys of both sides, each on one row."""
    same_text = first.run.spec.text == second.run.spec.text and first.run.spec.pair == second.run.spec.pair
    tokenizers = [side.run.lm.tokenizer for side in (first, second)]
    pieces = first.run.lm is second.run.lm or None in tokenizers
    cut = (bool(tokenizers[0] and tokenizers[0].word_pieces), bool(tokenizers[1] and tokenizers[1].word_pieces))

    def on_one_row(one: tuple[Token, ...], other: tuple[Token, ...]) -> Alignment:
        return align(one, other, same_tokenizer=pieces, same_text=same_text, word_pieces=cut)

    queries = on_one_row(first.queries, second.queries)
    return queries, on_one_row(first.keys, second.keys) if first.part == "cross" else queries


def too_long(*sides: Side) -> bool:
    """Whether the differences of all heads would take more memory than a page may."""
    return any(max(len(side.queries), len(side.keys)) > LONGEST for side in sides)


def same_shape(first: Side, second: Side) -> bool:
    """Whether heads can be paired by their numbers."""
    return (first.layers, first.heads) == (second.layers, second.heads)


@dataclass(frozen=True, eq=False)
class Pairing:
    """The part of a comparison that takes time and holds no run."""

    grid: Grid
    partners: NDArray[np.intp]
    step: int = 1


def compared(first: Side, second: Side, paired: Paired, renormalise: bool) -> Comparison:
    """The comparison; where heads are paired by likeness each gets the one of the other side that differs least from it."""
    found = pairing(first, second, paired, renormalise)
    return Comparison(first, second, found.grid, found.partners, paired, found.step)


def pairing(first: Side, second: Side, paired: Paired, renormalise: bool) -> Pairing:
    """The common grid, and which heads are set against each other."""
    grid = Grid(*aligned(first, second), renormalise)
    shape = (first.layers, first.heads)
    if paired == "number":
        return Pairing(grid, np.arange(shape[0] * shape[1]).reshape(shape))
    slots = len(grid.queries.slots), len(grid.keys.slots)
    step = row_step(shape[0] * shape[1], second.layers * second.heads, *slots)
    one = np.concatenate([grid.place(first.weights(i), 0)[:, ::step] for i in range(first.layers)])
    other = np.concatenate([grid.place(second.weights(i), 1)[:, ::step] for i in range(second.layers)])
    return Pairing(grid, nearest_heads(one, other)[0].reshape(shape), step)


_KEPT: "WeakKeyDictionary[Run, dict[object, tuple[Pairing, Changes]]]" = (
    WeakKeyDictionary()
)  # nothing kept holds its run
MOST_KEPT = 6  # of one run


def changes(first: Side, second: Side, paired: Paired, renormalise: bool) -> tuple[Comparison, Changes]:
    """All heads' differences, kept as long as the first run is: choosing another head draws the same ones."""
    key = (first.part, first.upto, second.part, second.upto, second.run.spec, paired, renormalise)
    held = _KEPT.setdefault(first.run, {})
    if key in held:
        found, small = held[key]
        return Comparison(first, second, found.grid, found.partners, paired, found.step), small
    made = compared(first, second, paired, renormalise)
    if len(held) >= MOST_KEPT:
        held.clear()
    held[key] = (Pairing(made.grid, made.partners, made.step), _in_small(made))
    return made, held[key][1]


def _in_small(made: Comparison) -> Changes:
    shares, pictures, captions = [], [], []
    for layer in range(made.first.layers):
        change = made.change(layer)
        share = moved(change)
        shares.append(share)
        pictures.append(signed_thumbnails(change, TOP))
        captions.append([caption(made, layer, head, float(value)) for head, value in enumerate(share)])
    return Changes(np.stack(shares), np.stack(pictures), captions)


def size(share: float) -> str:
    """A share that moved; what is too small to matter, such as rounding, is said to be small."""
    return "less than 0.1%" if 0 < share < 0.001 else format_percent(share)


def caption(made: Comparison, layer: int, head: int, share: float) -> str:
    """How much a head's attention moved, and against which head."""
    words = "no query in common" if np.isnan(share) else f"moved {size(share)}"
    if made.paired == "number":
        return words
    other, number = made.partner(layer, head)
    return f"{words} · against L{other} H{number}"
