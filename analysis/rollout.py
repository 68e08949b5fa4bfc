"""Attention rollout: how much of each input token stands in each position of each layer, were attention all there is.

Abnar and Zuidema (2020): the product of the layers' mean weights, half of each row being the residual stream. An encoder-decoder
is one graph: a decoder layer first mixes what its positions hold by self-attention, then takes half of the result from the
encoder's top by cross-attention, so a row is divided among the tokens of the target and those of the source.
"""

import time
from dataclasses import dataclass

import numpy as np

from analysis.attention_graph import Floats, Matrix, Stage, stages
from model.tap import StackName
from model.trace import Trace

ROWS = 64  # of a product, to estimate the whole


@dataclass(frozen=True, eq=False)
class Rollout:
    """After each layer of a stack; a row's shares, `within` and `across` together, sum to one."""

    within: Matrix  # (layers, time, time): of the stack's own input tokens
    across: Matrix | None = None  # (layers, time, source): of the source's tokens, where the stack reads an encoder


def rollout(trace: Trace, stack: StackName) -> Rollout:
    """The rollout of every layer of a stack. Costs a product of two (time, time) matrices a layer."""
    held: dict[StackName, Floats] = {name: np.eye(len(tokens)) for name, tokens in trace.read.items()}
    joint = stack == "decoder" and "encoder" in held
    own = len(held[stack])
    if joint:  # columns of the target first, then those of the source
        source = len(held["encoder"])
        held["decoder"] = np.eye(own, own + source)
    layers: list[Floats] = []
    for one in stages(trace, stack):
        below = held[one.stack]
        held[one.stack] = one.keeps[:, None] * below + one.reads @ _read(one, held, own)
        if one.stack == stack and (one.part == "cross" or not joint):
            layers.append(held[stack])
    found = np.stack(layers).astype(np.float32)
    return Rollout(found[:, :, :own], found[:, :, own:] if joint else None)


def seconds(trace: Trace, stack: StackName) -> float:
    """How long `rollout` is likely to take on this machine, from one head's map and a few rows of one product."""
    began = time.perf_counter()
    weights = trace.attention(stack, 0).weights(0).cpu().numpy().astype(np.float64)
    a_map = time.perf_counter() - began
    rows = min(ROWS, len(weights))
    began = time.perf_counter()
    _ = weights[:rows] @ weights
    a_product = (time.perf_counter() - began) * len(weights) / rows
    sublayers = trace.config.layers(stack)
    if stack == "decoder" and "encoder" in trace.read:
        sublayers = 2 * sublayers + trace.config.encoder_layers
    return sublayers * (trace.config.n_heads * a_map + a_product)


def _read(one: Stage, held: dict[StackName, Floats], own: int) -> Floats:
    """What the keys of a sublayer hold, in the columns of its queries."""
    if one.part == "self":
        return held[one.stack]
    return np.pad(held["encoder"], ((0, 0), (own, 0)))
