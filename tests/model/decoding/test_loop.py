"""Writing token by token: the numbers of reading it all at once, and choices as the reference library makes them."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from transformers.generation import logits_process as reference

from model import CutEdge, Forced, Greedy, InputError, Sample, SkipSublayer, ZeroHead
from model.config import TransformerConfig
from model.decoding.rules import constrained
from model.decoding.step import Step
from model.decoding.strategies import entropy
from model.language_model import LanguageModel
from model.pretrained import Constraints
from model.tap import Edit, Place
from tests.model.builders import END, START, VOCAB, WRITING, byte_tokenizer, ids, random_model, shaped, stacks

DECODER, BOTH = shaped("decoder", "rotary"), shaped("encoder-decoder", "sinusoidal", "post")


def edits_for(config: TransformerConfig) -> tuple[Edit, ...]:
    """One of each, on the stack that writes and the one before it."""
    edits: list[Edit] = [
        CutEdge("decoder", 0, "self", head=1, query=3, key=1),
        CutEdge("decoder", 0, "self", head=1, query=0, key=0),
        ZeroHead("decoder", 1, "self", head=5),
        SkipSublayer("decoder", 0, "feed_forward"),
    ]
    if config.kind == "encoder-decoder":
        edits += [CutEdge("decoder", 1, "cross", head=0, query=2, key=4), CutEdge("encoder", 0, "self", 2, 1, 1)]
        edits += [ZeroHead("encoder", 1, "self", head=0), SkipSublayer("decoder", 2, "cross")]
    return tuple(edits)


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("name", WRITING)
def test_the_assembled_trace_of_a_decode_is_one_full_pass(name: str, edited: bool) -> None:
    config = WRITING[name]
    lm, edits = random_model(config), edits_for(config) if edited else ()
    both = config.kind == "encoder-decoder"
    prompt = ids(6, seed=3)
    steps = list(lm.decode(prompt, max_new_tokens=6, stop=(), edits=edits))
    generated = [step.token.id for step in steps[:-1]]
    whole = lm.run(prompt, target=[START, *generated], edits=edits) if both else lm.run(prompt + generated, edits=edits)
    trace = steps[-1].trace
    assert set(trace.recording.chunks) == set(whole.recording.chunks)
    for place, site in whole.recording.chunks:
        one, other = trace.kept(place, site), whole.kept(place, site)
        assert one is not None
        assert other is not None
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5), (place, site)
    for stack in stacks(config):
        assert [token.id for token in trace.tokens(stack)] == [token.id for token in whole.tokens(stack)]
        assert (trace.attention(stack, 0).weights() - whole.attention(stack, 0).weights()).abs().max() < 1e-5
    assert (trace.logits - whole.logits).abs().max() < 1e-4


@pytest.mark.parametrize("name", WRITING)
def test_every_cached_step_predicts_what_reading_from_the_start_predicts(name: str) -> None:
    lm = random_model(WRITING[name])
    both = lm.kind == "encoder-decoder"
    prompt = ids(5, seed=4)
    generated: list[int] = []
    for step in lm.decode(prompt, max_new_tokens=5, stop=()):
        again = lm.run(prompt, target=[START, *generated]) if both else lm.run(prompt + generated)
        assert (step.logits - again.logits[-1]).abs().max() < 1e-4
        assert torch.allclose(step.probabilities, again.probabilities(), atol=1e-5)
        assert step.token.id == int(again.logits[-1].argmax())
        generated.append(step.token.id)


def test_the_trace_of_an_earlier_step_ends_where_that_step_stood() -> None:
    lm = random_model(BOTH)
    steps = list(lm.decode(ids(4), max_new_tokens=5, stop=()))
    for step in steps:
        trace = step.trace
        assert len(trace.tokens("decoder")) == step.index + 1
        assert trace.stream("decoder").shape[1] == step.index + 1
        assert trace.attention("decoder", 1, "cross").weights().shape == (6, step.index + 1, 4)
        assert (trace.final[-1] - step.final).abs().max() == 0


def test_tokens_already_written_are_read_and_not_written_again() -> None:
    for config in (DECODER, BOTH):
        lm = random_model(config)
        first = list(lm.decode(ids(4), max_new_tokens=6, stop=()))
        generated = [step.token.id for step in first]
        head = [START] if config.kind == "encoder-decoder" else []
        rest = list(lm.decode(ids(4), target=[*head, *generated[:3]], max_new_tokens=3, stop=()))
        assert [step.token.id for step in rest] == generated[3:]
        assert [step.index for step in rest] == [0, 1, 2]
        assert len(rest[0].trace.tokens("decoder")) == (4 if head else 7)


def test_nothing_written_yet_is_a_target_too() -> None:
    lm = random_model(DECODER)
    plain = [step.token.id for step in lm.decode(ids(4), max_new_tokens=3)]
    assert [step.token.id for step in lm.decode(ids(4), target=[], max_new_tokens=3)] == plain


def test_a_target_typed_as_text_follows_the_start_token() -> None:
    lm = random_model(shaped("encoder-decoder"), tokenizer=byte_tokenizer())
    step = next(lm.decode([5, 6], target=[START, 7]))
    assert [token.id for token in step.read["decoder"]] == [START, 7]
    assert [token.id for token in lm.target_reading("  ").tokens] == [START]


@pytest.mark.parametrize("config", [DECODER, BOTH])
def test_a_forced_choice_is_written_and_read_on_from(config: TransformerConfig) -> None:
    lm = random_model(config)
    free = [step.token.id for step in lm.decode(ids(4), max_new_tokens=5, stop=())]
    other = next(i for i in range(3, VOCAB) if i != free[1])
    forced = list(lm.decode(ids(4), strategy=Forced(((1, other),)), max_new_tokens=5, stop=()))
    assert [step.token.id for step in forced][:2] == [free[0], other]
    head = [START] if config.kind == "encoder-decoder" else []
    rest = lm.decode(ids(4), target=[*head, free[0], other], max_new_tokens=3, stop=())
    assert [step.token.id for step in rest] == [step.token.id for step in forced[2:]]


def test_a_decode_says_why_it_ended() -> None:
    lm = random_model(DECODER)
    generated = list(lm.decode(ids(4), max_new_tokens=4, stop=()))
    assert [step.ended for step in generated] == [None, None, None, "limit"]
    stop = generated[0].token.id
    assert [step.ended for step in lm.decode(ids(4), stop=[stop])] == ["end"]
    assert [step.ended for step in lm.decode(ids(4), strategy=Forced(((1, END),)))][-1] == "end"
    assert len(list(lm.decode(ids(4), strategy=Forced(((1, END),)), stop=(), max_new_tokens=4))) == 4


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_a_decode_ends_when_every_position_is_read(kind: str) -> None:
    lm = random_model(shaped("decoder") if kind == "decoder" else shaped("encoder-decoder"))
    steps = list(lm.decode(ids(4), max_new_tokens=100, stop=()))
    assert steps[-1].ended == "positions"
    assert len(steps[-1].trace.tokens("decoder")) == lm.config.max_positions
    assert len(steps) == (29 if kind == "decoder" else 32)


def test_a_decode_that_cannot_start_says_so_before_its_first_step() -> None:
    lm = random_model(DECODER)
    with pytest.raises(InputError, match="max_new_tokens must be at least 1"):
        lm.decode(ids(4), max_new_tokens=0)
    with pytest.raises(InputError, match="no token ids"):
        lm.decode([])
    with pytest.raises(InputError, match="head 9 is out of range"):
        lm.decode(ids(4), edits=(ZeroHead("decoder", 0, "self", 9),))
    with pytest.raises(InputError, match="fills masks"):
        random_model(shaped("encoder")).decode(ids(4))


def some_logits(seed: int) -> Tensor:
    return torch.randn(VOCAB, generator=torch.Generator().manual_seed(seed)) * 3


@pytest.mark.parametrize("seed", range(5))
def test_each_stage_of_sampling_equals_the_reference_library(seed: int) -> None:
    logits, read = some_logits(seed), [5, 9, 9, 30]
    batch = torch.tensor([read])
    pairs: list[tuple[Sample, reference.LogitsProcessor]] = [
        (Sample(repetition_penalty=1.7), reference.RepetitionPenaltyLogitsProcessor(1.7)),
        (Sample(repetition_penalty=0.6), reference.RepetitionPenaltyLogitsProcessor(0.6)),
        (Sample(temperature=0.3), reference.TemperatureLogitsWarper(0.3)),
        (Sample(temperature=2.5), reference.TemperatureLogitsWarper(2.5)),
        (Sample(top_k=1), reference.TopKLogitsWarper(1)),
        (Sample(top_k=7), reference.TopKLogitsWarper(7)),
        (Sample(top_k=1000), reference.TopKLogitsWarper(1000)),
        (Sample(top_p=0.01), reference.TopPLogitsWarper(0.01)),
        (Sample(top_p=0.8), reference.TopPLogitsWarper(0.8)),
        (Sample(min_p=0.05), reference.MinPLogitsWarper(0.05)),
        (Sample(min_p=1.0), reference.MinPLogitsWarper(1.0)),
    ]
    for ours, theirs in pairs:
        assert torch.equal(ours.narrowed(logits, read), theirs(batch, logits[None].clone())[0]), ours


@pytest.mark.parametrize("seed", range(5))
def test_all_stages_together_act_in_the_order_of_the_reference_library(seed: int) -> None:
    logits, read = some_logits(seed), [5, 9, 9, 30]
    ours = Sample(temperature=0.7, top_k=20, top_p=0.9, min_p=0.02, repetition_penalty=1.3)
    theirs = logits[None].clone()
    for stage in (
        reference.RepetitionPenaltyLogitsProcessor(1.3),
        reference.TemperatureLogitsWarper(0.7),
        reference.TopKLogitsWarper(20),
        reference.TopPLogitsWarper(0.9),
        reference.MinPLogitsWarper(0.02),
    ):
        theirs = stage(torch.tensor([read]), theirs)  # type: ignore[arg-type]
    assert torch.equal(ours.narrowed(logits, read), theirs[0])


def test_constraints_act_as_the_reference_library_applies_them() -> None:
    logits, generated = some_logits(0), [START, 7, 8]
    rules = Constraints(never=(4, 5), never_sequences=((7, 8, 9), (8, 10), (3, 11)), never_first=(12,))
    theirs = reference.NoBadWordsLogitsProcessor([[7, 8, 9], [8, 10], [3, 11]], eos_token_id=torch.tensor([END]))
    theirs_after = reference.SuppressTokensLogitsProcessor([4, 5])
    batch = torch.tensor([generated])
    expected = theirs_after(batch, theirs(batch, logits[None].clone()))[0]
    assert torch.equal(constrained(logits, rules, generated, index=2), expected)
    assert constrained(logits, rules, generated, index=0)[12] == float("-inf")
    first = constrained(logits, Constraints(forced_first=6), [START], index=0)
    assert torch.equal(first, reference.ForcedBOSTokenLogitsProcessor(6)(torch.tensor([[START]]), logits[None])[0])
    assert torch.equal(constrained(logits, Constraints(forced_first=6), generated, index=2), logits)


@pytest.mark.parametrize("config", [DECODER, BOTH])
def test_the_same_seed_writes_the_same_text_after_rewinding_too(config: TransformerConfig) -> None:
    lm, strategy = random_model(config), Sample(temperature=1.5, seed=4)
    first = [step.token.id for step in lm.decode(ids(4), strategy=strategy, max_new_tokens=8, stop=())]
    again = [step.token.id for step in lm.decode(ids(4), strategy=strategy, max_new_tokens=8, stop=())]
    other = [step.token.id for step in lm.decode(ids(4), strategy=Sample(1.5, seed=5), max_new_tokens=8, stop=())]
    head = [START] if config.kind == "encoder-decoder" else []
    rest = lm.decode(ids(4), target=[*head, *first[:5]], strategy=strategy, max_new_tokens=3, stop=())
    assert first == again
    assert first != other
    assert [step.token.id for step in rest] == first[5:]


def test_draws_follow_the_narrowed_shares() -> None:
    logits = torch.full((VOCAB,), float("-inf"))
    logits[[3, 4]] = torch.tensor([0.7, 0.3]).log()
    drawn = [Sample(seed=seed).choose(logits, [1], index) for seed in range(20) for index in range(20)]
    assert set(drawn) == {3, 4}
    assert 0.6 < drawn.count(3) / len(drawn) < 0.8


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"temperature": 0.0}, {"top_p": 0.0}, {"min_p": 1.5}, {"top_k": -1}, {"repetition_penalty": 0.0}):
        with pytest.raises(InputError):
            Sample(**wrong)


def test_inference_mode_never_leaks_from_a_step() -> None:
    lm = random_model(BOTH)
    one, other = lm.decode(ids(4), max_new_tokens=3, stop=()), lm.decode(ids(5), max_new_tokens=3, stop=())
    for step in interleaved(one, other):
        assert not torch.is_inference_mode_enabled()
        assert torch.is_grad_enabled()
        assert torch.ones(1, requires_grad=True).mul(2).requires_grad
        assert step.entropy > 0
        assert not torch.is_inference_mode_enabled()


def interleaved(*decodes: Iterator[Step]) -> Iterator[Step]:
    for steps in zip(*decodes, strict=True):
        yield from steps


def test_two_decodes_taking_turns_write_what_each_writes_alone() -> None:
    lm = random_model(BOTH)
    alone = [[step.token.id for step in lm.decode(ids(n), max_new_tokens=5, stop=())] for n in (4, 6)]
    turns = [step.token.id for step in interleaved(*(lm.decode(ids(n), max_new_tokens=5, stop=()) for n in (4, 6)))]
    assert [turns[0::2], turns[1::2]] == alone


def test_a_step_shows_the_full_softmax() -> None:
    lm: LanguageModel = random_model(DECODER)
    step = next(lm.decode(ids(4), strategy=Greedy()))
    top = step.top(VOCAB + 5)
    assert len(top) == VOCAB
    assert sum(share for _, share in top) == pytest.approx(1.0, abs=1e-5)
    assert top[0][0] == step.token
    shares = step.probabilities.double()
    assert step.entropy == pytest.approx(float(-(shares * shares.log2()).sum()), abs=1e-4)
    assert entropy(torch.zeros(8)) == pytest.approx(3.0)
    assert entropy(torch.tensor([0.0, float("-inf")])) == 0.0


def test_a_cross_attention_row_is_recorded_at_every_step_and_its_keys_once() -> None:
    lm = random_model(BOTH)
    steps = list(lm.decode(ids(6), max_new_tokens=4, stop=()))
    recording = steps[-1].recording
    place = Place("decoder", 0, "cross")
    assert len(recording.chunks[place, "k"]) == 1
    assert len(recording.chunks[place, "q"]) == 4
