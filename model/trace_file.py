"""A trace as one safetensors file: every kept tensor up to its last step, and in the header what they mean.

The file needs no model to be read: position biases, which belong to the weights, are written out by offset.
"""

import dataclasses
import json
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from model.config import Llama3Scaling, TransformerConfig
from model.errors import InputError
from model.positions import Bias, OffsetBias
from model.recording import Recording
from model.tap import SITES, Part, Place, Site, StackName
from model.tokenizers.tokens import Token
from model.trace import Trace, _kept

if TYPE_CHECKING:
    from model.language_model import LanguageModel

FORMAT, VERSION = "regard-trace", "1"
STACKS: tuple[StackName, ...] = ("encoder", "decoder")
LOGITS = "logits"


class _DamagedError(Exception):
    """The file is not what it says it is; carries what was found."""


def save(trace: Trace, path: str | Path, *, logits: bool = False) -> None:
    """Writes what was kept, the tokens, the config and the model's fingerprint; `logits` adds those, (time, vocab).

    Raises InputError where the file cannot be written, or where logits are asked for and the model is gone.
    """
    tensors, places = _kept(trace)
    for stack, bias in trace.biases.items():
        if stack in trace.read:
            tensors[_bias_name(stack)] = _by_offset(bias, len(trace.read[stack]), trace)
    if logits:
        tensors[LOGITS] = trace.logits
    header = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": trace.fingerprint,
        "config": json.dumps(dataclasses.asdict(trace.config)),
        "tokens": json.dumps({stack: [dataclasses.asdict(t) for t in read] for stack, read in trace.read.items()}),
        "places": json.dumps(places),
    }
    # Sites can be views of one another, and safetensors writes no memory twice.
    own = {name: x.detach().cpu().clone(memory_format=torch.contiguous_format) for name, x in tensors.items()}
    try:
        safetensors.torch.save_file(own, Path(path).expanduser(), metadata=header)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"the trace cannot be written to {path}: {error}") from error


def load(path: str | Path, lm: "LanguageModel | None" = None) -> Trace:
    """Reads a saved trace onto the device of `lm`, or the CPU. Logits need `lm` unless they were saved.

    Raises InputError where the file is missing, is no trace, is damaged, or was made by another model than `lm`.
    """
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
    if lm is not None and header.get("fingerprint") != lm.fingerprint:
        raise InputError(
            f"{file.name} was not made by {lm.name}: its fingerprint is another. Load it with the model that made it, "
            "or without one"
        )
    try:
        return _assemble(header, tensors, lm)
    except (_DamagedError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{file.name} is damaged: {error}") from error


def _by_offset(bias: Bias, time: int, trace: Trace) -> Tensor:
    """(heads, 2 time - 1): what a scheme adds for key - query from 1 - time to time - 1."""
    final = trace.final
    key_at = torch.arange(2 * time - 1, device=final.device)
    return bias(key_at[time - 1 : time], key_at)[:, 0].float()


def _bias_name(stack: StackName) -> str:
    return f"{stack}/bias"


def _contents(file: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with safetensors.safe_open(file, framework="pt") as opened:
        return opened.metadata() or {}, {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def _assemble(header: Mapping[str, str], tensors: dict[str, Tensor], lm: "LanguageModel | None") -> Trace:
    """The trace, each tensor checked against the axes its site has."""
    config = _config(_object(header["config"]))
    read = _tokens(_object(header["tokens"]))
    device = torch.device("cpu") if lm is None else lm.device
    recording = Recording()
    for name, at in _object(header["places"]).items():
        place, site = _place(at)
        x = _take(tensors, name, _shape(config, read, place, site))
        recording.keep(place, site, x[None].to(device))
    biases: dict[StackName, Bias] = {}
    for stack in read:
        if _bias_name(stack) in tensors:
            time = len(read[stack])
            by_offset = _take(tensors, _bias_name(stack), (config.n_heads, 2 * time - 1))
            biases[stack] = OffsetBias(by_offset.to(device), 1 - time)
    predicts: StackName = "decoder" if config.decoder_layers else "encoder"
    stored = _take(tensors, LOGITS, (len(read[predicts]), config.vocab_size)) if LOGITS in tensors else None
    return Trace(
        config=config,
        read=read,
        recording=recording,
        last=0,
        biases=biases,
        model=None if lm is None else weakref.ref(lm),
        fingerprint=header["fingerprint"],
        stored_logits=None if stored is None else stored.to(device),
    )


def _object(text: str) -> dict[str, object]:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise _DamagedError("its header holds a list where it should hold names and values")
    return values


def _config(values: dict[str, object]) -> TransformerConfig:
    """From what `dataclasses.asdict` and JSON made of it; a wrong name or value raises."""
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
    """What the axes of a site come to in this run."""
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
