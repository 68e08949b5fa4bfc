"""Attention flow: how much can flow from an input token to a position, if every attention weight is the width of a pipe.

Abnar and Zuidema (2020): the maximum flow from the position to the input token, through the same graph that rollout multiplies:
half mean weights over heads, half residual. An encoder-decoder is one graph, as in `analysis.rollout`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from analysis.attention_graph import Floats, stages
from model.tap import StackName
from model.trace import Trace

UNIT = 10**8  # the algorithm takes whole numbers as capacities; the largest sum, one row, stays below 2**31
Nodes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """The positions of all layers as nodes. An edge leads from a position to one that it reads, with its capacity."""

    pipes: csr_array  # (nodes, nodes) int32, weights times UNIT
    inputs: dict[StackName, Nodes]
    tops: dict[StackName, Nodes]

    @property
    def edges(self) -> int:
        return int(self.pipes.nnz)


def graph(trace: Trace, stack: StackName) -> Graph:
    """The graph from the top of a stack to its inputs, and to the encoder's inputs where it reads an encoder."""
    joint = stack == "decoder" and "encoder" in trace.read
    names: list[StackName] = ["encoder", "decoder"] if joint else [stack]
    count = 0
    inputs: dict[StackName, Nodes] = {}
    for name in names:
        inputs[name] = np.arange(count, count + len(trace.tokens(name)), dtype=np.int32)
        count += len(inputs[name])
    tops = dict(inputs)
    heads: list[Nodes] = []
    tails: list[Nodes] = []
    widths: list[Floats] = []
    for one in stages(trace, stack):
        below, keys = tops[one.stack], tops["encoder" if one.part == "cross" else one.stack]
        above = np.arange(count, count + len(below), dtype=np.int32)
        count, tops[one.stack] = count + len(below), above
        reads = one.reads.copy()
        if one.part == "self":
            reads[np.diag_indices(len(below))] += one.keeps
        else:
            heads, tails, widths = [*heads, above], [*tails, below], [*widths, one.keeps]
        q, k = np.nonzero(reads)
        heads, tails, widths = [*heads, above[q]], [*tails, keys[k]], [*widths, reads[q, k]]
    pipes = csr_array(
        (np.rint(np.concatenate(widths) * UNIT).astype(np.int32), (np.concatenate(heads), np.concatenate(tails))),
        shape=(count, count),
    )
    return Graph(pipes, inputs, tops)


def flow_row(of: Graph, stack: StackName, query: int) -> dict[StackName, Floats]:
    """{stack: (time,)}: the maximum flow between one position at the top of a stack and each input token, not normalised."""
    start = int(of.tops[stack][query])
    return {
        name: np.array([maximum_flow(of.pipes, start, int(end)).flow_value / UNIT for end in ends])
        for name, ends in of.inputs.items()
    }


@dataclass(frozen=True, eq=False)
class Flow:
    """Flows as shares: `within` and `across` of a row sum to 1 together, as in the paper."""

    within: Floats  # (queries, time)
    across: Floats | None  # (queries, source)


def flow(of: Graph, stack: StackName, queries: Sequence[int]) -> Flow:
    """The flow into each chosen position at the top of a stack."""
    rows = [flow_row(of, stack, query) for query in queries]
    own = np.stack([row[stack] for row in rows])
    across = np.stack([row["encoder"] for row in rows]) if stack == "decoder" and "encoder" in of.inputs else None
    total = own.sum(axis=1, keepdims=True) + (0.0 if across is None else across.sum(axis=1, keepdims=True))
    return Flow(own / total, None if across is None else across / total)


def seconds_a_row(of: Graph, stack: StackName) -> float:
    """An estimate of the time for one row on this machine, from one of its maximum flows."""
    began = time.perf_counter()
    maximum_flow(of.pipes, int(of.tops[stack][-1]), int(of.inputs[stack][0]))
    return (time.perf_counter() - began) * sum(len(ends) for ends in of.inputs.values())
