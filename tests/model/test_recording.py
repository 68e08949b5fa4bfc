"""Every named tensor of every shape of model is heard, with the axes the table promises."""

import pytest

from model.recording import Recording
from model.tap import SILENT, SITES, Place, StackName, Tap
from tests.model.builders import CONFIGS, PLAIN, expected_shape, expected_sites, random_model, read_by, stacks


@pytest.mark.parametrize("name", CONFIGS)
def test_every_site_fires_with_its_axes_when_all_is_kept(name: str) -> None:
    config = CONFIGS[name]
    x, target = read_by(config)
    trace = random_model(config).run(x, target=target, keep="all")
    assert set(trace.recording.chunks) == expected_sites(config)
    time: dict[StackName, int] = {stack: len(trace.tokens(stack)) for stack in stacks(config)}
    for place, site in trace.recording.chunks:
        kept = trace.kept(place, site)
        assert kept is not None
        assert tuple(kept.shape) == expected_shape(config, place, site, time), (place, site)
        assert not kept.isnan().any()


@pytest.mark.parametrize("name", CONFIGS)
def test_an_ordinary_run_keeps_the_default_sites_and_no_others(name: str) -> None:
    config = CONFIGS[name]
    x, target = read_by(config)
    trace = random_model(config).run(x, target=target)
    assert set(trace.recording.chunks) == {(p, s) for p, s in expected_sites(config) if SITES[s].default}


def test_the_configs_above_pass_every_site_of_the_table() -> None:
    assert {site for config in CONFIGS.values() for _, site in expected_sites(config)} == set(SITES)


def test_what_is_kept_is_what_the_silent_forward_computes() -> None:
    for config in CONFIGS.values():
        lm = random_model(config)
        x, target = read_by(config)
        trace, everything = lm.run(x, target=target), lm.run(x, target=target, keep="all")
        reading = lm.batch(lm.reading(x))
        silent = (
            lm.net(reading)
            if config.kind != "encoder-decoder"
            else lm.net(lm.batch(lm.target_reading(target)), reading)
        )
        assert (trace.final - silent[0]).abs().max() == 0
        assert (everything.final - silent[0]).abs().max() < 1e-5  # by way of the explicit pattern


def test_the_parts_add_up_to_the_stream() -> None:
    trace = random_model(PLAIN).run([5, 6, 7, 8])
    stream = trace.stream("decoder")
    for layer in range(PLAIN.decoder_layers):
        added = trace.added("decoder", layer, "self") + trace.added("decoder", layer, "feed_forward")
        assert (stream[layer] + added - stream[layer + 1]).abs().max() < 1e-5
    position = trace.position("decoder")
    assert position is not None
    assert (trace.embedding("decoder") + position - stream[0]).abs().max() < 1e-6


def test_a_tap_one_level_down_knows_its_place_and_leaves_its_parent_alone() -> None:
    tap = Tap(Recording())
    assert tap.at("decoder").at(2).at("cross").place == Place("decoder", 2, "cross")
    assert tap.place == Place()
    assert SILENT.at("encoder").at(0) is SILENT


def test_bytes_count_what_is_kept() -> None:
    trace = random_model(PLAIN).run([5, 6, 7])
    kept = [trace.kept(place, site) for place, site in trace.recording.chunks]
    assert trace.recording.bytes == sum(4 * x.numel() for x in kept if x is not None)
