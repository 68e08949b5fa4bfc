"""Entropy and distance of heads against their formulas, one query at a time."""

import math

import numpy as np
import pytest

from analysis.head_scores import score_trace
from analysis.head_summary import distance, entropy, seconds, summarise, weights_of
from tests.model.builders import CONFIGS, random_model, read_by

NAMES = ("encoder, learned", "decoder, window", "encoder-decoder, relative")


@pytest.mark.parametrize("name", NAMES)
def test_entropy_and_distance_are_means_over_the_queries_that_had_a_choice(name: str) -> None:
    x, target = read_by(CONFIGS[name], time=6, source=8)
    trace = random_model(CONFIGS[name]).run(x, target=target)
    for stack in trace.read:
        summary = summarise(trace, stack)
        for layer in range(trace.config.layers(stack)):
            attention = trace.attention(stack, layer)
            for head in range(trace.config.n_heads):
                rows = [
                    (q, row.tolist())
                    for q, row in enumerate(attention.weights(head))
                    if int(attention.visible[q].sum()) > 1
                ]
                bits = [-sum(w * math.log2(w) for w in row if w > 0) for _, row in rows]
                apart = [sum(w * abs(q - k) for k, w in enumerate(row)) for q, row in rows]
                assert summary.entropy[layer, head] == pytest.approx(sum(bits) / len(bits), abs=1e-5)
                assert summary.distance is not None
                assert summary.distance[layer, head] == pytest.approx(sum(apart) / len(apart), abs=1e-5)


def test_a_head_that_spreads_evenly_over_eight_keys_has_three_bits_and_one_that_stares_has_none() -> None:
    even = np.full((8, 8), 1 / 8, dtype=np.float32)
    found = entropy(np.stack([even, np.eye(8, dtype=np.float32)]), np.ones((8, 8), dtype=bool))
    np.testing.assert_allclose(found, [3.0, 0.0], atol=1e-6)


def test_distance_counts_tokens_on_either_side() -> None:
    ahead, behind = np.eye(6, k=2, dtype=np.float32), np.eye(6, k=-2, dtype=np.float32)
    ahead[4:, 5], behind[:2, 0] = 1, 1
    found = distance(np.stack([ahead, behind]), np.ones((6, 6), dtype=bool))
    np.testing.assert_allclose(found, [(4 * 2 + 1 + 0) / 6] * 2)


def test_a_single_token_has_neither() -> None:
    one = np.ones((2, 1, 1), dtype=np.float32)
    assert np.isnan(entropy(one, np.ones((1, 1), dtype=bool))).all()
    assert np.isnan(distance(one, np.ones((1, 1), dtype=bool))).all()


def test_between_two_texts_there_is_no_distance() -> None:
    x, target = read_by(CONFIGS["encoder-decoder, learned"], time=5, source=7)
    trace = random_model(CONFIGS["encoder-decoder, learned"]).run(x, target=target)
    summary = summarise(trace, "decoder", "cross")
    assert summary.distance is None
    assert summary.entropy.shape == (3, 6)
    assert weights_of(trace, "decoder", "cross") == 3 * 6 * 5 * 7


@pytest.mark.parametrize("name", NAMES)
def test_the_scores_of_a_summary_are_those_of_the_trace(name: str) -> None:
    x, target = read_by(CONFIGS[name], time=6, source=8)
    trace = random_model(CONFIGS[name]).run(x, target=target)
    for stack in trace.read:
        alone, together = score_trace(trace, stack), summarise(trace, stack).scores
        for score, sums in alone.sums.items():
            np.testing.assert_array_equal(sums, together.sums[score])
            np.testing.assert_array_equal(alone.counts[score], together.counts[score])


@pytest.mark.parametrize("name", NAMES)
def test_even_attention_scores_the_share_of_its_keys_that_are_targets(name: str) -> None:
    x, target = read_by(CONFIGS[name], time=6, source=8)
    trace = random_model(CONFIGS[name]).run(x, target=target)
    for stack in trace.read:
        summary = summarise(trace, stack)
        for layer in range(trace.config.layers(stack)):
            visible = trace.attention(stack, layer).visible.numpy()
            rows = range(1, len(visible))  # the first token has none before it
            expected = np.mean([visible[q, q - 1] / visible[q].sum() for q in rows])
            assert summary.even.mean("previous")[layer, 0] == pytest.approx(expected, abs=1e-6)


def test_even_attention_pairs_no_token_with_any_other() -> None:
    x, target = read_by(CONFIGS["encoder-decoder, learned"], time=5, source=7)
    trace = random_model(CONFIGS["encoder-decoder, learned"]).run(x, target=target)
    even = summarise(trace, "decoder", "cross").even
    np.testing.assert_allclose(even.mean("alignment"), 1 / 7, atol=1e-6)
    assert seconds(trace, "decoder", "cross") > 0
