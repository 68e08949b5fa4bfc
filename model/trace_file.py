"""A trace as one safetensors file: a tensor for each kept site, and their meaning in the header.

The file can be read without the model: position biases, which belong to the weights, are stored for each distance.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from model.config import Llama3Scaling, TransformerConfig
from model.errors import InputError
from model.tap import SITES, Part, Place, Site, StackName
from model.tokenizers.tokens import Token

FORMAT, VERSION = "regard-trace", "1"
STACKS: tuple[StackName, ...] = ("encoder", "decoder")
LOGITS = "logits"


@dataclasses.dataclass(frozen=True, eq=False)
class TraceParts:
    """The content of a trace file. Tensors are float32, without a batch axis; those of a loaded file are on the CPU."""

    config: TransformerConfig
    fingerprint: str
    read: Mapping[StackName, tuple[Token, ...]]  # the tokens each stack has read
    kept: Mapping[tuple[Place, Site], Tensor]
    biases: Mapping[StackName, Tensor]  # (heads, 2 time - 1): added where key - query is 1 - time to time - 1
    logits: Tensor | None  # (time, vocab), of the stack that predicts


class _DamagedError(Exception):
    """The file does not hold what its header says; the message says what was found."""


def save(parts: TraceParts, path: str | Path) -> None:
    """Writes one file. Raises InputError where it cannot be written."""
    tensors = {_name(place, site): x for (place, site), x in parts.kept.items()}
    tensors |= {_bias_name(stack): bias for stack, bias in parts.biases.items()}
    if parts.logits is not None:
        tensors[LOGITS] = parts.logits
    header = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": parts.fingerprint,
        "config": json.dumps(dataclasses.asdict(parts.config)),
        "tokens": json.dumps({stack: [dataclasses.asdict(t) for t in read] for stack, read in parts.read.items()}),
        "places": json.dumps({_name(place, site): [*place, site] for place, site in parts.kept}),
    }
    # Sites can be views of one another, and safetensors refuses tensors that share memory.
    own = {name: x.detach().cpu().clone(memory_format=torch.contiguous_format) for name, x in tensors.items()}
    try:
        safetensors.torch.save_file(own, Path(path).expanduser(), metadata=header)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"the trace cannot be written to {path}: {error}") from error


def load(path: str | Path) -> TraceParts:
    """Reads one file. Raises InputError where it is missing, is not a trace, is of another version or is damaged."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise InputError(f"there is no trace at {path}")
    try:
        header, tensors = _contents(file)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"{file.name} is no saved trace, or is damaged: {error}") from error
    if header.get("format") != FORMAT:
        raise InputError(f"{file.name} is no saved trace: it is a safetensors file of another kind")
    if header.get("version") != VERSION:
        found = header.get("version")
        raise InputError(f"{file.name} is a trace of version {found}; this program reads version {VERSION}")
    try:
        return _parts(header, tensors)
    except (_DamagedError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{file.name} is damaged: {error}") from error


def _name(place: Place, site: Site) -> str:
    return "/".join(str(step) for step in (*place, site) if step is not None)


def _bias_name(stack: StackName) -> str:
    return f"{stack}/bias"


def _contents(file: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with safetensors.safe_open(file, framework="pt") as opened:
        return opened.metadata() or {}, {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def _parts(header: Mapping[str, str], tensors: Mapping[str, Tensor]) -> TraceParts:
    """The content, each tensor checked against the axes of its site."""
    config = _config(_object(header["config"]))
    read = _tokens(_object(header["tokens"]))
    kept: dict[tuple[Place, Site], Tensor] = {}
    for name, at in _object(header["places"]).items():
        place, site = _place(at)
        kept[place, site] = _take(tensors, name, _shape(config, read, place, site))
    biases = {
        stack: _take(tensors, _bias_name(stack), (config.n_heads, 2 * len(tokens) - 1))
        for stack, tokens in read.items()
        if _bias_name(stack) in tensors
    }
    predicts: StackName = "decoder" if config.decoder_layers else "encoder"
    logits = _take(tensors, LOGITS, (len(read[predicts]), config.vocab_size)) if LOGITS in tensors else None
    return TraceParts(config, header["fingerprint"], read, kept, biases, logits)


def _object(text: str) -> dict[str, object]:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise _DamagedError("its header holds a list where it should hold names and values")
    return values


def _config(values: dict[str, object]) -> TransformerConfig:
    """The config from its fields as JSON gives them; a wrong name or value raises."""
    scaling = values.get("rotary_llama3")
    if isinstance(scaling, dict):
        values["rotary_llama3"] = Llama3Scaling(**scaling)
    layers = values.get("window_layers")
    if isinstance(layers, list):
        values["window_layers"] = tuple(layers)
    return TransformerConfig(**values)  # type: ignore[arg-type]


def _tokens(values: Mapping[str, object]) -> dict[StackName, tuple[Token, ...]]:
    read: dict[StackName, tuple[Token, ...]] = {}
    for stack in STACKS:
        if stack in values:
            listed = values[stack]
            if not isinstance(listed, list) or not listed:
                raise _DamagedError(f"it lists no tokens for the {stack}")
            read[stack] = tuple(_token(entry) for entry in listed)
    return read


def _token(entry: object) -> Token:
    if not isinstance(entry, dict) or set(entry) != {field.name for field in dataclasses.fields(Token)}:
        raise _DamagedError("a token in it has other parts than a token has")
    span = entry["span"]
    return Token(
        int(entry["id"]),
        str(entry["text"]),
        str(entry["label"]),
        bool(entry["special"]),
        None if span is None else (int(span[0]), int(span[1])),
    )


def _place(at: object) -> tuple[Place, Site]:
    match at:
        case ["encoder" | "decoder" as stack, int() | None as layer, str() | None as part, str(site)]:
            if part in (None, "self", "cross", "feed_forward") and site in SITES:
                return Place(stack, layer, cast("Part | None", part)), cast(Site, site)
    raise _DamagedError(f"{at} is no place in a model")


def _shape(
    config: TransformerConfig, read: Mapping[StackName, tuple[Token, ...]], place: Place, site: Site
) -> tuple[int, ...]:
    """The sizes of a site's axes in this run."""
    assert place.stack is not None
    time = len(read[place.stack])
    sizes = {
        "time": time,
        "query": time,
        "key": len(read["encoder"]) if place.part == "cross" else time,
        "heads": config.n_heads,
        "kv_heads": config.kv_heads,
        "d_head": config.d_head,
        "d_model": config.d_model,
        "d_ff": config.d_ff,
    }
    return tuple(sizes[axis] for axis in SITES[site].axes)


def _take(tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    if name not in tensors:
        raise _DamagedError(f"the tensor {name} is missing")
    x = tensors[name]
    if tuple(x.shape) != shape or x.dtype != torch.float32:
        raise _DamagedError(f"the tensor {name} is {tuple(x.shape)} {x.dtype}, not {shape} float32")
    return x
