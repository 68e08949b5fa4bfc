"""The interventions. Each changes one tensor; everything after it in the forward pass is computed from the changed one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.config import TransformerConfig
from model.errors import InputError
from model.tap import Edit, Part, Place, Site, StackName

AttentionPart = Literal["self", "cross"]
NO_ATTENTION = "a recurrent model has no attention: what it read reaches a token only through the state it carries"


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
        x = x.clone()
        x[rows] = self.edit.apply(x[rows], queries, keys)
        return x


def each_in_its_row(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edit i for row i of a batch with one row for each edit."""
    return tuple(InRows(edit, (row,)) for row, edit in enumerate(edits))


def check_place(config: TransformerConfig, stack: str, layer: int, part: str) -> None:
    """Raises InputError unless the model has that sublayer."""
    layers = config.layers(stack) if stack in ("encoder", "decoder") else 0
    if not layers:
        raise InputError(f"this model has no {stack}")
    if not 0 <= layer < layers:
        raise InputError(f"layer {layer} is out of range: the {stack} has layers 0 to {layers - 1}")
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
    """Raises InputError where an edit names a layer, sublayer, head or position that is not there."""
    for edit in edits:
        if isinstance(edit, InRows):
            if not edit.rows or min(edit.rows) < 0:
                raise InputError("an edit in rows of a batch names at least one, counted from 0")
            edit = edit.edit
        place = edit.place
        if place.stack is None or place.layer is None or place.part is None:
            raise InputError("an edit names a stack, a layer and a sublayer")
        check_place(config, place.stack, place.layer, place.part)
        if isinstance(edit, ZeroHead | CutEdge):
            check_head(config, edit.head)
        if isinstance(edit, CutEdge) and min(edit.query, edit.key) < 0:
            raise InputError("an edge is cut between positions counted from 0")
