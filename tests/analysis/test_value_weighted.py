"""Value-weighted attention against the vectors written out one key at a time."""

import pytest
import torch

from analysis.value_weighted import value_weighted, value_weighted_layer, values_written
from model.edits import ZeroHead
from model.errors import InputError
from model.tap import StackName
from model.trace import AttentionPart, Trace
from model.transformer import Transformer
from tests.model.builders import CONFIGS, random_model, read_by


def places(trace: Trace) -> list[tuple[StackName, int, AttentionPart]]:
    found: list[tuple[StackName, int, AttentionPart]] = []
    for stack in trace.read:
        for layer in range(trace.config.layers(stack)):
            found.append((stack, layer, "self"))
            if stack == "decoder" and len(trace.read) == 2:
                found.append((stack, layer, "cross"))
    return found


def projection(net: Transformer, stack: StackName, layer: int, part: AttentionPart) -> torch.nn.Linear:
    block = getattr(net, stack).blocks[layer]
    return (block.self_attn if part == "self" else block.cross_attn).o


def run_of(name: str) -> tuple[Trace, Transformer]:
    x, target = read_by(CONFIGS[name], time=5, source=7)
    lm = random_model(CONFIGS[name])
    return lm.run(x, target=target), lm.net


@pytest.mark.parametrize("name", CONFIGS)
def test_a_layers_heads_and_bias_together_are_what_the_sublayer_wrote(name: str) -> None:
    trace, net = run_of(name)
    for stack, layer, part in places(trace):
        attention = trace.attention(stack, layer, part)
        heads = [attention.weights(head) @ values_written(trace, stack, layer, part, head) for head in range(6)]
        written = torch.stack(heads).sum(dim=0) + projection(net, stack, layer, part).bias
        if trace.config.order == "sandwich" and part == "self":
            written = getattr(net, stack).blocks[layer].self_after(written)
        torch.testing.assert_close(written, attention.out, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["encoder, post", "decoder, rotary", "encoder-decoder, relative"])
def test_one_heads_weight_is_the_length_of_what_it_takes_from_a_key(name: str) -> None:
    trace, net = run_of(name)
    for stack, layer, part in places(trace):
        attention = trace.attention(stack, layer, part)
        weight = projection(net, stack, layer, part).weight
        for head in (0, 3, 5):  # six heads share three of keys and values, two by two
            found = value_weighted(trace, stack, layer, part, head)
            for query, key in ((0, 0), (4, 2), (3, 3)):
                z = torch.zeros(6, 4)
                z[head] = attention.weights(head)[query, key] * attention.v[head // 2, key]
                expected = (weight @ z.flatten()).norm()
                torch.testing.assert_close(found[query, key], expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", ["encoder, post", "decoder, rotary", "encoder-decoder, relative"])
def test_a_layers_weight_is_the_length_of_what_all_heads_take_from_a_key(name: str) -> None:
    trace, net = run_of(name)
    for stack, layer, part in places(trace):
        attention = trace.attention(stack, layer, part)
        values = attention.v.repeat_interleave(2, dim=0)
        taken = torch.einsum("hqk,hkd->qkhd", attention.weights(), values).flatten(2)
        expected = (taken @ projection(net, stack, layer, part).weight.T).norm(dim=-1)
        found = value_weighted_layer(trace, stack, layer, part)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)


def test_a_silenced_heads_weights_stay_and_its_value_weighted_ones_too() -> None:
    """The edit sets the mixed answer, not what the head looked at or would have taken."""
    lm = random_model(CONFIGS["decoder, rotary"])
    silenced = lm.run([5, 6, 7, 8], edits=[ZeroHead("decoder", 0, "self", 2)])
    plain = lm.run([5, 6, 7, 8])
    torch.testing.assert_close(
        value_weighted(silenced, "decoder", 0, "self", 2), value_weighted(plain, "decoder", 0, "self", 2)
    )


def test_a_head_that_is_not_there_is_named() -> None:
    trace, _ = run_of("decoder, rotary")
    with pytest.raises(InputError, match="head 6"):
        value_weighted(trace, "decoder", 0, "self", 6)
