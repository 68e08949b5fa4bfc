"""The parts of a logit difference: they sum to it, and each is what a replay with frozen norms loses without it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import model
from analysis.logit_attribution import Attribution, attribution, by_source
from model import InputError, SkipSublayer, ZeroHead
from model.language_model import LanguageModel
from model.norms import RMSNorm
from model.tap import Place, Site
from model.trace import Trace
from tests.model.builders import START, WRITING, ids, random_model, shaped
from tests.model.families.cases import CASES

LINEAR = [
    (family, name)
    for family, cases in CASES.items()
    for name in cases
    if family not in ("bert", "roberta", "distilbert") and name not in ("body", "encoder-alone")
]
SEGMENTED = replace(shaped("encoder", order="post"), head="linear", embed_norm=True, final_norm=False)
POST = [name for name in WRITING if name.endswith("post")]


def a_run(lm: LanguageModel) -> Trace:
    vocab = lm.config.vocab_size
    if lm.kind == "encoder-decoder":
        return lm.run(ids(7, seed=1, vocab=vocab), target=[START, *ids(5, seed=2, vocab=vocab)])
    return lm.run(ids(6, seed=1, vocab=vocab))


def close(found: Attribution) -> None:
    assert abs(found.recorded) > 1e-3, "two equal logits check little"
    assert found.total == pytest.approx(found.recorded, abs=1e-4)
    assert found.edited == 0


@pytest.mark.slow
@pytest.mark.parametrize(("family", "name"), LINEAR)
def test_the_parts_sum_to_the_logit_difference_in_every_family(family: str, name: str, tmp_path: Path) -> None:
    torch.manual_seed(5)
    CASES[family][name].build().save(tmp_path)
    lm = model.load(tmp_path, device="cpu", dtype="float32")
    trace = a_run(lm)
    for at, (token, rival) in ((-1, (9, 31)), (2, (40, 8)), (0, (12, 13))):
        close(attribution(trace, token, rival, at))


@pytest.mark.parametrize("name", WRITING)
def test_the_parts_sum_in_every_order_of_norms_and_at_every_step_of_a_decode(name: str) -> None:
    lm = random_model(WRITING[name])
    close(attribution(a_run(lm), 5, 17))
    for step in lm.decode(ids(5), max_new_tokens=3, stop=()):
        close(attribution(step.trace, step.token.id, step.top(2)[1][0].id))


def test_an_encoder_with_a_linear_head_embedding_norm_and_segments_is_taken_apart_too() -> None:
    lm = random_model(SEGMENTED)
    trace = lm.run(ids(6), segments=[0, 0, 0, 1, 1, 1])
    found = attribution(trace, 4, 9, at=4)
    close(found)
    assert found.segment != 0


def frozen(norm: nn.Module, at: Tensor, x: Tensor) -> Tensor:
    """The norm of x with the mean square, or the variance, of another vector."""
    if isinstance(norm, RMSNorm):
        return x / (at.pow(2).mean() + norm.eps).sqrt() * (norm.weight.double() + norm.offset)
    bias = 0 if norm.bias is None else norm.bias.double()
    return (x - x.mean()) / (at.var(unbiased=False) + norm.eps).sqrt() * norm.weight.double() + bias


def row(trace: Trace, place: Place, site: Site) -> Tensor:
    """What was kept at a place, at the last position."""
    kept = trace.kept(place, site)
    assert kept is not None
    return kept[..., -1, :].double()


def replay(trace: Trace, found: Attribution, without: dict[tuple[int, str], Tensor]) -> float:
    """The logit difference at the last position, forwards: recorded answers added up, every norm at its recorded scale."""
    lm, name = trace.language_model(), trace.predicts
    stack = lm.net.decoder
    assert stack is not None
    x = true = row(trace, Place(name, 0), "stream")
    for layer, block in enumerate(stack.blocks):
        parts = ["self", *(["cross"] if block.cross_norm is not None else []), "feed_forward"]
        for part in parts:
            out = row(trace, Place(name, layer, part), "out")
            answer = out - without.get((layer, part), torch.zeros_like(out))
            if block.order == "post":
                norm = {"self": block.self_norm, "cross": block.cross_norm, "feed_forward": block.feed_forward_norm}[
                    part
                ]
                x, true = frozen(norm, true + out, x + answer), frozen(norm, true + out, true + out)
            else:
                x, true = x + answer, true + out
    if stack.final_norm is not None:
        x = frozen(stack.final_norm, true, x)
    head = lm.net.head
    weight = (head.out.weight[found.token] - head.out.weight[found.rival]).double() * head.scale
    bias = 0.0 if head.out.bias is None else float(head.out.bias[found.token] - head.out.bias[found.rival])
    return float(weight @ x) + bias


@pytest.mark.parametrize("name", WRITING)
def test_a_heads_part_is_what_a_forward_replay_with_frozen_norms_loses_without_it(name: str) -> None:
    lm = random_model(WRITING[name])
    trace = a_run(lm)
    found = attribution(trace, 5, 17)
    assert replay(trace, found, {}) == pytest.approx(found.recorded, abs=1e-4)
    for part, heads in found.heads.items():
        for layer, head in ((0, 0), (1, 5), (1, 2)):
            block = lm.net.decoder.blocks[layer]
            module = block.self_attn if part == "self" else block.cross_attn
            mixed = trace.attention("decoder", layer, part).mixed[:, -1].double()
            answers = torch.stack(
                [module.o.weight.double()[:, h * 4 : h * 4 + 4] @ mixed[h] for h in range(len(mixed))]
            )
            gone = answers[head]
            if block.self_after is not None and part == "self":
                whole = answers.sum(0) + (0 if module.o.bias is None else module.o.bias.double())
                gone = frozen(block.self_after, whole, gone)  # an RMS norm has no bias: linear
            lost = found.recorded - replay(trace, found, {(layer, part): gone})
            assert float(heads[layer, head]) == pytest.approx(lost, abs=1e-4)
            assert abs(lost) > 1e-6


@pytest.mark.parametrize("name", WRITING)
def test_a_feed_forwards_part_is_what_the_replay_loses_without_it(name: str) -> None:
    lm = random_model(WRITING[name])
    trace = a_run(lm)
    found = attribution(trace, 5, 17)
    for layer in range(lm.config.decoder_layers):
        gone = trace.kept(Place("decoder", layer, "feed_forward"), "out")
        assert gone is not None
        lost = found.recorded - replay(trace, found, {(layer, "feed_forward"): gone[-1].double()})
        assert float(found.feed_forward[layer]) == pytest.approx(lost, abs=1e-4)


@pytest.mark.parametrize("name", WRITING)
def test_a_heads_part_split_over_the_tokens_it_read_sums_to_it(name: str) -> None:
    lm = random_model(WRITING[name])
    trace = a_run(lm)
    found = attribution(trace, 5, 17, at=3)
    for part, heads in found.heads.items():
        for head in (0, 3, 5):
            split = by_source(trace, found, 1, part, head, at=3)
            assert split.shape == (7 if part == "cross" else len(trace.tokens("decoder")),)
            assert float(split.sum()) == pytest.approx(float(heads[1, head]), abs=1e-5)
            if part == "self":
                assert not split[4:].any(), "nothing after the position was read"


def test_a_token_against_its_rival_is_the_rival_against_the_token_with_the_sign_turned() -> None:
    trace = a_run(random_model(WRITING[POST[0]]))
    one, other = attribution(trace, 5, 17), attribution(trace, 17, 5)
    torch.testing.assert_close(one.heads["cross"], -other.heads["cross"])
    assert one.biases == pytest.approx(-other.biases)


def test_an_edited_run_is_taken_apart_as_it_ran() -> None:
    lm = random_model(shaped("decoder"))
    edits = (
        ZeroHead("decoder", 1, "self", 2),
        SkipSublayer("decoder", 0, "self"),
        SkipSublayer("decoder", 1, "feed_forward"),
    )
    found = attribution(lm.run(ids(6), edits=edits), 5, 17)
    assert float(found.heads["self"][1, 2]) == 0
    assert not found.heads["self"][0].any()
    assert float(found.feed_forward[1]) == 0
    close(found)


def test_a_head_that_is_not_linear_is_refused_in_words() -> None:
    config = replace(shaped("encoder"), head="masked_lm", head_activation="gelu")
    with pytest.raises(InputError, match="not a sum"):
        attribution(random_model(config).run(ids(4)), 1, 2)
    with pytest.raises(InputError, match="no output head"):
        attribution(random_model(replace(shaped("decoder"), head="none")).run(ids(4)), 1, 2)


@pytest.mark.parametrize(("token", "rival", "at"), [(40, 1, 0), (1, -1, 0), (1, 2, 6), (1, 2, -7)])
def test_a_token_or_position_that_is_not_there_is_refused(token: int, rival: int, at: int) -> None:
    with pytest.raises(InputError, match="out of range"):
        attribution(random_model(shaped("decoder")).run(ids(6)), token, rival, at)
