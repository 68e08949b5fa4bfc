"""The tensors kept by one run, by name, in chunks of rows that were read together."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from model.tap import SITES, Place, Site

MERGED = 64
"""Steps whose rows are merged into one tensor: a thousand tensors of one row take a quarter more memory and time to join."""


class Chunk(NamedTuple):
    """The rows of one step, or one row of each of several steps."""

    step: int
    x: Tensor  # (batch, ...)
    last: int  # its last step: `step` itself, unless steps were merged

    def until(self, last: int, axis: int) -> "Chunk":
        """The rows up to and including step `last`, in the same memory; `axis` is that of the rows, the batch axis being 0."""
        if last >= self.last:
            return self
        return Chunk(self.step, self.x.narrow(axis, 0, last - self.step + 1), last)


@dataclass(eq=False)
class Recording:
    """Chunks of rows by place and site, in reading order. A decode adds one chunk at each step; a run has one in all."""

    step: int = 0
    chunks: dict[tuple[Place, Site], list[Chunk]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Recording(step={self.step}, {len(self.chunks)} tensors, {self.bytes:,} bytes)"

    def keep(self, place: Place, site: Site, x: Tensor) -> None:
        """Part of the `Recorder` protocol: x is (batch, ...)."""
        kept = self.chunks.setdefault((place, site), [])
        kept.append(Chunk(self.step, x, self.step))
        if (self.step + 1) % MERGED == 0:
            _merge(kept, site)

    def sites(self, place: Place, last: int) -> set[Site]:
        """The sites kept at a place up to step `last`."""
        return {site for (at, site), kept in self.chunks.items() if at == place and kept[0].step <= last}

    def rows(self, place: Place, site: Site, last: int, row: int = 0) -> Tensor | None:
        """One batch entry's rows up to and including step `last`, float32; None where nothing was kept."""
        axis = row_axis(site)
        chunks = self.chunks.get((place, site), ())
        kept = [_entry(chunk.until(last, axis).x, row) for chunk in chunks if chunk.step <= last]
        if not kept:
            return None
        if _is_pattern(site):
            blank = float("-inf") if site == "scores" else 0.0
            longest = kept[-1].shape[-1]
            kept = [F.pad(x, (0, longest - x.shape[-1]), value=blank) for x in kept]
        return (kept[0] if len(kept) == 1 else torch.cat(kept, dim=axis - 1)).float()

    def until(self, last: int) -> "Recording":
        """A new recording with the rows up to and including step `last`; the tensors are shared."""
        held = {
            (place, site): [chunk.until(last, row_axis(site)) for chunk in kept if chunk.step <= last]
            for (place, site), kept in self.chunks.items()
        }
        return Recording(last, {at: kept for at, kept in held.items() if kept})

    @property
    def bytes(self) -> int:
        """Memory of all kept tensors."""
        return sum(chunk.x.numel() * chunk.x.element_size() for kept in self.chunks.values() for chunk in kept)


def _entry(x: Tensor, row: int) -> Tensor:
    """One entry of a batch; positions that are the same in all entries are kept once."""
    return x[row if len(x) > 1 else 0]


def row_axis(site: Site) -> int:
    """The axis of a kept tensor that grows with the tokens read; the batch is axis 0."""
    return 1 + next(i for i, name in enumerate(SITES[site].axes) if name in ("time", "query", "key"))


def _is_pattern(site: Site) -> bool:
    """Whether each row has a column for every token read by then, as scores and weights do."""
    return "query" in SITES[site].axes and "key" in SITES[site].axes


def _merge(kept: list[Chunk], site: Site) -> None:
    """Joins the newest chunks that have one step and one row each, in place."""
    axis = row_axis(site)
    begin = len(kept)
    while begin and kept[begin - 1].last == kept[begin - 1].step and kept[begin - 1].x.shape[axis] == 1:
        begin -= 1
    if len(kept) - begin < 2 or _is_pattern(site):
        return
    first, last = kept[begin].step, kept[-1].step
    if last - first + 1 == len(kept) - begin:
        kept[begin:] = [Chunk(first, torch.cat([chunk.x for chunk in kept[begin:]], dim=axis), last)]
