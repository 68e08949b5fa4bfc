"""What a loaded checkpoint holds beside its weights: special ids, rules of generation, its source, a text made ready to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from model.tokenizers.tokens import Token

Ids = Sequence[int] | Tensor


@dataclass(frozen=True)
class SpecialIds:
    """The ids a checkpoint gives a role. Ids outside the vocabulary are ignored."""

    start: int | None = None  # what a decoder reads first
    end: tuple[int, ...] = ()
    pad: int | None = None
    mask: int | None = None


@dataclass(frozen=True)
class Constraints:
    """What generation_config.json forbids or forces, as `transformers` applies it before any strategy."""

    forced_first: int | None = None
    never: tuple[int, ...] = ()
    never_sequences: tuple[tuple[int, ...], ...] = ()
    never_first: tuple[int, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where a checkpoint came from and what of it was not used."""

    name: str
    family: str
    path: str
    unused_keys: Mapping[str, object] = field(default_factory=dict)
    unused_tensors: tuple[str, ...] = ()
    config_json: Mapping[str, object] = field(default_factory=dict)
    card: str = ""


@dataclass(frozen=True, eq=False)
class Reading:
    """A text or ids made ready: what a stack will read."""

    tokens: tuple[Token, ...]
    segments: tuple[int, ...] | None = None

    @property
    def ids(self) -> list[int]:
        return [token.id for token in self.tokens]
