"""What one run kept: named tensors, in the rows that were read together."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from model.tap import SITES, Place, Site


@dataclass(eq=False)
class Recording:
    """Chunks of rows by place and site, in reading order. A decode adds one chunk a step; a run has one in all."""

    step: int = 0
    chunks: dict[tuple[Place, Site], list[tuple[int, Tensor]]] = field(default_factory=dict)

    def keep(self, place: Place, site: Site, x: Tensor) -> None:
        """Part of the `Recorder` protocol: x is (batch, ...)."""
        self.chunks.setdefault((place, site), []).append((self.step, x))

    def sites(self, place: Place, last: int) -> set[Site]:
        """What is kept at a place up to a step."""
        return {site for (at, site), kept in self.chunks.items() if at == place and kept[0][0] <= last}

    def rows(self, place: Place, site: Site, last: int, row: int = 0) -> Tensor | None:
        """All rows up to and including step `last`, float32, one entry of the batch; None where nothing was kept."""
        kept = [x[row] for step, x in self.chunks.get((place, site), ()) if step <= last]
        if not kept:
            return None
        if "query" in SITES[site].axes and "key" in SITES[site].axes:
            blank = float("-inf") if site == "scores" else 0.0
            longest = kept[-1].shape[-1]
            kept = [F.pad(x, (0, longest - x.shape[-1]), value=blank) for x in kept]
        axis = next(i for i, name in enumerate(SITES[site].axes) if name in ("time", "query", "key"))
        return (kept[0] if len(kept) == 1 else torch.cat(kept, dim=axis)).float()

    def until(self, last: int) -> "Recording":
        """A recording of its own with the chunks up to and including step `last`; the tensors are shared."""
        held = {at: [(step, x) for step, x in kept if step <= last] for at, kept in self.chunks.items()}
        return Recording(last, {at: kept for at, kept in held.items() if kept})

    @property
    def bytes(self) -> int:
        """Memory of everything kept."""
        return sum(x.numel() * x.element_size() for kept in self.chunks.values() for _, x in kept)
