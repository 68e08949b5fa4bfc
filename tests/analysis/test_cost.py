"""Costs against torch's own count of operations, and bytes against what caches and states hold."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from analysis.cost import cost, seconds_a_token
from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.network import advance, build, empty_past
from model.pretrained import Source
from model.recording import Recording
from model.tap import Tap
from tests.model.builders import CONFIGS, ids, random_model, random_net, shaped

LSTM = TransformerConfig(
    vocab_size=40, d_model=6, n_heads=0, d_head=0, d_ff=0, max_positions=None, decoder_layers=3,
    recurrence="lstm", positions="none", final_norm=False,
)  # fmt: skip
TIME, SOURCE = 9, 7
COUNTED = {name: config for name, config in CONFIGS.items() if config.positions != "rotary"} | {
    "masked words": replace(shaped("encoder"), head="masked_lm"),
    "gated": replace(shaped("decoder"), gated=True),
    "no head": replace(shaped("decoder"), head="none", tied=False),
}


def operations(config: TransformerConfig, time: int, source: int) -> int:
    """What torch counts in one pass that holds every pattern, the head applied at every position."""
    net = random_net(config)
    read = torch.tensor([ids(time)])
    tap = Tap(Recording(), keep="all")  # the explicit path: its products are matrices that torch counts
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        final = net(read, torch.tensor([ids(source)]) if config.kind == "encoder-decoder" else None, tap=tap)
        if net.head is not None:
            net.head(final)
    return counter.get_total_flops()


@pytest.mark.parametrize("name", COUNTED)
def test_operations_are_those_torch_counts(name: str) -> None:
    config = COUNTED[name]
    found = cost(config)
    expected = TIME * found.at(TIME)
    if config.kind == "encoder-decoder":
        expected += SOURCE * (found.read + SOURCE * found.read_per_context) + TIME * SOURCE * found.per_source
    assert expected == operations(config, TIME, SOURCE)


def test_the_operations_of_a_recurrent_model_are_those_torch_counts() -> None:
    net = build(LSTM).double().eval()  # in float64 no fused kernel hides the products
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        final = net(torch.tensor([ids(TIME)]))
        assert net.head is not None
        net.head(final)
    assert counter.get_total_flops() == TIME * cost(LSTM).at(TIME) == TIME * cost(LSTM).at(1)


@pytest.mark.parametrize("name", ["decoder, learned", "decoder, rotary", "encoder-decoder, relative"])
def test_what_is_kept_is_what_a_cache_holds(name: str) -> None:
    config = CONFIGS[name]
    net = random_net(config)
    memory = net.encode(torch.tensor([ids(SOURCE)])) if config.kind == "encoder-decoder" else None
    few, many = (advance(net, torch.tensor([ids(n)]), empty_past(net), memory)[1].bytes for n in (3, 11))
    assert many - few == 8 * 4 * cost(config).kept


def test_a_recurrent_model_keeps_its_state_and_nothing_a_token() -> None:
    net = build(LSTM)
    assert advance(net, torch.tensor([ids(11)]), empty_past(net))[1].bytes == 4 * cost(LSTM).state
    assert cost(LSTM).kept == 0


@pytest.mark.parametrize("kind", ["encoder", "decoder", "encoder-decoder", "recurrent"])
def test_a_token_takes_time(kind: str) -> None:
    net = build(LSTM if kind == "recurrent" else shaped(kind))  # type: ignore[arg-type]
    lm = LanguageModel(net, None, Source("tiny", "", ""))
    source = ids(4) if kind == "encoder-decoder" else None
    assert 0 < seconds_a_token(lm, ids(5), source=source, tokens=3) < 5


def test_a_text_that_fills_all_positions_leaves_no_token_to_time() -> None:
    lm = random_model(shaped("decoder"))
    assert seconds_a_token(lm, ids(32)) != seconds_a_token(lm, ids(32))  # not a number
