"""Influence against finite differences, and its mean by distance against loops."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

import analysis.influence
import model
from analysis.gradients import gradient_bytes
from analysis.influence import MOST_ROWS, ROOM, by_distance, influence, rows_at_once
from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.network import build, from_embeddings
from model.pretrained import Source, SpecialIds
from tests.model.builders import CONFIGS, START, ids, long_decoder, random_model, shaped

LSTM = TransformerConfig(
    vocab_size=40, d_model=6, n_heads=0, d_head=0, d_ff=0, max_positions=None, decoder_layers=2,
    recurrence="lstm", positions="none", final_norm=False,
)  # fmt: skip
MASK = 3


def lstm(seed: int = 0) -> LanguageModel:
    torch.manual_seed(seed)
    net = build(LSTM).requires_grad_(False)
    for parameter in net.parameters():
        parameter.normal_(std=0.7)
    return LanguageModel(net, None, Source("tiny", "regard-lstm", ""))


def masking() -> LanguageModel:
    net = random_model(shaped("encoder")).net
    return LanguageModel(net, None, Source("tiny", "bert", ""), SpecialIds(mask=MASK))


def models() -> dict[str, LanguageModel]:
    named = ("decoder, learned", "decoder, alibi", "decoder, window", "encoder-decoder, relative", "decoder, parallel")
    return {name: random_model(CONFIGS[name]) for name in named} | {"recurrent": lstm(), "encoder": masking()}


def read_by(lm: LanguageModel, time: int = 6) -> tuple[list[int], list[int] | None]:
    if lm.kind == "encoder-decoder":
        return [START, *ids(time - 1, seed=2)], ids(7, seed=1)
    return ids(time, seed=2), None


@torch.inference_mode()
def slopes(lm: LanguageModel, x: torch.Tensor, source: list[int] | None, at: int, token: int) -> torch.Tensor:
    """(time, d_model) central differences of the log-probability of a token towards every number of x (time, d_model)."""
    steps = torch.eye(x.numel()).view(-1, *x.shape) * 5e-3
    moved = torch.cat([x + steps, x - steps])
    memory = None if source is None else lm.net.encode(torch.tensor([source] * len(moved)))
    assert lm.net.head is not None
    logs = lm.net.head(from_embeddings(lm.net, moved, memory=memory)[:, at]).double().log_softmax(dim=-1)[:, token]
    up, down = logs.chunk(2)
    return ((up - down) / 1e-2).view(x.shape)


@pytest.mark.parametrize("name", models())
def test_norms_are_those_of_finite_differences(name: str) -> None:
    lm = models()[name]
    read, source = read_by(lm)
    found = influence(lm, read, source=source)
    for row, at in enumerate(found.at):
        shown = [MASK if lm.kind == "encoder" and i == at else id for i, id in enumerate(read)]
        expected = slopes(lm, lm.net.tokens.weight[shown], source, at, found.tokens[row]).norm(dim=-1).float()
        assert torch.allclose(found.norms[row], expected, rtol=0.03, atol=3e-3), at


@pytest.mark.parametrize("name", ["decoder, learned", "recurrent"])
def test_what_comes_later_counts_for_nothing(name: str) -> None:
    lm = models()[name]
    norms = influence(lm, ids(6)).norms
    assert torch.equal(norms, norms.tril())
    assert bool((norms.diagonal() > 0).all())


def test_a_prediction_is_about_the_token_that_came_and_at_the_end_about_the_likeliest() -> None:
    lm = lstm()
    read = ids(5)
    found = influence(lm, read)
    assert found.tokens[:-1] == tuple(read[1:])
    assert found.tokens[-1] == int(lm.run(read).logits[-1].argmax())


def test_where_the_mask_itself_was_read_an_encoder_predicts_the_likeliest() -> None:
    lm, read = masking(), [5, MASK, 9, 12]
    assert influence(lm, read, at=(1,)).tokens == (int(lm.run(read).logits[1].argmax()),)


def test_an_encoder_predicts_the_hidden_token() -> None:
    read = ids(5)
    assert influence(masking(), read, at=(1, 3)).tokens == (read[1], read[3])


def test_more_predictions_than_fit_a_pass_come_out_as_one_by_one() -> None:
    lm, read = random_model(CONFIGS["decoder, rotary"]), ids(20)
    together = influence(lm, read)
    apart = torch.cat([influence(lm, read, at=(i,)).norms for i in range(20)])
    assert torch.allclose(together.norms, apart, rtol=1e-4, atol=1e-6)


def test_shares_add_up_to_one() -> None:
    assert torch.allclose(influence(lstm(), ids(7)).shares.sum(dim=-1), torch.ones(7))


def test_no_weight_is_given_a_gradient() -> None:
    lm = lstm()
    before = deepcopy(lm.net.state_dict())
    influence(lm, ids(5))
    assert all(p.grad is None and not p.requires_grad for p in lm.net.parameters())
    assert all(torch.equal(x, before[name]) for name, x in lm.net.state_dict().items())


def test_it_works_inside_inference_mode() -> None:
    lm = lstm()
    with torch.inference_mode():
        inside = influence(lm, ids(5)).norms
    assert torch.allclose(inside, influence(lm, ids(5)).norms)


def test_means_by_distance_are_over_the_same_predictions() -> None:
    values = torch.rand(8, 8, generator=torch.Generator().manual_seed(1))
    found = by_distance(values, range(8), reach=3)
    assert found.predictions == 6
    for distance in range(3):
        expected = sum(float(values[at, at - distance]) for at in range(2, 8)) / 6
        assert float(found.mean[distance]) == pytest.approx(expected)


def test_the_reach_is_half_of_what_the_last_prediction_sees() -> None:
    assert len(by_distance(torch.rand(10, 10), range(10)).mean) == 5
    assert len(by_distance(torch.rand(1, 1), (0,)).mean) == 1


@pytest.mark.parametrize(
    ("lm", "asked", "sentence"),
    [
        (random_model(shaped("encoder")), {}, "names no mask token"),
        (random_model(replace(shaped("decoder"), head="none", tied=False)), {}, "no output head"),
        (random_model(shaped("decoder")), {"at": (9,)}, "positions 0 to 4"),
        (random_model(shaped("decoder")), {"at": ()}, "positions 0 to 4"),
        (random_model(shaped("decoder")), {"source": [5]}, "other models take none"),
        (random_model(shaped("encoder-decoder")), {}, "needs a source"),
    ],
)
def test_what_cannot_be_asked_is_refused(lm: LanguageModel, asked: dict, sentence: str) -> None:
    with pytest.raises(model.InputError, match=sentence):
        influence(lm, ids(5), **asked)


def test_the_rows_of_a_pass_follow_from_its_bytes() -> None:
    lm = random_model(long_decoder(positions=4096))
    assert rows_at_once(lm, 8) == MOST_ROWS
    for time in (500, 1500, 4000):
        rows = rows_at_once(lm, time)
        assert rows == 1 or rows * gradient_bytes(lm.config, time) <= ROOM
    assert rows_at_once(lm, 4000) < rows_at_once(lm, 500)


def test_influence_can_be_stopped_between_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis.influence, "MOST_ROWS", 1)
    lm = random_model(long_decoder(positions=64))
    seen: list[float] = []

    def stop(share: float) -> None:
        seen.append(share)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        influence(lm, [3, 4, 5, 6], seen=stop)
    assert seen == [0.25, 0.5]
