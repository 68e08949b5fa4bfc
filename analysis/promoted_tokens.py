"""The tokens that a head promotes and suppresses: what it adds to the residual stream at a position, as changes of logits.

A head adds z W_O, its mixed value times its rows of the output projection. `analysis.direct_path` maps that vector to the logits
and says what is left out. The same map of one key's value, v[k] W_O, is the head's output-value circuit (Elhage et al. 2021),
applied to the actual vector of that key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from analysis.direct_path import DirectPath, direct_path, frozen
from analysis.value_weighted import block_of, output_of_head, values_written
from model.errors import InputError
from model.tap import StackName
from model.trace import AttentionPart, Trace, check_attention


@dataclass(frozen=True, eq=False)
class Ranked:
    """Tokens by the change of their logits, largest change first in both lists."""

    promoted: tuple[tuple[int, float], ...]  # (id, change of its logit minus the mean over the vocabulary)
    suppressed: tuple[tuple[int, float], ...]


def ranked(logits: Tensor, n: int) -> Ranked:
    """The n tokens promoted and the n suppressed most, from (vocab,) centred changes; no token is in both lists."""
    n = min(n, len(logits) // 2)
    up, down = logits.topk(n), (-logits).topk(n)
    return Ranked(
        tuple((int(i), float(x)) for i, x in zip(up.indices, up.values, strict=True) if x > 0),
        tuple((int(i), -float(x)) for i, x in zip(down.indices, down.values, strict=True) if x > 0),
    )


@dataclass(frozen=True, eq=False)
class HeadOutput:
    """What one head adds at one position of the predicting stack."""

    path: DirectPath
    vector: Tensor  # (d_model,), z W_O
    weights: Tensor  # (key,), the head's attention weights
    values: Tensor  # (key, d_model), v[k] W_O

    @property
    def logits(self) -> Tensor:
        """(vocab,): what the head adds to each logit, minus the mean over the vocabulary."""
        return self.path.logits(self.vector)

    def by_key(self, ids: Sequence[int]) -> Tensor:
        """(key, ids): the part of each key, its weight times what its value adds. The sum over keys is `logits` of those ids,
        unless an edit replaced the head's mixed value."""
        return self.weights[:, None] * self.path.logits(self.values, ids)

    def of_key(self, key: int) -> Tensor:
        """(vocab,): what the head would add with all its attention on that key, minus the mean over the vocabulary."""
        return self.path.logits(self.values[key])


def head_output(trace: Trace, layer: int, part: AttentionPart, head: int, position: int) -> HeadOutput:
    """What a head of the predicting stack adds at a position. Raises InputError where there is no such head or position, or no
    output head.

    In the sandwich order a norm follows the attention sublayer; it is frozen at its scale for the sum of all heads.
    """
    stack: StackName = trace.predicts
    check_attention(trace.config, stack, layer, part, head)
    if not 0 <= position < len(trace.tokens(stack)):
        raise InputError(f"position {position} is out of range: {len(trace.tokens(stack))} tokens were read")
    path = direct_path(trace, layer, part, position)
    attention = trace.attention(stack, layer, part)
    after = block_of(trace, stack, layer).self_after
    if part == "self" and after is not None:
        path = path.after(frozen(after, _before_after(trace, stack, layer, position)))
    vector = attention.mixed[head, position].float() @ output_of_head(trace, stack, layer, part, head)
    values = values_written(trace, stack, layer, part, head)
    return HeadOutput(path, vector, attention.weights(head)[position], values)


def _before_after(trace: Trace, stack: StackName, layer: int, position: int) -> Tensor:
    """(d_model,): the output of the attention sublayer before the norm that follows it in the sandwich order."""
    projection = block_of(trace, stack, layer).self_attn.o
    assert isinstance(projection, nn.Linear)
    mixed = trace.attention(stack, layer).mixed[:, position].flatten()
    with torch.inference_mode():
        return projection(mixed.to(projection.weight.dtype)).float()
