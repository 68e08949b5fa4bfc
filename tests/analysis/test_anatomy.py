"""The numbers behind a weight add up, are the model's own, and are there for every family and position scheme."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import model
from analysis.anatomy import Anatomy, adds_up, anatomy, code
from model.errors import InputError
from model.trace import Trace
from tests.model.builders import CONFIGS, ids, random_model, read_by, shaped


def run(name: str) -> Trace:
    x, target = read_by(CONFIGS[name])
    return random_model(CONFIGS[name]).run(x, target=target, keep="all")


def places(trace: Trace) -> list[tuple[str, str]]:
    config = trace.config
    found = [(stack, "self") for stack in ("encoder", "decoder") if config.layers(stack)]
    return [*found, ("decoder", "cross")] if config.kind == "encoder-decoder" else found


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_is_the_one_the_forward_used_and_they_add_up(name: str) -> None:
    trace = run(name)
    for stack, part in places(trace):
        last = trace.config.layers(stack) - 1
        held = {
            site: trace.kept(model.tap.Place(stack, last, part), site)
            for site in ("q_straight", "k_straight", "scores")
        }
        weights = trace.attention(stack, last, part).weights()
        heads, queries, keys = weights.shape
        for head in (0, heads - 1):
            for query, key in ((0, 0), (queries - 1, 0), (queries - 1, keys - 1), (0, keys - 1)):
                found = anatomy(trace, stack, last, part, head, query, key)
                assert adds_up(found) < 1e-12
                assert found.dot == pytest.approx(found.product.sum(), abs=1e-12)
                assert found.weight == pytest.approx(float(weights[head, query, key]), abs=1e-6)
                assert found.own_weight == float(weights[head, query, key])
                assert found.weights.sum() == pytest.approx(1)
                score = float(held["scores"][head, query, key])
                assert found.score == pytest.approx(score, abs=1e-5)
                assert found.visible == math.isfinite(score)
                assert found.difference < 1e-5
                if found.turn is not None:
                    np.testing.assert_allclose(found.turn.q, held["q_straight"][head, query], atol=1e-5)
                    np.testing.assert_allclose(found.turn.k, held["k_straight"][found.kv_head, key], atol=1e-5)
                    assert found.turn.dot == pytest.approx(float(found.turn.q @ found.turn.k))


def test_alibi_is_its_slope_times_the_distance() -> None:
    found = anatomy(run("decoder, alibi"), "decoder", 1, "self", 2, 4, 1)
    assert found.added is not None
    assert found.added.slope == pytest.approx(2 ** (-8 * 3 / 4))
    assert found.added.value == pytest.approx(-found.added.slope * 3)
    assert (found.added.bucket, found.added.distance) == (None, 3)


def test_a_relative_bias_is_the_entry_of_its_bucket() -> None:
    trace = run("encoder-decoder, relative")
    found = anatomy(trace, "encoder", 0, "self", 3, 1, 5)
    assert found.added is not None
    assert found.added.bucket is not None
    table = random_model(CONFIGS["encoder-decoder, relative"]).net.encoder.positions.table.weight
    assert found.added.value == pytest.approx(float(table[found.added.bucket, 3]))
    assert anatomy(trace, "decoder", 0, "cross", 3, 1, 5).added is None


def test_nothing_turns_across_two_texts_or_where_positions_are_added_to_embeddings() -> None:
    assert anatomy(run("encoder-decoder, rotary"), "decoder", 0, "cross", 0, 0, 0).turn is None
    assert anatomy(run("decoder, learned"), "decoder", 0, "self", 0, 0, 0).turn is None
    turned = anatomy(run("decoder, rotary"), "decoder", 0, "self", 0, 4, 1)
    assert turned.turn is not None
    assert turned.turn.dot != pytest.approx(turned.dot, abs=1e-3)


def test_query_heads_that_share_keys_name_the_head_they_ask() -> None:
    trace = run("decoder, learned")
    assert [anatomy(trace, "decoder", 0, "self", head, 3, 2).kv_head for head in range(6)] == [0, 0, 1, 1, 2, 2]


def test_a_key_of_the_future_has_no_weight() -> None:
    found = anatomy(run("decoder, alibi"), "decoder", 0, "self", 0, 1, 3)
    assert (found.visible, found.score, found.weight) == (False, -math.inf, 0)


def test_a_row_whose_only_key_was_cut_is_said_to_be_edited() -> None:
    lm = random_model(shaped("decoder"))
    trace = lm.run(ids(4), edits=[model.CutEdge("decoder", 0, "self", 0, 0, 0)])
    assert anatomy(trace, "decoder", 0, "self", 0, 0, 0).edited
    assert not anatomy(trace, "decoder", 1, "self", 0, 0, 0).edited


@pytest.mark.parametrize(
    ("head", "query", "key", "words"), [(9, 0, 0, "head 9"), (0, 7, 0, "query 7"), (0, 0, -1, "key -1")]
)
def test_a_pair_that_is_not_there_is_refused(head: int, query: int, key: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        anatomy(run("decoder, learned"), "decoder", 0, "self", head, query, key)


def test_the_code_shown_is_the_code_that_runs() -> None:
    parts = code(anatomy(run("decoder, rotary"), "decoder", 0, "self", 0, 1, 0))
    assert [part.where.split(":")[0] for part in parts] == ["model/positions.py"] + ["model/attention.py"] * 3
    assert parts[0].lines.startswith("def turn(self, x: Tensor) -> Tensor:")
    scope = {"Tensor": torch.Tensor}
    exec(parts[2].lines, scope)
    scores = torch.tensor([[1.0, 2.0]])
    assert torch.equal(scope["weigh"](scores), scores.softmax(-1))
    named = {part.step for name in ("decoder, alibi", "encoder, relative") for part in code(first(name))}
    assert {"The penalty for distance", "Which entry that is"} <= named


def first(name: str) -> Anatomy:
    trace = run(name)
    return anatomy(trace, places(trace)[0][0], 0, "self", 0, 0, 0)


def test_a_saved_trace_has_its_biases_without_their_parts(tmp_path: Path) -> None:
    trace = random_model(CONFIGS["decoder, alibi"]).run(ids(5))
    trace.save(tmp_path / "trace.safetensors")
    kept = anatomy(Trace.load(tmp_path / "trace.safetensors"), "decoder", 0, "self", 1, 4, 0)
    found = anatomy(trace, "decoder", 0, "self", 1, 4, 0)
    assert kept.added is not None
    assert found.added is not None
    assert kept.added.value == pytest.approx(found.added.value)
    assert kept.added.slope is None
    assert kept.weight == pytest.approx(found.weight)
