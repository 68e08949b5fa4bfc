"""Rollout against a sum over all paths, flow against the smallest of all cuts, in a graph built here edge by edge."""

import itertools

import numpy as np
import pytest

from analysis.attention_graph import over_heads, stages
from analysis.flow import UNIT, flow, flow_row, graph, seconds_a_row
from analysis.rollout import rollout, seconds
from model.edits import CutEdge
from model.tap import StackName
from model.trace import Trace
from tests.model.builders import CONFIGS, random_model, read_by

Node = tuple[str, int, int]  # stack, height, position
Edges = dict[tuple[Node, Node], float]
NAMES = ("encoder, learned", "decoder, rotary", "decoder, window", "decoder, parallel", "encoder-decoder, learned")


def trace_of(name: str, time: int = 3, source: int = 3) -> Trace:
    x, target = read_by(CONFIGS[name], time=time, source=source)
    return random_model(CONFIGS[name]).run(x, target=target)


def edges_of(trace: Trace) -> Edges:
    """The graph by definition: half of the mean weight an edge, and half for the residual."""
    edges: Edges = {}
    reads_encoder = len(trace.read) == 2
    for stack in trace.read:
        height = 0
        for layer in range(trace.config.layers(stack)):
            for part in ("self", "cross") if stack == "decoder" and reads_encoder else ("self",):
                mean = trace.attention(stack, layer, part).weights().mean(dim=0)
                other, floor = ("encoder", trace.config.encoder_layers) if part == "cross" else (stack, height)
                for q, row in enumerate(mean.tolist()):
                    node = (stack, height + 1, q)
                    for k, w in enumerate(row):
                        edges[node, (other, floor, k)] = w / 2
                    straight = (node, (stack, height, q))
                    edges[straight] = edges.get(straight, 0.0) + 0.5
                height += 1
    return edges


def top(trace: Trace, stack: StackName) -> int:
    many = 2 if stack == "decoder" and len(trace.read) == 2 else 1
    return many * trace.config.layers(stack)


def over_paths(edges: Edges, start: Node, end: Node) -> float:
    if start == end:
        return 1.0
    return sum(w * over_paths(edges, below, end) for (above, below), w in edges.items() if above == start and w > 0)


def smallest_cut(edges: Edges, start: Node, end: Node) -> float:
    """By the theorem of Ford and Fulkerson: over all sets of nodes with the start in and the end out."""
    reached, frontier = {start}, [start]
    while frontier:
        node = frontier.pop()
        for (above, below), w in edges.items():
            if above == node and w > 0 and below not in reached:
                reached.add(below)
                frontier.append(below)
    if end not in reached:
        return 0.0
    leading = {end}
    while grown := {a for (a, b), w in edges.items() if b in leading and w > 0 and a in reached} - leading:
        leading |= grown
    between = sorted(leading - {start, end})
    index = {node: i for i, node in enumerate([start, *between, end])}
    sides = np.array(list(itertools.product([True, False], repeat=len(between))), dtype=bool)
    sides = np.hstack([np.ones((len(sides), 1), bool), sides, np.zeros((len(sides), 1), bool)])
    crossing = np.zeros(len(sides))
    for (above, below), w in edges.items():
        if above in index and below in index:
            crossing += w * (sides[:, index[above]] & ~sides[:, index[below]])
    return float(crossing.min())


@pytest.mark.parametrize("name", NAMES)
def test_rollout_is_the_sum_over_all_paths(name: str) -> None:
    trace = trace_of(name)
    edges = edges_of(trace)
    for stack in trace.read:
        found = rollout(trace, stack)
        height = top(trace, stack)
        for q, k in itertools.product(range(len(trace.tokens(stack))), repeat=2):
            expected = over_paths(edges, (stack, height, q), (stack, 0, k))
            assert found.within[-1, q, k] == pytest.approx(expected, abs=1e-6)
        if found.across is not None:
            for q, k in itertools.product(range(found.across.shape[1]), range(found.across.shape[2])):
                expected = over_paths(edges, (stack, height, q), ("encoder", 0, k))
                assert found.across[-1, q, k] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_row_of_a_rollout_sums_to_one_at_every_layer(name: str) -> None:
    trace = trace_of(name, time=6, source=8)
    for stack in trace.read:
        found = rollout(trace, stack)
        rows = found.within.sum(axis=-1) + (0 if found.across is None else found.across.sum(axis=-1))
        assert rows.shape == (trace.config.layers(stack), len(trace.tokens(stack)))
        np.testing.assert_allclose(rows, 1, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_flow_is_the_smallest_cut(name: str) -> None:
    trace = trace_of(name)
    edges = edges_of(trace)
    for stack in trace.read:
        pipes = graph(trace, stack)
        for query in range(len(trace.tokens(stack))):
            for of, values in flow_row(pipes, stack, query).items():
                for key, value in enumerate(values):
                    cut = smallest_cut(edges, (stack, top(trace, stack), query), (of, 0, key))
                    assert value == pytest.approx(cut, abs=1e-6)


def test_flow_rows_are_divided_to_sum_to_one() -> None:
    trace = trace_of("encoder-decoder, learned", time=4, source=5)
    found = flow(graph(trace, "decoder"), "decoder", [1, 3])
    assert found.across is not None
    assert (found.within.shape, found.across.shape) == ((2, 4), (2, 5))
    np.testing.assert_allclose(found.within.sum(axis=1) + found.across.sum(axis=1), 1)
    assert found.within[0, 2] == found.within[0, 3] == 0  # nothing flows up from what comes later


def test_an_encoders_flow_reads_no_decoder() -> None:
    trace = trace_of("encoder-decoder, learned")
    pipes = graph(trace, "encoder")
    assert set(pipes.inputs) == {"encoder"}
    assert flow(pipes, "encoder", [0]).across is None
    assert seconds_a_row(pipes, "encoder") > 0
    assert seconds(trace, "encoder") > 0
    assert pipes.pipes.data.max() <= UNIT


def test_mean_and_max_over_heads_are_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_of("decoder, rotary", time=6)
    weights = trace.attention("decoder", 1).weights()
    for budget in (2**20, 0):
        monkeypatch.setattr("analysis.head_scores.BLOCK_BYTES", budget)
        mean, most = over_heads(trace.attention("decoder", 1))
        np.testing.assert_allclose(mean, weights.mean(dim=0).numpy(), atol=1e-7)
        np.testing.assert_array_equal(most, weights.amax(dim=0).numpy())


def test_a_query_whose_heads_see_nothing_keeps_all_of_itself() -> None:
    lm = random_model(CONFIGS["decoder, rotary"])
    cuts = [CutEdge("decoder", 0, "self", head, query=0, key=0) for head in range(lm.config.n_heads)]
    trace = lm.run([5, 6, 7], edits=cuts)
    first = next(iter(stages(trace, "decoder")))
    assert first.keeps[0] == 1.0
    assert not first.reads[0].any()
    np.testing.assert_allclose(rollout(trace, "decoder").within[-1].sum(axis=1), 1, atol=1e-6)
