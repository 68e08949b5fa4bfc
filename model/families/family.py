"""A family: how its config is read, which values it requires, and what its weights are called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from model.config import Activation, TransformerConfig
from model.errors import CheckpointError
from model.families.conversion import Table

T = TypeVar("T")
LARGEST = 2**31 - 1
"""The largest number accepted in a config. No published model comes near it; larger ones would overflow tensor sizes."""

WRAPPERS = ("module.", "_orig_mod.", "auto_model.", "0.auto_model.", "base_model.model.")
"""What training tools put before every name: parallel and compiled modules, sentence encoders, wrapped models."""

ACTIVATIONS: Mapping[str, Activation] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}


class ConfigJson:
    """config.json, read key by key with type checks. It remembers which keys were read."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = dict(values)
        self.read: set[str] = set()
        self.parts: dict[str, ConfigJson] = {}

    def rename(self, aliases: Mapping[str, str]) -> None:
        """Renames keys to the names the family reads."""
        for other, name in aliases.items():
            if self.values.get(name) is None and other in self.values:
                self.values[name] = self.values.pop(other)

    def value(self, key: str) -> object:
        """The value as it is; None where the key is absent or null."""
        self.read.add(key)
        return self.values.get(key)

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise CheckpointError(_wrong(key, value, "a whole number"))
        if abs(value) > LARGEST:
            raise CheckpointError(_wrong(key, value, f"at most {LARGEST:,}"))
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= LARGEST:  # NaN neither
            raise CheckpointError(_wrong(key, value, "a number of ordinary size"))
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

    def choice(self, key: str, meanings: Mapping[str, T], default: str | None = None) -> T:
        """The value translated by a table. Raises CheckpointError for a value that is not in it."""
        value = self.text(key, default)
        if value not in meanings:
            known = ", ".join(sorted(meanings))
            raise CheckpointError(
                f"config.json has {key}={shortened(value)}, which is not supported; supported are {known}"
            )
        return meanings[value]

    def part(self, key: str) -> "ConfigJson | None":
        """A nested object; None where there is none."""
        value = self.value(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise CheckpointError(_wrong(key, value, "an object"))
        return self.parts.setdefault(key, ConfigJson(value))

    def same(self, key: str, other: str) -> None:
        """Raises CheckpointError where two keys that must be equal differ; `other` may be absent."""
        value = self.value(other)
        if value is not None and value != self.value(key):
            raise CheckpointError(
                f"config.json has {key}={shortened(self.value(key))} and {other}={shortened(value)}; they must be equal here"
            )

    def unused(self) -> dict[str, object]:
        """The keys that were not read, with their values; those of nested objects as "outer.inner"."""
        found = {key: value for key, value in self.values.items() if key not in self.read}
        for name, part in self.parts.items():
            found |= {f"{name}.{key}": value for key, value in part.unused().items()}
        return found


def _wrong(key: str, value: object, needed: str) -> str:
    if value is None:
        return f"config.json has no {key}"
    return f"config.json has {key}={shortened(value)}, but {key} must be {needed}"


def shortened(value: object) -> str:
    """A value of config.json, short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


class Stored(Protocol):
    """The tensors of a checkpoint by the family's names, without prefix. A tensor is read when asked for."""

    @property
    def names(self) -> Collection[str]: ...

    def get(self, name: str) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class Output:
    """The tensors that show whether a checkpoint has an output head, and whether the head has its own table."""

    weight: str = "lm_head.weight"  # the head's table
    tables: tuple[str, ...]  # names of the embedding table; the first that is stored is used
    proof: str | None = None  # every checkpoint with a head holds this; None: an untied one holds `weight`
    bias: str | None = None  # a logit bias that some checkpoints leave out where it is zero
    relation: tuple[str, ...] = ()  # all stored where the checkpoint has a next-sentence head


@dataclass(frozen=True, kw_only=True)
class Family:
    """One architecture's checkpoints as data."""

    name: str
    title: str  # the name for people
    config: Callable[[ConfigJson], TransformerConfig]
    weights: Table
    output: Output
    required: Mapping[str, object] = field(default_factory=dict)  # key: the value that must hold where it is stated
    aliases: Mapping[str, str] = field(default_factory=dict)  # other names of config keys: the name `config` reads
    prefixes: tuple[str, ...] = ()  # of the base model's names; a name may have one or not
    suffixes: Mapping[str, str] = field(default_factory=dict)  # old endings of tensor names: new ones
    start_is_pad: bool = False  # where config.json names no decoder_start_token_id

    def read_config(self, hf: ConfigJson, stored: Stored | None = None) -> TransformerConfig:
        """The family's config. Raises CheckpointError where a value asks for a computation that is not supported.

        `stored` decides what only the tensors show: which heads there are, and whether they are tied.
        """
        hf.rename(self.aliases)
        self.check(hf)
        try:
            stated = self.config(hf)
            return stated if stored is None else self.settle(stated, stored)
        except CheckpointError:
            raise
        except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise CheckpointError(f"config.json describes no possible model: {error}") from error

    def check(self, hf: ConfigJson) -> None:
        """Raises CheckpointError for values other than the required ones."""
        for key, needed in self.required.items():
            value = hf.value(key)
            if value is not None and value != needed:
                raise CheckpointError(
                    f"config.json has {key}={shortened(value)}; {self.title} is supported with {key}={needed!r} only"
                )

    def settle(self, config: TransformerConfig, stored: Stored) -> TransformerConfig:
        """The config with the heads that the folder really has."""
        out, names = self.output, stored.names
        if config.kind == "encoder-decoder" and not any(name.startswith("decoder.") for name in names):
            config = replace(config, decoder_layers=0, head="none")  # an encoder saved alone
        own = out.weight in names
        table = next((name for name in out.tables if name in names), None)
        if config.tied and own and table is not None and not torch.equal(stored.get(out.weight), stored.get(table)):
            config = replace(config, tied=False)
        if (not config.tied and not own) or (out.proof is not None and out.proof not in names):
            config = replace(config, head="none")
        if out.bias is not None and out.bias not in names:
            config = replace(config, logit_bias=False)
        return replace(config, relation=bool(out.relation) and set(out.relation) <= set(names))

    def plain_name(self, name: str) -> str:
        """A tensor's name without the base model's prefix, and with the present ending."""
        for old, new in self.suffixes.items():
            if name.endswith(old):
                name = name.removesuffix(old) + new
        while (wrapper := next((w for w in WRAPPERS if name.startswith(w)), None)) is not None:
            name = name.removeprefix(wrapper)
        for prefix in self.prefixes:
            if name.startswith(prefix):
                return name[len(prefix) :]
        return name
