"""Another future of a decode equals a decode from the start, and the model reads nothing twice for it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from model import CutEdge, Forced, Greedy, InputError, Sample, ZeroHead, rewrite
from model.decoding.step import Step
from model.decoding.strategies import Strategy
from model.language_model import LanguageModel
from model.transformer import Transformer
from tests.model.builders import END, START, VOCAB, WRITING, ids, random_model, shaped

PROMPT = ids(5, seed=6)
EDITS = (ZeroHead("decoder", 1, "self", 2), CutEdge("decoder", 0, "self", 1, 6, 1))


def generated(steps: list[Step]) -> list[int]:
    return [step.token.id for step in steps]


def another(lm: LanguageModel, steps: list[Step], at: int) -> Forced:
    """Some other token at one step."""
    return Forced(((at, next(i for i in range(3, VOCAB) if i != steps[at].token.id)),))


def same(found: list[Step], expected: list[Step]) -> None:
    assert generated(found) == generated(expected)
    assert [step.ended for step in found] == [step.ended for step in expected]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.logits, other.logits, atol=1e-4, rtol=0)
    a, b = found[-1].trace, expected[-1].trace
    assert set(a.recording.chunks) == set(b.recording.chunks)
    for place, site in b.recording.chunks:
        torch.testing.assert_close(a.kept(place, site), b.kept(place, site), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("edits", [(), EDITS])
@pytest.mark.parametrize("name", WRITING)
def test_a_branch_equals_a_decode_from_the_start(name: str, edits: tuple) -> None:
    lm = random_model(WRITING[name])
    steps = list(lm.decode(PROMPT, max_new_tokens=6, stop=(), edits=edits))
    for at in (0, 3, 5):
        strategy = another(lm, steps, at)
        fresh = list(lm.decode(PROMPT, strategy=strategy, max_new_tokens=6, stop=(), edits=edits))
        same(list(rewrite(lm, steps, strategy, max_new_tokens=6, stop=())), fresh)


@pytest.mark.parametrize("strategy", [Sample(1.4, seed=3), Sample(0.7, top_k=5, repetition_penalty=1.4), Greedy()])
def test_another_strategy_writes_what_it_would_have_written(strategy: Strategy) -> None:
    lm = random_model(shaped("encoder-decoder", "sinusoidal", "post"))
    steps = list(lm.decode(PROMPT, strategy=Sample(1.4, seed=9), max_new_tokens=8, stop=()))
    fresh = list(lm.decode(PROMPT, strategy=strategy, max_new_tokens=8, stop=()))
    same(list(rewrite(lm, steps, strategy, max_new_tokens=8, stop=())), fresh)


def test_both_futures_stay_as_they_were() -> None:
    lm = random_model(shaped("decoder", "rotary"))
    steps = list(lm.decode(PROMPT, max_new_tokens=6, stop=()))
    before = [(step.logits.clone(), step.trace.final.clone()) for step in steps]
    branch = list(rewrite(lm, steps, another(lm, steps, 2), max_new_tokens=6, stop=()))
    again = list(rewrite(lm, branch, Greedy(), max_new_tokens=6, stop=()))
    same(again, steps)
    for step, (logits, final) in zip(steps, before, strict=True):
        assert torch.equal(step.logits, logits)
        assert torch.equal(replace(step).trace.final, final)


def test_nothing_that_was_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = random_model(shaped("encoder-decoder"))
    steps = list(lm.decode(PROMPT, max_new_tokens=6, stop=()))
    read: list[int] = []
    advance = Transformer.advance

    def counted(net: Transformer, target: torch.Tensor, *more: object, **named: object) -> object:
        read.append(target.shape[1])
        return advance(net, target, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Transformer, "advance", counted)
    monkeypatch.setattr(Transformer, "encode", lambda *_, **__: pytest.fail("the source was read again"))
    assert len(list(rewrite(lm, steps, another(lm, steps, 3), max_new_tokens=6, stop=()))) == 6
    assert read == [1, 1]


def test_a_decode_that_met_its_limit_goes_on_where_it_stopped() -> None:
    lm = random_model(shaped("decoder", "alibi"))
    steps = list(lm.decode(PROMPT, max_new_tokens=3, stop=()))
    longer = list(rewrite(lm, steps, Greedy(), max_new_tokens=7, stop=()))
    same(longer, list(lm.decode(PROMPT, max_new_tokens=7, stop=())))
    shorter = list(rewrite(lm, longer, Greedy(), max_new_tokens=2, stop=()))
    assert [step.ended for step in shorter] == [None, "limit"]


def test_a_chosen_end_token_ends_the_branch_and_losing_it_lets_the_text_go_on() -> None:
    lm = random_model(shaped("decoder", "alibi"))
    steps = list(lm.decode(PROMPT, max_new_tokens=6, stop=()))
    ended = list(rewrite(lm, steps, Forced(((2, END),)), max_new_tokens=6))
    assert [step.ended for step in ended] == [None, None, "end"]
    assert generated(list(rewrite(lm, ended, Greedy(), max_new_tokens=6, stop=()))) == generated(steps)


def test_tokens_written_before_count_for_the_draws() -> None:
    lm = random_model(shaped("encoder-decoder"))
    strategy = Sample(1.5, seed=2)
    whole = list(lm.decode(PROMPT, strategy=strategy, max_new_tokens=6, stop=()))
    target = [START, *generated(whole)[:2]]
    rest = list(lm.decode(PROMPT, target=target, max_new_tokens=4, stop=()))
    assert generated(list(rewrite(lm, rest, strategy, max_new_tokens=4, stop=()))) == generated(whole)[2:]


def test_nothing_to_go_on_from_is_said_in_words() -> None:
    lm = random_model(shaped("decoder"))
    with pytest.raises(InputError, match="no step"):
        list(rewrite(lm, [], Greedy()))
    steps = list(lm.decode(PROMPT, max_new_tokens=1))
    with pytest.raises(InputError, match="at least 1"):
        list(rewrite(lm, steps, Greedy(), max_new_tokens=0))


def test_a_token_whose_strategy_is_the_same_is_not_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = random_model(shaped("decoder"))
    steps = list(lm.decode(PROMPT, strategy=Sample(temperature=1.3, seed=2), max_new_tokens=8, stop=()))
    chosen: list[int] = []
    choose = Sample.choose

    def counted(sample: Sample, logits: torch.Tensor, read: Sequence[int], index: int) -> int:
        chosen.append(index)
        return choose(sample, logits, read, index)

    monkeypatch.setattr(Sample, "choose", counted)
    longer = list(rewrite(lm, steps, Sample(temperature=1.3, seed=2), max_new_tokens=10, stop=()))
    assert chosen == [8, 9]
    assert [step.token for step in longer[:8]] == [step.token for step in steps]
    chosen.clear()
    other = (steps[5].token.id + 1) % lm.config.vocab_size
    list(rewrite(lm, longer, Forced(((5, other),), Sample(temperature=1.3, seed=2)), max_new_tokens=8, stop=()))
    assert chosen == [6, 7]
    chosen.clear()
    list(rewrite(lm, steps, Sample(temperature=1.3, seed=3), max_new_tokens=1, stop=()))
    assert chosen == [0]
