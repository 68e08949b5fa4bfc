"""Turning back what was turned, and what distance does to a pair of vectors."""

import math

import pytest
import torch

from analysis.rotation import angles, before_rotation, by_distance, pair_of, speeds
from model.errors import InputError
from model.tap import Place
from tests.model.builders import CONFIGS, ids, random_model, shaped

ROTARY = [name for name, config in CONFIGS.items() if config.positions == "rotary" and config.kind == "decoder"]


@pytest.mark.parametrize("name", ROTARY)
def test_queries_and_keys_turned_back_are_those_of_before_the_rotation(name: str) -> None:
    trace = random_model(CONFIGS[name]).run(ids(9), keep="all")
    for layer in range(trace.config.decoder_layers):
        q, k = before_rotation(trace, "decoder", layer)
        place = Place("decoder", layer, "self")
        for found, site in ((q, "q_straight"), (k, "k_straight")):
            kept = trace.kept(place, site)  # type: ignore[arg-type]
            assert kept is not None
            torch.testing.assert_close(found, kept, atol=1e-5, rtol=0)
        assert (q - trace.attention("decoder", layer).q).abs().max() > 1e-2


@pytest.mark.parametrize("name", ROTARY)
def test_the_score_of_a_pair_is_that_of_its_distance(name: str) -> None:
    trace = random_model(CONFIGS[name]).run(ids(9))
    shared = trace.config.n_heads // trace.config.kv_heads
    for layer, head, query, key in ((0, 0, 8, 6), (1, 5, 7, 7), (1, 3, 5, 0)):
        attention = trace.attention("decoder", layer)
        if not attention.visible[query, key]:
            continue
        q, k = before_rotation(trace, "decoder", layer)
        found = by_distance(q[head, query], k[head // shared, key], speeds(trace, layer), torch.tensor([query - key]))
        torch.testing.assert_close(found[0] * attention.scale, attention.scores(head)[query, key], atol=1e-4, rtol=1e-4)


def test_the_same_distance_gives_the_same_product_wherever_the_pair_stands() -> None:
    trace = random_model(CONFIGS["decoder, rotary"]).run([7] * 9)
    scores = trace.attention("decoder", 0).scores(2)
    for distance in range(1, 6):
        along = scores.diagonal(-distance)
        torch.testing.assert_close(along, along[:1].expand_as(along), atol=1e-4, rtol=1e-4)
    q, k = before_rotation(trace, "decoder", 0)
    found = by_distance(q[2, 0], k[1, 0], speeds(trace, 0), torch.arange(6)) * trace.attention("decoder", 0).scale
    torch.testing.assert_close(found, scores[5, :6].flip(0), atol=1e-4, rtol=1e-4)


def test_the_first_pair_turns_by_a_radian_a_position_and_position_nought_not_at_all() -> None:
    trace = random_model(CONFIGS["decoder, rotary"]).run(ids(9))
    turned = angles(trace, "decoder", 0)
    assert turned.shape == (9, trace.config.rotary_dims // 2)
    torch.testing.assert_close(turned[:, 0], torch.arange(9.0))
    assert not turned[0].any()


def test_layers_with_a_window_turn_at_their_own_speed() -> None:
    trace = random_model(CONFIGS["decoder, window"]).run(ids(9))
    windowed, whole = speeds(trace, 0), speeds(trace, 1)
    assert trace.config.local_rotary_base is not None
    assert float(windowed[1] / whole[1]) == pytest.approx(math.sqrt(trace.config.rotary_base / 100.0))


def test_two_coordinates_half_a_head_apart_are_a_pair() -> None:
    assert pair_of(torch.arange(8.0), 1, 3).tolist() == [1.0, 4.0]


def test_a_model_whose_positions_turn_nothing_is_named() -> None:
    trace = random_model(shaped("decoder", "alibi")).run(ids(5))
    with pytest.raises(InputError, match='positions are "alibi"'):
        angles(trace, "decoder", 0)
