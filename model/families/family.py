"""What a family is: how to read its config, which values it stands on, and what its weights are called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from model.config import TransformerConfig
from model.errors import CheckpointError
from model.weights import Table


class ConfigJson:
    """config.json, read key by key with the type each must have; remembers which keys were read."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = dict(values)
        self.read: set[str] = set()

    def value(self, key: str) -> object:
        """The value as it stands, None where the key is absent or null."""
        self.read.add(key)
        return self.values.get(key)

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise CheckpointError(_wrong(key, value, "a whole number"))
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise CheckpointError(_wrong(key, value, "a number"))
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise CheckpointError(_wrong(key, value, "true or false"))
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise CheckpointError(_wrong(key, value, "a text"))
        return value

    def choice(self, key: str, meanings: Mapping[str, str], default: str | None = None) -> str:
        """The value translated by a table; refuses one that is not in it."""
        value = self.text(key, default)
        if value not in meanings:
            known = ", ".join(sorted(meanings))
            raise CheckpointError(f"config.json has {key}={value!r}, which is not supported; supported are {known}")
        return meanings[value]

    def part(self, key: str) -> "ConfigJson | None":
        """A nested object, None where there is none."""
        value = self.value(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise CheckpointError(_wrong(key, value, "an object"))
        return ConfigJson(value)

    def unused(self) -> dict[str, object]:
        """Keys that nothing here read, with their values."""
        return {key: value for key, value in self.values.items() if key not in self.read}


def _wrong(key: str, value: object, needed: str) -> str:
    if value is None:
        return f"config.json has no {key}"
    return f"config.json has {key}={value!r}, but {key} must be {needed}"


@dataclass(frozen=True, kw_only=True)
class Family:
    """One architecture's checkpoints as data."""

    name: str
    title: str  # as people write it
    config: Callable[[ConfigJson], TransformerConfig]
    weights: Table
    required: Mapping[str, object] = field(default_factory=dict)  # key: the value that must hold (also where absent)
    prefixes: tuple[str, ...] = ()  # of the base model's names, present or not
    start_is_pad: bool = False  # where config.json names no decoder_start_token_id

    def read_config(self, hf: ConfigJson) -> TransformerConfig:
        """The family's config; CheckpointError where a value would change the computation in a way not done here."""
        for key, needed in self.required.items():
            value = hf.value(key)
            if value is not None and value != needed:
                raise CheckpointError(
                    f"config.json has {key}={value!r}; {self.title} is supported with {key}={needed!r} only"
                )
        try:
            return self.config(hf)
        except CheckpointError:
            raise
        except ValueError as error:
            raise CheckpointError(f"config.json describes no possible model: {error}") from error

    def plain_name(self, name: str) -> str:
        """A tensor's name without the base model's prefix."""
        for prefix in self.prefixes:
            if name.startswith(prefix):
                return name[len(prefix) :]
        return name
