"""The interventions. Each changes one tensor; everything after it in the forward pass is computed from the changed one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.config import TransformerConfig
from model.errors import InputError
from model.tap import SITES, Edit, Part, Place, Site, StackName

AttentionPart = Literal["self", "cross"]
NO_ATTENTION = "a recurrent model has no attention: what it read reaches a token only through the state it carries"

_ATTENTION: tuple[Site, ...] = ("q_straight", "k_straight", "q", "k", "v", "scores", "weights", "mixed", "out")
TAKE_EDITS: Mapping[Part | None, tuple[Site, ...]] = {
    "self": _ATTENTION,
    "cross": _ATTENTION,
    "feed_forward": ("hidden", "out"),
    None: ("stream",),
}
"""The sites that take an edit, by sublayer; None: those of a layer outside its sublayers."""


@dataclass(frozen=True, slots=True)
class ZeroHead:
    """Sets the output of one query head to zero, before the output projection (Michel et al. 2019)."""

    stack: StackName
    layer: int
    part: AttentionPart
    head: int

    @property
    def place(self) -> Place:
        return Place(self.stack, self.layer, self.part)

    @property
    def site(self) -> Site:
        return "mixed"

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        x = x.clone()
        x[:, self.head] = 0
        return x


@dataclass(frozen=True, slots=True)
class CutEdge:
    """Hides one key from one query of one head: the score becomes minus infinity, and the other weights sum to 1.

    `query` and `key` are absolute positions. A query with no key left has zero weights and a zero output.
    """

    stack: StackName
    layer: int
    part: AttentionPart
    head: int
    query: int
    key: int

    @property
    def place(self) -> Place:
        return Place(self.stack, self.layer, self.part)

    @property
    def site(self) -> Site:
        return "scores"

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        assert keys is not None
        cut = (queries[:, None] == self.query) & (keys == self.key)
        x = x.clone()
        x[:, self.head] = x[:, self.head].masked_fill(cut, float("-inf"))
        return x


@dataclass(frozen=True, slots=True)
class SkipSublayer:
    """Sets the output of a sublayer to zero, so that it adds nothing to the stream."""

    stack: StackName
    layer: int
    part: Part

    @property
    def place(self) -> Place:
        return Place(self.stack, self.layer, self.part)

    @property
    def site(self) -> Site:
        return "out"

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        return torch.zeros_like(x)


@dataclass(frozen=True, slots=True)
class InRows:
    """An edit in some rows of a batch only. `rows` count from 0.

    With one text in all rows and another edit in each, one pass runs many interventions; each row is the same as a run with
    its edit alone.
    """

    edit: Edit
    rows: tuple[int, ...]

    @property
    def place(self) -> Place:
        return self.edit.place

    @property
    def site(self) -> Site:
        return self.edit.site

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        rows = list(self.rows)
        if max(rows) >= len(x):
            raise InputError(f"an edit names row {max(rows)} of a batch, and this run has {len(x)}, counted from 0")
        x = x.clone()
        x[rows] = self.edit.apply(x[rows], queries, keys)
        return x


def each_in_its_row(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edit i for row i of a batch with one row for each edit."""
    return tuple(InRows(edit, (row,)) for row, edit in enumerate(edits))


def check_layer(config: TransformerConfig, stack: str, layer: int) -> None:
    """Raises InputError unless the model has that layer; layers count from 0, and never from the end."""
    layers = config.layers(stack) if stack in ("encoder", "decoder") else 0
    if not layers:
        raise InputError(f"this model has no {stack}")
    if not 0 <= layer < layers:
        raise InputError(f"layer {layer} is out of range: the {stack} has layers 0 to {layers - 1}")


def check_place(config: TransformerConfig, stack: str, layer: int, part: str) -> None:
    """Raises InputError unless the model has that sublayer."""
    check_layer(config, stack, layer)
    if config.recurrence != "none":
        raise InputError(NO_ATTENTION)
    parts = ["self", "cross"] if stack == "decoder" and config.kind == "encoder-decoder" else ["self"]
    if part not in (*parts, "feed_forward"):
        raise InputError(f'the {stack} has no "{part}" sublayer; it has {", ".join(parts)} and feed_forward')


def check_head(config: TransformerConfig, head: int) -> None:
    """Raises InputError unless every layer has that head."""
    if not 0 <= head < config.n_heads:
        raise InputError(f"head {head} is out of range: a layer has heads 0 to {config.n_heads - 1}")


def check_edits(config: TransformerConfig, edits: tuple[Edit, ...]) -> None:
    """Raises InputError where an edit names a layer, sublayer, head or position that is not there, or a site that takes none."""
    for edit in edits:
        while isinstance(edit, InRows):
            if not edit.rows or min(edit.rows) < 0:
                raise InputError("an edit in rows of a batch names at least one, counted from 0")
            edit = edit.edit
        place = edit.place
        if place.stack is None or place.layer is None:
            raise InputError("an edit names a stack, a layer and a sublayer")
        check_place(config, place.stack, place.layer, "self" if place.part is None else place.part)
        check_site(place.part, edit.site)
        if isinstance(edit, ZeroHead | CutEdge):
            check_head(config, edit.head)
        if isinstance(edit, CutEdge) and min(edit.query, edit.key) < 0:
            raise InputError("an edge is cut between positions counted from 0")


def check_site(part: Part | None, site: str) -> None:
    """Raises InputError unless an edit of that site acts in that sublayer."""
    if site not in SITES:
        raise InputError(f'there is no site "{site}"; sites are {", ".join(SITES)}')
    if site not in TAKE_EDITS[part]:
        where = "a layer outside its sublayers" if part is None else f'a "{part}" sublayer'
        raise InputError(f'"{site}" takes no edit in {where}; those that do are {", ".join(TAKE_EDITS[part])}')
