"""What heads write, read as tokens: all parts of a stream together must be the logits, in every order of norms."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from analysis.direct_path import direct_path
from analysis.promoted_tokens import head_output, ranked
from model.config import TransformerConfig
from model.errors import InputError
from model.language_model import LanguageModel
from model.pretrained import Source, SpecialIds
from model.trace import Trace
from tests.model.builders import CONFIGS, PLAIN, START, random_model, random_net, read_by, shaped

MASKED = {
    "encoder, masked words, post": replace(shaped("encoder", order="post"), head="masked_lm", final_norm=False),
    "encoder, masked words, pre": replace(shaped("encoder"), head="masked_lm", head_activation="relu"),
    "encoder-decoder, post, no final norm": replace(shaped("encoder-decoder", order="post"), final_norm=False),
    "decoder, scaled logits": replace(shaped("decoder"), logit_scale=0.25, tied=False),
}
ALL = CONFIGS | MASKED


def without_biases(config: TransformerConfig) -> LanguageModel:
    """A random model in which every number of the logits comes from some part of the stream."""
    net = copy.deepcopy(random_net(config))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return LanguageModel(net, None, Source("tiny", "none", ""), SpecialIds(start=START))


def everything(trace: Trace, position: int) -> Tensor:
    """The direct path of all that ever entered the stream at a position: embeddings, every head, every feed-forward."""
    stack, config = trace.predicts, trace.config
    heads = [
        head_output(trace, layer, part, head, position).logits
        for layer in range(config.layers(stack))
        for part in (("self", "cross") if config.kind == "encoder-decoder" else ("self",))
        for head in range(config.n_heads)
    ]
    forward = [
        direct_path(trace, layer, "feed_forward", position).logits(trace.added(stack, layer, "feed_forward")[position])
        for layer in range(config.layers(stack))
    ]
    entering = direct_path(trace, 0, "self", position).logits(trace.stream(stack)[0, position])
    return torch.stack([entering, *heads, *forward]).sum(dim=0)


@pytest.mark.parametrize("name", ALL)
def test_all_parts_of_a_stream_together_are_its_logits(name: str) -> None:
    x, target = read_by(ALL[name], time=5, source=7)
    lm = without_biases(ALL[name])
    trace = lm.run(x, target=target)
    for position in (0, 3):
        logits = trace.logits[position]
        torch.testing.assert_close(everything(trace, position), logits - logits.mean(), atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["decoder, learned", "encoder-decoder, sandwich", "encoder, masked words, post"])
def test_what_comes_through_each_key_adds_up_to_what_the_head_wrote(name: str) -> None:
    x, target = read_by(ALL[name], time=5, source=7)
    trace = random_model(ALL[name]).run(x, target=target)
    wrote = head_output(trace, 1, "self", 4, 3)
    tokens = [5, 9, 31]
    torch.testing.assert_close(wrote.by_key(tokens).sum(dim=0), wrote.logits[tokens], atol=1e-5, rtol=1e-3)
    assert (wrote.by_key(tokens).shape, wrote.of_key(2).shape) == ((5, 3), (40,))


def test_in_a_pre_norm_model_a_vector_is_centred_scaled_as_the_final_norm_scaled_and_read_by_the_table() -> None:
    lm = random_model(shaped("decoder"))
    trace = lm.run([5, 6, 7, 8])
    wrote = head_output(trace, 0, "self", 3, 2)
    block, norm = lm.net.decoder.blocks[0], lm.net.decoder.final_norm
    z = torch.zeros(6, 4)
    z[3] = trace.attention("decoder", 0).mixed[3, 2]
    vector = block.self_attn.o.weight @ z.flatten()
    stream = trace.stream("decoder")[-1, 2]
    sigma = (stream.var(unbiased=False) + norm.eps).sqrt()
    added = lm.net.head.out.weight @ ((vector - vector.mean()) / sigma * norm.weight)
    torch.testing.assert_close(wrote.logits, added - added.mean(), atol=1e-5, rtol=1e-4)


def test_a_heads_own_value_circuit_is_what_it_would_write_looking_at_one_key() -> None:
    lm = random_model(shaped("decoder"))
    trace = lm.run([5, 6, 7, 8])
    alone = head_output(trace, 1, "self", 5, 0)  # the first token can look at nothing but itself
    torch.testing.assert_close(alone.of_key(0), alone.logits, atol=1e-5, rtol=1e-4)


def test_tokens_are_ranked_by_what_was_added_and_none_is_in_both_lists() -> None:
    found = ranked(torch.tensor([0.5, -2.0, 3.0, 0.0, -1.0, 1.0]), 10)
    assert found.promoted == ((2, 3.0), (5, 1.0), (0, 0.5))
    assert found.suppressed == ((1, -2.0), (4, -1.0))


@pytest.mark.parametrize(("layer", "head", "position"), [(2, 0, 0), (0, 6, 0), (0, 0, 4), (0, 0, -1)])
def test_a_place_that_is_not_there_is_refused(layer: int, head: int, position: int) -> None:
    trace = random_model(shaped("decoder")).run([5, 6, 7, 8])
    with pytest.raises(InputError, match=r"out of range|layers 0"):
        head_output(trace, layer, "self", head, position)


def test_a_body_without_an_output_head_writes_no_tokens() -> None:
    trace = random_model(replace(PLAIN, head="none")).run([5, 6, 7])
    with pytest.raises(InputError, match="no output head"):
        head_output(trace, 0, "self", 0, 1)
