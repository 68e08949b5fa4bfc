"""What a layout consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.recipe import Recipe

Json = dict[str, object]


@dataclass(frozen=True)
class Layout:
    """How the checkpoints of one family are written."""

    config_json: Callable[[Recipe, Tokenizer], Json]
    generation_json: Callable[[Recipe, Tokenizer], Json | None]
    weights: Callable[[Transformer], dict[str, Tensor]]  # by the family's names, in float32


def renamed(net: Transformer, names: Mapping[str, str]) -> dict[str, Tensor]:
    """The parameters by their new names. Raises ValueError if one of them has none."""
    parameters = dict(net.named_parameters())
    if left := parameters.keys() - names.keys():
        raise ValueError(f"the layout has no place for {', '.join(sorted(left))}")
    return {theirs: parameters[ours].detach() for ours, theirs in names.items() if ours in parameters}


def of_linear(ours: str, theirs: str) -> dict[str, str]:
    """The names of the weight and the bias of a linear layer or a norm."""
    return {f"{ours}.{p}": f"{theirs}.{p}" for p in ("weight", "bias")}
