"""Carrying weights from a checkpoint's names into ours.

A family states a table from its names to ours. `{word}` stands for one dotted segment and is carried across, `{*}` for
any number of segments. The one engine below is strict: every tensor must be claimed by a rule, every parameter of ours
filled once, shapes equal.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.config import TransformerConfig
from model.errors import CheckpointError

Op = Callable[[Tensor, TransformerConfig], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Via:
    """A rule that reshapes on the way. `op` answers {segment: tensor}; `{part}` in the target takes the segment."""

    target: str
    op: Op


@dataclass(frozen=True)
class Copy:
    """A second place where one of our parameters is stored: fills it, or must equal what has filled it."""

    target: str


@dataclass(frozen=True)
class Fallback:
    """A stored tensor that counts only where nothing else has filled its place."""

    target: str


@dataclass(frozen=True)
class Spare:
    """A rule for a part that only some models have: unused where this one has no such parameter."""

    target: str


@dataclass(frozen=True)
class Computed:
    """A stored table that is worked out here, named by its buffer: it must agree, and is then not needed."""

    target: str


Rule = str | Via | Copy | Fallback | Spare | Computed | None  # None: known, and read by nothing here
Table = Mapping[str, Rule]


ORDINARY = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
"""How weights may be stored."""


def fill(net: nn.Module, tensors: Iterable[tuple[str, Tensor]], table: Table, config: TransformerConfig) -> list[str]:
    """Fills every parameter of `net` from (name, tensor) pairs, one at a time; returns the names that were not needed.

    Raises CheckpointError naming the first tensor that is unknown, missing, of the wrong shape, or not finite.
    """
    rules = [(_pattern(source), rule) for source, rule in table.items()]
    ours = dict(net.named_parameters(remove_duplicate=True))
    buffers, aliases = dict(net.named_buffers()), dict(_aliases(net))
    copied = {rule.target for rule in table.values() if isinstance(rule, Copy)} | set(aliases.values())
    wanted: set[str] = set(ours)
    unused: list[str] = []
    late: list[tuple[str, str, Tensor]] = []
    for name, tensor in tensors:
        target, rule = _claim(name, rules)
        place = aliases.get(target, target)
        if rule is None or (isinstance(rule, Spare) and place not in ours):
            unused.append(name)
            continue
        _is_ordinary(name, tensor)
        if isinstance(rule, Fallback):
            late.append((name, place, tensor))
        elif isinstance(rule, Computed):
            if target not in buffers:
                raise CheckpointError(
                    f"the tensor {name} has no place in this model: its config leaves no room for {target}"
                )
            _agrees(name, tensor, buffers[target])
            unused.append(name)
        elif isinstance(rule, Via):
            for place, piece in _through(rule, target, name, tensor, config).items():
                _put(ours, wanted, name, place, piece)
        elif place in copied and place not in wanted:
            _repeats(name, tensor, place, ours[place])
        else:
            _put(ours, wanted, name, place, tensor)
    for name, place, tensor in late:
        if place in wanted:
            _put(ours, wanted, name, place, tensor)
        else:
            unused.append(name)
    if wanted:
        example = sorted(wanted)[0]
        raise CheckpointError(f"the checkpoint has no tensor for {example} ({len(wanted)} parameters are missing)")
    return unused


def _claim(name: str, rules: list[tuple[re.Pattern[str], Rule]]) -> tuple[str, Rule]:
    for pattern, rule in rules:
        if (match := pattern.fullmatch(name)) is not None:
            target = "" if rule is None else rule if isinstance(rule, str) else rule.target
            return re.sub(r"\{(\w+)\}", lambda m: match.groupdict().get(m[1], m[0]), target), rule
    raise CheckpointError(f"the tensor {name} belongs to nothing this family has")


def _through(rule: Via, target: str, name: str, tensor: Tensor, config: TransformerConfig) -> dict[str, Tensor]:
    try:
        pieces = rule.op(tensor, config)
    except (RuntimeError, ValueError) as error:
        shape = tuple(tensor.shape)
        raise CheckpointError(f"the tensor {name} has shape {shape}, which its config does not allow") from error
    return {target.replace("{part}", part): piece for part, piece in pieces.items()}


def _put(ours: Mapping[str, nn.Parameter], wanted: set[str], theirs: str, name: str, tensor: Tensor) -> None:
    if name not in ours:
        raise CheckpointError(f"the tensor {theirs} has no place in this model: its config leaves no room for {name}")
    if name not in wanted:
        raise CheckpointError(f"the tensor {theirs} fills {name}, which was filled already")
    if tensor.shape != ours[name].shape:
        have, need = tuple(tensor.shape), tuple(ours[name].shape)
        raise CheckpointError(f"the tensor {theirs} has shape {have}, but its config asks for {need}")
    if not torch.isfinite(tensor).all():
        raise CheckpointError(f"the tensor {theirs} holds values that are not numbers")
    with torch.no_grad():
        ours[name].copy_(tensor)
    narrower = torch.finfo(ours[name].dtype).max < torch.finfo(tensor.dtype).max
    if narrower and not torch.isfinite(ours[name]).all():
        kind = str(ours[name].dtype).removeprefix("torch.")
        raise CheckpointError(f"the tensor {theirs} holds values too large for {kind}: choose another precision")
    wanted.remove(name)


def _is_ordinary(theirs: str, tensor: Tensor) -> None:
    """Refuses integers, 8-bit floats, sparse and packed tensors: their numbers mean something only beside a scale or index."""
    if tensor.is_meta:
        raise CheckpointError(f"the tensor {theirs} is stored without its numbers")
    if tensor.layout != torch.strided or tensor.dtype not in ORDINARY:
        kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout).removeprefix("torch.")
        raise CheckpointError(
            f"the tensor {theirs} is stored as {kind}: quantised weights are not supported, plain ones of 16 to 64 bits are"
        )


def _repeats(theirs: str, tensor: Tensor, name: str, held: Tensor) -> None:
    if tensor.shape != held.shape or not torch.equal(tensor.to(held), held):
        raise CheckpointError(
            f"the tensor {theirs} differs from the one that filled {name}, and both are meant to be one"
        )


def _agrees(theirs: str, tensor: Tensor, table: Tensor) -> None:
    if not tensor.ndim:
        raise CheckpointError(f"the tensor {theirs} is one number, but it should be a table")
    rows = min(len(tensor), len(table))
    stored, known = tensor[:rows].float().cpu(), table[:rows].float().cpu()
    if stored.shape != known.shape or not torch.allclose(stored, known, atol=2e-3):  # half precision keeps 1e-3
        raise CheckpointError(f"the tensor {theirs} is not the fixed table this family works out for itself")


def _aliases(net: nn.Module) -> Iterable[tuple[str, str]]:
    """Second names of tied parameters, with the first."""
    first: dict[int, str] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            yield name, first[id(parameter)]
        first.setdefault(id(parameter), name)


def _pattern(source: str) -> re.Pattern[str]:
    word = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^.]+)", re.escape(source))
    return re.compile(word.replace(re.escape("{*}"), ".+"))


def transposed(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """GPT-2 stores its linear maps input-first."""
    return {"": w.t() if w.ndim == 2 else w}


def stacked_qkv(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """All of q, then all of k, then all of v, in GPT-2's input-first layout."""
    return dict(zip("qkv", (w.t() if w.ndim == 2 else w).chunk(3), strict=True))


def interleaved_qkv(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """Per head: its q, then its k, then its v (BLOOM, GPT-NeoX)."""
    per_head = w.unflatten(0, (config.n_heads, 3, config.d_head))
    return {part: per_head[:, i].flatten(0, 1) for i, part in enumerate("qkv")}


def flat(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """Marian and BART store the logit bias as one row of a matrix."""
    return {"": w.flatten()}
