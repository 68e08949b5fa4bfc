"""What an evaluation measured, and the JSON file in the run's folder that keeps it for the model card."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Self, TypeVar, cast, get_args, get_origin, get_type_hints

EVALUATION = "evaluation.json"

Items = TypeVar("Items", bound=Sequence[object])


@dataclass(frozen=True)
class Results:
    """Where the run stood when it was measured; each task adds its own figures.

    Fields are numbers, texts, dataclasses of such, tuples of one kind of item, and dicts with texts as keys.
    """

    step: int
    epochs: float
    seconds: float  # spent training

    @property
    def hours(self) -> float:
        """Hours spent training."""
        return self.seconds / 3600

    def write(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` wrote."""
        return cast(Self, _from_json(cls, json.loads(path.read_text(encoding="utf-8"))))


def _from_json(kind: object, value: object) -> object:
    """A JSON value as the kind of object that a field is declared to hold."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _from_json(hints[name], x) for name, x in cast(Mapping[str, object], value).items()})
    if get_origin(kind) is tuple:
        return tuple(_from_json(get_args(kind)[0], x) for x in cast(Sequence[object], value))
    if get_origin(kind) is dict:
        return {key: _from_json(get_args(kind)[1], x) for key, x in cast(Mapping[str, object], value).items()}
    return value


def evenly(items: Items, count: int | None) -> Items:
    """At least `count` of the items, evenly spaced over all of them; every item if `count` is None or too large."""
    return items if count is None else cast(Items, items[:: max(1, len(items) // count)])
