"""The cache's bytes as they lie in memory, and its operations as torch itself counts them."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from analysis import kv_cache
from analysis.kv_cache import MOST_ROUNDS, by_sharing, growth, measured
from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.network import advance, empty_past
from model.recording import Recording
from model.tap import Tap
from tests.model.builders import PLAIN, ids, random_model, shaped

KINDS: dict[str, TransformerConfig] = {
    "decoder": shaped("decoder", "alibi"),
    "decoder, rotary": shaped("decoder", "rotary"),
    "encoder-decoder": shaped("encoder-decoder", "learned"),
}


def decode(name: str) -> tuple[LanguageModel, list]:
    lm = random_model(KINDS[name])
    return lm, list(lm.decode(ids(5), max_new_tokens=6, stop=()))


@pytest.mark.parametrize("name", KINDS)
def test_the_cache_grows_by_as_many_bytes_a_token_as_counted(name: str) -> None:
    lm, steps = decode(name)
    found = growth(lm, steps)
    config = lm.config
    each = 2 * config.decoder_layers * config.kv_heads * config.d_head * 4
    assert found.per_token == each
    source = 5 * each if lm.kind == "encoder-decoder" else 0
    assert found.source == source
    assert list(found.held) == [len(step.read["decoder"]) * each + source for step in steps]


@pytest.mark.parametrize("name", KINDS)
def test_operations_are_those_torch_counts_in_the_matrix_products(name: str) -> None:
    """The path that keeps every pattern, because torch counts nothing in the fused kernel; it works out whole maps, of
    which the half above the diagonal is not counted here."""
    lm, steps = decode(name)
    found = growth(lm, steps)
    config = lm.config
    memory = lm.net.encode(torch.tensor([ids(5)])) if lm.kind == "encoder-decoder" else None
    past, before = empty_past(lm.net), 0
    for n, step in enumerate(steps):
        read = [token.id for token in step.read["decoder"]]
        with FlopCounterMode(display=False) as counter:
            stream, past = advance(lm.net, torch.tensor([read[before:]]), past, memory, tap=Tap(Recording(), (), "all"))
            lm.logits(stream[:, -1])
        new, time = len(read) - before, len(read)
        hidden = config.decoder_layers * 4 * config.n_heads * config.d_head * (new * (new - 1) // 2)
        assert found.cached[n] == counter.get_total_flops() - hidden
        with FlopCounterMode(display=False) as counter:
            lm.logits(lm.net.decode(torch.tensor([read]), memory, tap=Tap(Recording(), (), "all"))[:, -1])
        hidden = config.decoder_layers * 4 * config.n_heads * config.d_head * (time * (time - 1) // 2)
        assert found.again[n] == counter.get_total_flops() - hidden
        before = time


def test_reading_again_costs_more_at_every_step_but_the_first() -> None:
    found = growth(*decode("decoder"))
    assert found.again[0] == found.cached[0]
    assert all(b > a for a, b in zip(found.cached[1:], found.again[1:], strict=True))


def test_sharing_keys_divides_the_cache() -> None:
    found = by_sharing(PLAIN, 4)  # six query heads, three key heads
    assert {name: heads for name, (heads, _) in found.items()} == {
        "multi-head": 6,
        "grouped-query": 3,
        "multi-query": 1,
    }
    assert found["multi-head"][1] == 2 * found["grouped-query"][1] == 6 * found["multi-query"][1]
    assert by_sharing(replace(PLAIN, n_kv_heads=0), 4)["grouped-query"][0] == 3
    assert "grouped-query" not in by_sharing(replace(PLAIN, n_heads=2, n_kv_heads=0), 4)


@pytest.mark.parametrize("name", KINDS)
def test_both_ways_are_timed_step_by_step(name: str) -> None:
    found = measured(*decode(name), most=4)
    assert len(found.cached) == len(found.again) == 4
    assert min(*found.cached, *found.again) > 0
    assert 1 <= found.rounds <= MOST_ROUNDS


def test_what_is_timed_is_the_median_of_several_rounds_after_one_that_is_thrown_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(10**6))
    rounds = list[int]()
    own = kv_cache._round

    def counted(*asked: object) -> tuple[list[float], list[float]]:
        texts = asked[2]
        assert isinstance(texts, list)
        rounds.append(len(texts))
        cached, again = own(*asked)  # type: ignore[arg-type]
        return [len(rounds) * one for one in cached], again

    monkeypatch.setattr(kv_cache, "_now", lambda lm: float(next(clock)))
    monkeypatch.setattr(kv_cache, "_round", counted)
    monkeypatch.setattr(kv_cache, "ROUNDS_SECONDS", 40.0)  # ticks: a round of four steps takes 17 with its own reading
    found = measured(*decode("decoder"), most=4)
    assert rounds == [2, 4, 4, 4]
    assert found.rounds == 3
    assert found.cached == (3.0,) * 4  # rounds 2, 3 and 4
    assert found.again == (1.0,) * 4
