"""Fills a net from a checkpoint's tensors, by a table of names.

Each family has a table from its names to ours. `{word}` is one dotted segment, the same on both sides; `{*}` is any number of
segments. Filling is strict: each tensor must match a rule, each parameter is filled exactly once, and shapes must be equal.
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
    """A rule that changes the tensor. `op` returns {segment: tensor}; the segment replaces `{part}` in the target."""

    target: str
    op: Op


@dataclass(frozen=True)
class Copy:
    """A second stored copy of a parameter: fills it, or must equal the tensor that filled it."""

    target: str


@dataclass(frozen=True)
class Fallback:
    """A tensor that is used only where no other fills its parameter."""

    target: str


@dataclass(frozen=True)
class Spare:
    """A rule for a part that only some models have; the tensor is not used where this net has no such parameter."""

    target: str


@dataclass(frozen=True)
class Computed:
    """A stored table that is computed here, as the named buffer: both must agree, and the stored one is not needed."""

    target: str


Rule = str | Via | Copy | Fallback | Spare | Computed | None  # None: known, and not used here
Table = Mapping[str, Rule]


HEADS: Table = dict.fromkeys(
    [f"{head}.{{*}}" for head in (
        "classifier", "pre_classifier", "classification_head", "score", "qa_outputs", "multiple_choice_head", "pooler", "summary",
        "sequence_summary", "v_head", "value_head", "reward_head", "regression_head", "token_classifier",
    )]
)  # fmt: skip
"""Heads that published models have beside or instead of their own: of classifiers, taggers, answerers of questions, reward models.
They are listed as not used."""

ORDINARY = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
"""The dtypes in which weights may be stored."""


def fill(net: nn.Module, tensors: Iterable[tuple[str, Tensor]], table: Table, config: TransformerConfig) -> list[str]:
    """Fills every parameter of `net` from (name, tensor) pairs, one at a time; returns the names that were not needed.

    Raises CheckpointError naming the first tensor that is unknown, missing, of the wrong shape, or not finite.
    """
    rules = [
        (_pattern(source), rule)
        for source, rule in {**table, **{k: r for k, r in HEADS.items() if k not in table}}.items()
    ]
    ours = dict(net.named_parameters(remove_duplicate=True))
    buffers, aliases = dict(net.named_buffers()), dict(_aliases(net))
    copied = {rule.target for rule in table.values() if isinstance(rule, Copy)} | set(aliases.values())
    wanted: set[str] = set(ours)
    unused: list[str] = []
    late: list[tuple[str, str, Tensor]] = []
    for name, tensor in tensors:
        target, rule = _claim(name, rules)
        place = aliases.get(target, target)
        if rule is None or (isinstance(rule, Spare) and place not in ours) or _beyond(target, config):
            unused.append(name)
            continue
        _is_ordinary(name, tensor)
        if isinstance(rule, Fallback):
            late.append((name, place, tensor))
        elif isinstance(rule, Computed):
            _agrees(name, tensor, target, buffers)
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


def _beyond(target: str, config: TransformerConfig) -> bool:
    """Whether a tensor belongs to a layer above the last one that the config asks for, or to an output head it does not have."""
    if target.startswith("head."):
        return config.head == "none"
    if target.startswith("relation."):
        return not config.relation
    match = re.match(r"(encoder|decoder)\.blocks\.(0|[1-9]\d*)\.", target)
    return match is not None and 0 < config.layers(match[1]) <= int(match[2])


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
    """Raises CheckpointError for integers, 8-bit floats, sparse and packed tensors, which need a scale or an index to be read."""
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


def _agrees(theirs: str, tensor: Tensor, name: str, buffers: Mapping[str, Tensor]) -> None:
    if name not in buffers:
        raise CheckpointError(f"the tensor {theirs} has no place in this model: its config leaves no room for {name}")
    table = buffers[name]
    if not tensor.ndim:
        raise CheckpointError(f"the tensor {theirs} is one number, but it should be a table")
    rows = min(len(tensor), len(table))
    stored, known = tensor[:rows].float().cpu(), table[:rows].float().cpu()
    if stored.shape != known.shape or not torch.allclose(stored, known, atol=2e-3):  # half precision keeps 1e-3
        raise CheckpointError(f"the tensor {theirs} is not the fixed table this family works out for itself")


def _aliases(net: nn.Module) -> Iterable[tuple[str, str]]:
    """{second name: first name} of tied parameters."""
    first: dict[int, str] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            yield name, first[id(parameter)]
        first.setdefault(id(parameter), name)


def _pattern(source: str) -> re.Pattern[str]:
    word = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^.]+)", re.escape(source))
    return re.compile(word.replace(re.escape("{*}"), ".+"))


def transposed(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """A linear map stored with the input axis first, as in GPT-2."""
    return {"": w.t() if w.ndim == 2 else w}


def stacked_qkv(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """q, k and v of all heads one after another, with the input axis first, as in GPT-2."""
    return dict(zip("qkv", (w.t() if w.ndim == 2 else w).chunk(3), strict=True))


def interleaved_qkv(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """q, k and v of each head one after another, as in BLOOM and GPT-NeoX."""
    per_head = w.unflatten(0, (config.n_heads, 3, config.d_head))
    return {part: per_head[:, i].flatten(0, 1) for i, part in enumerate("qkv")}


def flat(w: Tensor, config: TransformerConfig) -> Mapping[str, Tensor]:
    """A logit bias stored as a matrix of one row, as in Marian and BART."""
    return {"": w.flatten()}
