"""Attention rollout: the share of each input token in each position of each layer, if only attention mixed positions.

Abnar and Zuidema (2020): the product of the layers' mean weights, where half of each row is the residual stream. An
encoder-decoder is one graph: a decoder layer first mixes its positions by self-attention, then takes half from the encoder's
output by cross-attention, so a row is divided among target tokens and source tokens.
"""

import time
from dataclasses import dataclass

import numpy as np

from analysis.attention_graph import Floats, Matrix, Stage, stages
from model.tap import StackName
from model.trace import Trace

ROWS = 64  # rows of a product that are timed for the estimate


@dataclass(frozen=True, eq=False)
class Rollout:
    """Shares after each layer of a stack; `within` and `across` of a row sum to 1 together."""

    within: Matrix  # (layers, time, time): the stack's own input tokens
    across: Matrix | None = None  # (layers, time, source): the source tokens, where the stack reads an encoder


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
    """An estimate of the time of `rollout` on this machine, from one head's map and a few rows of one product."""
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
    """The shares in the keys of a sublayer, with the columns of its queries."""
    if one.part == "self":
        return held[one.stack]
    return np.pad(held["encoder"], ((0, 0), (own, 0)))
