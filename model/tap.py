"""Names for the tensors of a forward pass, by which they are kept or changed.

Every interesting line of the forward pass reads `q = tap("q", q)`. The tap is an argument, never an attribute: a
model holds weights and nothing about any run, so one model serves many threads at once.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

from torch import Tensor

StackName = Literal["encoder", "decoder"]
Part = Literal["self", "cross", "feed_forward"]
Site = Literal[
    "embedding", "position", "segment", "entering", "stream", "normed", "q_straight", "k_straight", "q", "k", "v",
    "scores", "weights", "mixed", "out", "hidden", "leaving", "final",
]  # fmt: skip
Keep = Literal["default", "all"]


class SiteRow(NamedTuple):
    """One site: its axes without the batch axis, its meaning for readers, and whether an ordinary run keeps it."""

    axes: tuple[str, ...]
    meaning: str
    default: bool  # whether an ordinary run keeps it


SITES: Mapping[Site, SiteRow] = {
    "embedding": SiteRow(("time", "d_model"), "the token's row of the embedding table, scaled", True),
    "position": SiteRow(("time", "d_model"), "the vector added for the token's place", True),
    "segment": SiteRow(("time", "d_model"), "the vector added for the sentence the token belongs to", True),
    "entering": SiteRow(("time", "d_model"), "what enters the first block", False),
    "stream": SiteRow(("time", "d_model"), "what enters a block", True),
    "normed": SiteRow(("time", "d_model"), "what a sublayer reads, after its norm where that comes first", False),
    "q_straight": SiteRow(("heads", "query", "d_head"), "queries before any rotation", False),
    "k_straight": SiteRow(("kv_heads", "key", "d_head"), "keys before any rotation", False),
    "q": SiteRow(("heads", "query", "d_head"), "queries: what each position looks for", True),
    "k": SiteRow(("kv_heads", "key", "d_head"), "keys: what each position offers to be found by", True),
    "v": SiteRow(("kv_heads", "key", "d_head"), "values: what each position hands over when it is looked at", True),
    "scores": SiteRow(("heads", "query", "key"), "q.k, scaled, biased and masked, before the softmax", False),
    "weights": SiteRow(("heads", "query", "key"), "shares of one per query, after the softmax", False),
    "mixed": SiteRow(("heads", "query", "d_head"), "each head's answer: values averaged by weight", True),
    "out": SiteRow(("time", "d_model"), "what a sublayer adds to the stream", True),
    "hidden": SiteRow(("time", "d_ff"), "the feed-forward's inner layer", False),
    "leaving": SiteRow(("time", "d_model"), "what leaves the last block", True),
    "final": SiteRow(("time", "d_model"), "the stream the output head reads", True),
}


KEPT: Mapping[Keep, frozenset[Site]] = {
    "default": frozenset(site for site, row in SITES.items() if row.default),
    "all": frozenset(SITES),
}


class Place(NamedTuple):
    """Where in the model: a stack, one of its layers, one sublayer of that layer."""

    stack: StackName | None = None
    layer: int | None = None
    part: Part | None = None


class Edit(Protocol):
    """A change to one named tensor of one sublayer."""

    @property
    def place(self) -> Place: ...

    @property
    def site(self) -> Site: ...

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        """The changed tensor, batch axis included; `queries` and `keys` are the absolute positions of its rows."""
        ...


class Recorder(Protocol):
    """Stores the tensors a tap keeps."""

    def keep(self, place: Place, site: Site, x: Tensor) -> None: ...


class Tap:
    """Keeps and edits the named tensors of one forward pass."""

    def __init__(
        self,
        recorder: Recorder | None = None,
        edits: Iterable[Edit] = (),
        keep: Keep = "default",
        place: Place = Place(),
    ) -> None:
        self.recorder, self.keep, self.place = recorder, keep, place
        self.edits = tuple(edits)
        self.here = tuple(edit for edit in self.edits if edit.place == place)
        self._below: dict[StackName | int | Part, Tap] = {}
        self._kept = frozenset[Site]() if recorder is None else KEPT[keep]

    def at(self, step: StackName | int | Part) -> "Tap":
        """The tap for one part further inside the model; made once, because a decode asks for it at every step."""
        below = self._below.get(step)
        if below is None:
            below = self._below[step] = self._one_below(step)
        return below

    def _one_below(self, step: StackName | int | Part) -> "Tap":
        if isinstance(step, int):
            place = self.place._replace(layer=step)
        elif step in ("encoder", "decoder"):
            place = Place(step)
        else:
            place = self.place._replace(part=step)  # type: ignore[arg-type]
        return Tap(self.recorder, self.edits, self.keep, place)

    def touches(self, site: Site) -> bool:
        """Whether this site is edited or kept here, and so must exist as a tensor."""
        return self.wants(site) or any(edit.site == site for edit in self.here)

    def wants(self, site: Site) -> bool:
        """Whether this site is kept when no edit changes it."""
        return site in self._kept

    def __call__(self, site: Site, x: Tensor, queries: Tensor | None = None, keys: Tensor | None = None) -> Tensor:
        edited = False
        for edit in self.here:
            if edit.site == site and queries is not None:
                x, edited = edit.apply(x, queries, keys), True
        # An edited tensor is always kept: a trace never shows what the model did not use.
        if self.recorder is not None and (edited or site in self._kept):
            self.recorder.keep(self.place, site, x)
        return x


class _Silent(Tap):
    """The tap that keeps and changes nothing, at the cost of one call for each site."""

    def at(self, step: StackName | int | Part) -> Tap:
        return self

    def touches(self, site: Site) -> bool:
        return False

    def wants(self, site: Site) -> bool:
        return False

    def __call__(self, site: Site, x: Tensor, queries: Tensor | None = None, keys: Tensor | None = None) -> Tensor:
        return x


SILENT: Tap = _Silent()
