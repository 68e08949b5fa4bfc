"""How far apart two continuations of one text are: in their next-token distributions and in their attention."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.attention_trace import AttentionTrace
from model.decoding.step import Step
from model.errors import InputError
from model.trace import AttentionPart, Trace


@dataclass(frozen=True)
class Divergence:
    """One value for each step that both have, or for each mask from left to right."""

    same: int  # how many steps, or masks, have the same input in both
    divergence: Tensor  # (steps,) bits, 0 to 1: Jensen-Shannon divergence of the two softmaxes
    attention: Tensor  # (layers, heads, steps), 0 to 1: total variation between the two rows of weights


def decode_divergence(one: Sequence[Step], other: Sequence[Step], part: AttentionPart) -> Divergence:
    """Compares two decodes of the same text with the same model, step k of one with step k of the other.

    The divergence is that of Lin (1991), in bits, of the full softmaxes. The row of attention is that of the last token read;
    total variation is the share of it on other keys. Raises InputError where the two decodes start from different tokens.
    """
    if not one or not other or [t.id for t in one[0].read["decoder"]] != [t.id for t in other[0].read["decoder"]]:
        raise InputError("only two continuations of the same text can be compared")
    steps = min(len(one), len(other))
    same = next((n for n in range(steps) if one[n].token.id != other[n].token.id), steps - 1) + 1
    pairs = zip(one[:steps], other[:steps], strict=True)
    divergence = torch.stack([_divergence(a.logits, b.logits) for a, b in pairs])
    a, b = one[steps - 1].trace, other[steps - 1].trace
    first = len(one[0].read["decoder"]) - 1
    apart = [
        _apart(a.attention("decoder", layer, part), b.attention("decoder", layer, part), first)
        for layer in range(a.config.decoder_layers)
    ]
    return Divergence(same, divergence, torch.stack(apart))


def mask_divergence(one: Mapping[int, Trace], other: Mapping[int, Trace]) -> Divergence:
    """Compares two ways to fill the masks of one text with the same encoder, each as {position: the run before it is filled}.

    Divergence and attention rows are those at the mask, as in `decode_divergence`; attention is (layers, heads, masks).
    Raises InputError where the two did not fill the same masks.
    """
    if not one or set(one) != set(other):
        raise InputError("only two ways of filling the same masks can be compared")
    places = sorted(one)
    pairs = [(at, one[at], other[at]) for at in places]
    read = [[[token.id for token in trace.tokens("encoder")] for trace in (a, b)] for _, a, b in pairs]
    divergence = torch.stack([_divergence(_logits(a, at), _logits(b, at)) for at, a, b in pairs])
    apart = [
        torch.stack(
            [
                _rows_apart(*(t.attention("encoder", layer).weights_from(at)[:, 0] for t in (a, b)))
                for at, a, b in pairs
            ],
            -1,
        )
        for layer in range(pairs[0][1].config.encoder_layers)
    ]
    return Divergence(sum(a == b for a, b in read), divergence, torch.stack(apart))


def _logits(trace: Trace, at: int) -> Tensor:
    return trace.language_model().logits(trace.final[at])


def _rows_apart(one: Tensor, other: Tensor) -> Tensor:
    """(...,): the total variation distance of each two rows (..., key)."""
    return (one - other).abs().sum(dim=-1) / 2


def _apart(one: AttentionTrace, other: AttentionTrace, first: int) -> Tensor:
    """(heads, steps): the total variation distance of each row, from the row that predicts the first new token on."""
    return _rows_apart(one.weights()[:, first:], other.weights()[:, first:])


def _divergence(one: Tensor, other: Tensor) -> Tensor:
    p, q = one.double().log_softmax(dim=-1), other.double().log_softmax(dim=-1)
    middle = torch.logaddexp(p, q) - math.log(2)
    bits = [(x.exp() * (x - middle)).nan_to_num(0.0).sum() / 2 for x in (p, q)]
    return ((bits[0] + bits[1]) / math.log(2)).clamp(0.0, 1.0).float()
