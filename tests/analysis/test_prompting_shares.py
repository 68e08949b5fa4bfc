"""Probabilities of answers against decoding by hand, shares of attention against sums by hand, influence against differences."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.influence import influence
from analysis.prompting import PARTS, Posed, Prompt, pose
from analysis.prompting_shares import (
    attended_part,
    attention_shares,
    influence_shares,
    log_probabilities,
    per_length,
    shares_among,
)
from model.decoding.strategies import Forced, Greedy
from model.errors import InputError
from model.language_model import LanguageModel
from model.network import build, from_embeddings
from model.pretrained import Source
from tests.analysis.test_influence import LSTM
from tests.analysis.test_prompting import FULL, MASK, reader, tokenizer

KINDS = ("encoder", "decoder", "encoder-decoder", "recurrent")
GIVEN = {"encoder": "the [MASK] the"}


def recurrent() -> LanguageModel:
    torch.manual_seed(3)
    net = build(replace(LSTM, vocab_size=270)).requires_grad_(False)
    for parameter in net.parameters():
        parameter.normal_(std=0.5)
    return LanguageModel(net, tokenizer("decoder"), Source("tiny", "regard-lstm", ""))


def model_of(kind: str) -> LanguageModel:
    return recurrent() if kind == "recurrent" else reader(kind)


def posed_by(lm: LanguageModel, prompt: Prompt = FULL, answer: str = "lot") -> Posed:
    return pose(lm, prompt, GIVEN.get(lm.kind, "the"), answer)


@pytest.mark.parametrize("kind", ["decoder", "recurrent"])
def test_an_answer_is_as_probable_as_decoding_that_is_forced_to_write_it(kind: str) -> None:
    lm = model_of(kind)
    posed = posed_by(lm)
    prompt = posed.ids(0)[: posed.at[0] + 1]
    choices = tuple(enumerate(token.id for token in posed.answer))
    steps = list(lm.decode(prompt, strategy=Forced(choices, Greedy()), max_new_tokens=len(choices), stop=()))
    expected = [float(step.probabilities[step.token.id].double().log()) for step in steps]
    np.testing.assert_allclose(log_probabilities(lm, posed), expected, atol=1e-5)


def test_an_encoder_decoders_answer_is_as_probable_as_writing_it_and_its_end() -> None:
    lm = model_of("encoder-decoder")
    posed = posed_by(lm)
    choices = tuple(enumerate(token.id for token in posed.answer))
    steps = list(lm.decode("Say it. a: b c: d the", strategy=Forced(choices, Greedy()), max_new_tokens=len(choices)))
    assert steps[-1].ended == "end"
    expected = [float(step.probabilities[step.token.id].double().log()) for step in steps]
    np.testing.assert_allclose(log_probabilities(lm, posed), expected, atol=1e-5)


def test_an_encoders_answer_is_scored_from_left_to_right_with_what_follows_hidden() -> None:
    lm = model_of("encoder")
    posed = posed_by(lm)
    whole = lm.reading("Say it. a: b c: d the lot the").ids
    place = len(lm.reading("Say it. a: b c: d the").ids) - 1  # without the end token
    expected = []
    for n in range(3):  # the space, lo, t
        read = [MASK if place + n <= i < place + 3 else id for i, id in enumerate(whole)]
        expected.append(float(lm.run(read).probabilities(place + n)[whole[place + n]].double().log()))
    np.testing.assert_allclose(log_probabilities(lm, posed), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_shares_of_attention_are_sums_of_weights_over_the_keys_of_each_part(kind: str) -> None:
    lm = model_of(kind)
    posed = posed_by(lm)
    shares = attention_shares(lm, posed)
    stack, part = attended_part(lm)
    parts = posed.source_parts if part == "cross" else posed.parts
    assert shares.shape == (lm.config.layers(stack), lm.config.n_heads, len(PARTS))
    np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-5)
    source = [token.id for token in posed.source]
    for layer, head in ((0, 0), (1, 4)):
        expected = dict.fromkeys(PARTS, 0.0)
        for n, at in enumerate(posed.at):
            trace = lm.run(source, target=posed.ids(n)) if source else lm.run(posed.ids(n))
            row = trace.attention(stack, layer, part).weights(head)[at]
            for key, name in enumerate(parts):
                expected[name] += float(row[key]) / len(posed.at)
        np.testing.assert_allclose(shares[layer, head], [expected[name] for name in PARTS], atol=1e-5)


def test_a_part_that_is_not_there_has_no_share() -> None:
    lm = model_of("decoder")
    shares = attention_shares(lm, posed_by(lm, Prompt()))
    assert not shares[..., [PARTS.index("instruction"), PARTS.index("examples")]].any()
    assert not influence_shares(lm, posed_by(lm, Prompt()))[PARTS.index("instruction")]


@pytest.mark.parametrize("kind", ["decoder", "recurrent"])
def test_influence_on_one_token_is_that_of_the_other_pages_summed_over_parts(kind: str) -> None:
    lm = model_of(kind)
    posed = posed_by(lm, answer=".")
    (norms,) = influence(lm, [*posed.ids(0), posed.answer[0].id], at=posed.at).shares.double().numpy()
    expected = [norms[[n for n, part in enumerate(posed.parts) if part == name]].sum() for name in PARTS]
    np.testing.assert_allclose(influence_shares(lm, posed), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_influence_on_an_answer_is_that_of_finite_differences_of_its_log_probability(kind: str) -> None:
    lm = model_of(kind)
    posed = pose(lm, Prompt("s"), GIVEN.get(kind, "e"), "t")
    assert len(posed.answer) == 2
    net = deepcopy(lm.net).double()
    source = net.tokens.weight[[token.id for token in posed.source]]
    total = 0
    for n in range(2):
        given = [source, net.tokens.weight[posed.ids(n)]] if posed.source else [net.tokens.weight[posed.ids(n)]]
        found = [slopes(net, given, which, posed.at[n], posed.answer[n].id) for which in range(len(given))]
        total = total + torch.cat(found)
    norms = total.norm(dim=-1).numpy()
    parts = (*posed.source_parts, *posed.parts)
    expected = [norms[[part == name for part in parts]].sum() / norms.sum() for name in PARTS]
    np.testing.assert_allclose(influence_shares(lm, posed), expected, atol=1e-4)


@torch.inference_mode()
def slopes(net, read: list[torch.Tensor], which: int, at: int, token: int) -> torch.Tensor:
    """(time, d_model) central differences of a log-probability towards one stack's input."""
    x = read[which]
    steps = torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape) * 1e-5
    found = []
    for moved in (x + steps, x - steps):
        given = [moved if i == which else one.expand(len(moved), *one.shape) for i, one in enumerate(read)]
        memory = net.encoder(given[0])[0] if len(given) == 2 else None
        final = from_embeddings(net, given[-1], memory=memory)
        found.append(net.head(final[:, at]).log_softmax(dim=-1)[:, token])
    return ((found[0] - found[1]) / 2e-5).view(x.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_influence_sums_to_one(kind: str) -> None:
    lm = model_of(kind)
    shares = influence_shares(lm, posed_by(lm))
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares >= 0).all()


def test_a_recurrent_model_has_no_attention() -> None:
    lm = recurrent()
    with pytest.raises(InputError, match="no attention"):
        attention_shares(lm, posed_by(lm))


def test_shares_among_answers_are_their_probabilities_over_the_sum() -> None:
    p = np.array([[0.2, 0.05], [1e-5, 3e-5]])
    np.testing.assert_allclose(shares_among(np.log(p)), p / p.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(shares_among(np.array([[-2000.0, -2000.0]])), [[0.5, 0.5]])


def test_a_length_divides() -> None:
    assert per_length(-6.0, "whole", tokens=3, answer="été") == -6.0
    assert per_length(-6.0, "token", tokens=3, answer="été") == -2.0
    assert per_length(-6.0, "byte", tokens=3, answer="été") == -6.0 / 5
