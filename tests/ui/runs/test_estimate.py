"""What a run is said to keep is what it keeps, and a text that memory cannot hold is refused before it runs."""

import pytest

from analysis.gradients import gradient_bytes
from model.errors import InputError
from tests.model.builders import CONFIGS, long_decoder, random_model, read_by
from ui.runs import estimate


@pytest.mark.parametrize("name", ["encoder, learned", "decoder, rotary", "decoder, alibi", "decoder, gated, qk norm"])
def test_the_memory_is_that_of_the_recording(name: str) -> None:
    config = CONFIGS[name]
    lm = random_model(config)
    trace = lm.run(read_by(config, time=30)[0])
    ends = 4 * 30 * 3 * config.d_model  # embedding, leaving, final, and the like
    kept = estimate.of_pass(config, lm.parameters, 30).bytes
    assert kept <= trace.recording.bytes <= kept + 2 * ends


def test_a_pass_costs_its_parameters_a_token_and_its_pairs() -> None:
    config = CONFIGS["decoder, learned"]
    one, two = (estimate.of_pass(config, 10_000, tokens).steps for tokens in (10, 20))
    pairs = estimate.PAIR_TIMES * 2 * config.n_heads * config.d_head * config.decoder_layers
    assert two - 2 * one == pairs * (20**2 - 2 * 10**2)


def test_the_time_of_a_long_pass_follows_from_a_short_one_of_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = random_model(long_decoder(positions=1024))
    tried: list[int] = []
    monkeypatch.setattr(estimate, "_timed", lambda lm, ids, source: tried.append(ids.shape[1]) or 0.25)
    estimate.measured_speed.clear()
    short, long = (estimate.of_pass(lm.config, lm.parameters, n).steps for n in (estimate.PROBE_TOKENS, 900))
    assert estimate.seconds(lm, 900) == pytest.approx(0.25 * long / short)
    assert estimate.seconds(lm, 100) < 0.25
    assert tried == [estimate.PROBE_TOKENS] * 2  # the first is a warm-up
    estimate.measured_speed.clear()


def test_the_memory_of_gradients_grows_with_the_text_and_not_with_its_square() -> None:
    config = long_decoder(positions=4096)
    assert gradient_bytes(config, 4000) == 8 * gradient_bytes(config, 500)


def test_a_beam_search_keeps_two_caches_a_beam() -> None:
    lm = random_model(long_decoder(positions=1024))
    config = lm.config
    keys_and_values = 2 * config.kv_heads * config.d_head * config.decoder_layers
    assert estimate.of_beams(lm, 100, 0, 4, 20).bytes == 2 * 4 * 4 * keys_and_values * 120


def test_work_that_memory_cannot_hold_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "free_on", lambda device: 10**9)
    lm = random_model(CONFIGS["decoder, learned"])
    with pytest.raises(InputError, match=r"a search needs about 3.0 GB of memory, and 1.0 GB are free: fewer beams"):
        estimate.check_memory(lm, 3 * 10**9, "a search", "fewer beams")


def test_a_text_that_memory_cannot_hold_is_refused_with_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "free_on", lambda device: 1000)
    lm = random_model(CONFIGS["decoder, learned"])
    refused = pytest.raises(InputError, match=r"1,000 tokens would take .* MB .* and 0.0 MB are free")
    with refused, estimate.announced(lm, "12 " * 1000, None):
        raise AssertionError("it ran")


def test_a_short_text_is_run_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "free_on", lambda device: 0)
    ran = []
    with estimate.announced(random_model(CONFIGS["decoder, learned"]), "12 7", None):
        ran.append(1)
    assert ran


@pytest.mark.parametrize(("seconds", "words"), [(7.4, "about 7 seconds"), (200.0, "about 3 minutes")])
def test_the_announcement_names_tokens_time_and_memory(seconds: float, words: str) -> None:
    said = estimate.said(estimate.Cost(2048, 133_000_000, 0), seconds)
    assert said == f"Reading 2,048 tokens: {words} and 532.0 MB of memory".replace("532.0 MB", "0.5 GB")
