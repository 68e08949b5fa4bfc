"""A decode of more than a few dozen steps: rows of many steps lie in one tensor, and nothing of a trace changes by it."""

from dataclasses import replace

import pytest
import torch

from model.config import Kind, Scheme
from model.decoding.rewrite import rewrite
from model.decoding.strategies import Forced
from model.edits import CutEdge
from model.recording import MERGED
from tests.model.builders import random_model, shaped


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_a_long_decode_is_put_together_from_merged_steps_as_one_pass_reads_it(kind: Kind) -> None:
    lm = random_model(replace(shaped(kind), max_positions=200))
    steps = list(lm.decode([5, 6, 7], max_new_tokens=2 * MERGED + 9, stop=()))
    trace = steps[-1].trace
    assert {len(kept) for kept in trace.recording.chunks.values()} <= {
        1,
        2 + 9,
        1 + 2 + 9,
    }  # a prompt, two merged runs, one a step
    read = [token.id for token in trace.read["decoder"]]
    whole = lm.run(read) if kind == "decoder" else lm.run([5, 6, 7], target=read)
    for place, site in whole.recording.chunks:
        ours, theirs = trace.kept(place, site), whole.kept(place, site)
        assert ours is not None
        assert theirs is not None
        assert torch.allclose(ours, theirs, atol=1e-4), (place, site)
    early = steps[MERGED + 4]
    assert early.trace.final.shape[0] == early.read_count
    assert torch.equal(early.trace.final, trace.final[: early.read_count])


def test_memory_grows_with_the_length_of_a_decode_and_not_with_its_square() -> None:
    lm = random_model(replace(shaped("decoder"), max_positions=300))
    steps = list(lm.decode([5], max_new_tokens=256, stop=()))
    held = {n: steps[n - 1].recording.until(n - 1).bytes for n in (64, 128, 256)}
    assert held[128] == 2 * held[64]
    assert held[256] == 4 * held[64]
    assert len({id(step.decoder_tokens) for step in steps}) == 1, "one list of tokens serves all steps"
    assert steps[-1].recording.bytes == held[256]


def test_a_cut_within_merged_steps_goes_on_as_if_it_had_been_read_alone() -> None:
    lm = random_model(replace(shaped("decoder"), max_positions=200))
    steps = list(lm.decode([5, 6], max_new_tokens=MERGED + 30, stop=()))
    other = steps[20].top(2)[1][0].id
    forced = Forced(((20, other),))
    branch = list(rewrite(lm, steps, forced, max_new_tokens=MERGED + 30, stop=()))
    alone = list(lm.decode([5, 6], strategy=forced, max_new_tokens=MERGED + 30, stop=()))
    assert [step.token.id for step in branch] == [step.token.id for step in alone]
    for place, site in alone[-1].recording.chunks:
        one, two = branch[-1].trace.kept(place, site), alone[-1].trace.kept(place, site)
        assert one is not None
        assert two is not None
        assert torch.allclose(one, two, atol=1e-5), (place, site)


@pytest.mark.parametrize("positions", ["learned", "alibi", "relative"])
@pytest.mark.parametrize("first", [-1, 0, 3, -4])
def test_the_weights_of_the_last_queries_alone_are_those_of_all(positions: Scheme, first: int) -> None:
    trace = random_model(shaped("decoder", positions)).run([5, 6, 7, 8, 9, 10])
    seen = trace.attention("decoder", 1)
    assert torch.allclose(seen.weights_from(first), seen.weights()[:, first:], atol=1e-6)


def test_the_weights_of_the_last_queries_keep_a_window_and_what_was_edited() -> None:
    lm = random_model(replace(shaped("decoder"), window=2))
    seen = lm.run([5, 6, 7, 8, 9]).attention("decoder", 0)
    assert (seen.weights_from(-1)[:, 0, :3] == 0).all()
    assert torch.allclose(seen.weights_from(-2), seen.weights()[:, -2:], atol=1e-6)
    cut = lm.run([5, 6, 7, 8, 9], edits=(CutEdge("decoder", 0, "self", 1, 4, 4),)).attention("decoder", 0)
    assert torch.equal(cut.weights_from(-1), cut.weights()[:, -1:])
    assert cut.weights_from(-1)[1, 0, 4] == 0
