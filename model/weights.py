"""Carrying weights from a checkpoint's names into ours.

A family states a table from its names to ours. `{word}` stands for one dotted segment and is carried across. The one
engine below is strict: every tensor must be claimed by a rule, every parameter of ours filled exactly once, shapes equal.
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


Rule = str | Via | None  # None: known, and read by nothing here
Table = Mapping[str, Rule]


def fill(net: nn.Module, tensors: Iterable[tuple[str, Tensor]], table: Table, config: TransformerConfig) -> list[str]:
    """Fills every parameter of `net` from (name, tensor) pairs, one at a time, and returns the names that were not needed.

    Raises CheckpointError naming the first tensor that is unknown, missing, of the wrong shape, or not finite.
    """
    rules = [(_pattern(source), rule) for source, rule in table.items()]
    ours = dict(net.named_parameters(remove_duplicate=True))
    wanted, unused = set(ours), []
    aliases = dict(_aliases(net))
    for name, tensor in tensors:
        target, rule = _claim(name, rules)
        if rule is None:
            unused.append(name)
            continue
        pieces = {target: tensor} if isinstance(rule, str) else _through(rule, target, tensor, config)
        for ours_name, piece in pieces.items():
            ours_name = aliases.get(ours_name, ours_name)
            _put(ours, wanted, name, ours_name, piece)
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


def _through(rule: Via, target: str, tensor: Tensor, config: TransformerConfig) -> dict[str, Tensor]:
    return {target.replace("{part}", part): piece for part, piece in rule.op(tensor, config).items()}


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
    wanted.remove(name)


def _aliases(net: nn.Module) -> Iterable[tuple[str, str]]:
    """Second names of tied parameters, with the first."""
    first: dict[int, str] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            yield name, first[id(parameter)]
        first.setdefault(id(parameter), name)


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^.]+)", re.escape(source)))


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
