"""Runs: what they depend on, how long they are kept, how much they may write, and how a newer keystroke ends one."""

from dataclasses import FrozenInstanceError, replace
from functools import cache

import pytest
import torch

from model.cache import Cache
from model.decoding.step import Step
from model.decoding.strategies import Sample
from model.errors import InputError
from model.language_model import LanguageModel
from model.recording import Recording
from model.tap import Place
from model.tokenizers.tokens import Token
from model.trace import trace_of
from model.transformer import Transformer
from tests.model.builders import byte_tokenizer, random_model, shaped
from ui.runs import runner
from ui.runs.examples import DEFAULT_MODEL
from ui.runs.runner import CONTINUED_TOKENS, SPARE_TOKENS, TOKENS_A_TOKEN, writing_limit
from ui.runs.store import Run, RunSpec, RunStore

SPEC = RunSpec(DEFAULT_MODEL, "cpu", "Je ne sais pas où elle habite.")


@cache
def tiny() -> LanguageModel:
    return random_model(shaped("encoder-decoder"))


def run_of(name: str, size: int) -> Run:
    """A run whose recording takes `size` bytes."""
    recording = Recording()
    recording.keep(Place("encoder"), "entering", torch.zeros(1, 1, size // 4))
    read = {"encoder": (Token(3, "a", "a"),), "decoder": (Token(1, "<s>", "<s>", special=True),)}
    return Run(RunSpec("tiny", "cpu", name), tiny(), trace_of(tiny(), read, recording), (), 0)


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, model="another"),
        replace(SPEC, device="cuda"),
        replace(SPEC, text="Je ne sais pas."),
        replace(SPEC, target="I do not know."),
        replace(SPEC, target=""),
        replace(SPEC, choices=((1, 5),)),
    ],
)
def test_each_part_of_a_spec_makes_another_run(other: RunSpec) -> None:
    store = RunStore(1000)
    store.put(run_of("a", 40))
    run = run_of("b", 40)
    store.put(Run(SPEC, run.lm, run.trace, (), 0))
    assert store.get(other) is None
    assert store.get(replace(SPEC)) is not None


def test_a_spec_cannot_be_changed_after_it_became_a_key() -> None:
    with pytest.raises(FrozenInstanceError):
        SPEC.text = "another"  # type: ignore[misc]


def test_the_run_used_least_recently_goes_first() -> None:
    store = RunStore(120)
    first, second, third, fourth = (run_of(name, 40) for name in "abcd")
    for run in (first, second, third):
        store.put(run)
    assert store.get(first.spec) is first
    store.put(fourth)
    assert store.get(second.spec) is None
    assert [store.get(run.spec) for run in (first, third, fourth)] == [first, third, fourth]


def test_the_store_stays_within_its_bytes() -> None:
    store = RunStore(100)
    for number in range(9):
        store.put(run_of(str(number), 40))
        assert store.bytes <= 100
    assert (len(store), store.bytes) == (2, 80)


def test_one_large_run_pushes_out_as_many_as_it_takes() -> None:
    store = RunStore(100)
    for name in "ab":
        store.put(run_of(name, 40))
    large = run_of("large", 96)
    store.put(large)
    assert store.get(large.spec) is large
    assert len(store) == 1


def test_the_newest_run_stays_even_where_it_is_larger_than_the_budget() -> None:
    store = RunStore(100)
    huge = run_of("huge", 4000)
    store.put(huge)
    assert store.get(huge.spec) is huge
    store.put(run_of("small", 40))
    assert store.get(huge.spec) is None


def test_putting_a_run_again_does_not_count_it_twice() -> None:
    store = RunStore(1000)
    store.put(run_of("a", 40))
    store.put(run_of("a", 80))
    assert (len(store), store.bytes) == (1, 80)


@pytest.mark.parametrize("source", [1, 3, 7])
def test_a_text_may_be_answered_by_a_multiple_of_its_length(source: int) -> None:
    free = random_model(replace(shaped("encoder-decoder"), max_positions=None, positions="none"))
    assert writing_limit(free, source) == TOKENS_A_TOKEN * source + SPARE_TOKENS


def test_no_more_is_written_than_the_model_has_positions() -> None:
    assert tiny().config.max_positions == 32
    assert writing_limit(tiny(), 8) == 32
    assert writing_limit(tiny(), 30) == 32


def test_a_run_writes_at_most_its_limit() -> None:
    run = runner.get(replace(SPEC, text="zzz"))
    assert run.limit == writing_limit(run.lm, len(run.source))
    assert len(run.steps) <= run.limit


def test_a_spec_runs_once() -> None:
    first = runner.get(SPEC)
    assert runner.get(replace(SPEC)) is first


def test_a_newer_keystroke_ends_a_decode_between_two_tokens_and_keeps_nothing_of_it() -> None:
    class NewerTextError(Exception):
        pass

    seen: list[None] = []

    def interrupts() -> None:
        seen.append(None)
        if len(seen) == 3:
            raise NewerTextError

    spec = replace(SPEC, text="Le petit chat noir dort sur le canapé.")
    with pytest.raises(NewerTextError):
        runner.get(spec, between_steps=interrupts)
    assert len(seen) == 3
    assert runner.store().get(spec) is None


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "le \ud800 chat", "chat " * 1100])
def test_a_text_that_cannot_be_read_is_refused_and_not_kept(text: str) -> None:
    held = len(runner.store())
    with pytest.raises(InputError):
        runner.get(replace(SPEC, text=text))
    assert len(runner.store()) == held


def test_choices_are_written_at_their_steps_and_what_stands_before_stays() -> None:
    own = runner.get(SPEC)
    at = 2
    other = own.steps[at].top(3)[2][0]
    forced = runner.get(replace(SPEC, choices=((at, other.id),)))
    before = [step.token.id for step in own.steps[:at]]
    assert [step.token.id for step in forced.steps[: at + 1]] == [*before, other.id]
    torch.testing.assert_close(forced.steps[at].logits, own.steps[at].logits)
    assert forced.steps[at + 1].read["decoder"][-1].id == other.id


def test_a_choice_past_the_end_changes_nothing() -> None:
    own = runner.get(SPEC)
    beyond = runner.get(replace(SPEC, choices=((len(own.steps) + 3, 5),)))
    assert [step.token for step in beyond.steps] == [step.token for step in own.steps]


def test_a_choice_outside_the_vocabulary_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="vocabulary"):
        runner.get(replace(SPEC, choices=((0, 10**6),)))


def test_after_each_position_comes_the_next_token_read_and_last_the_one_written() -> None:
    run = runner.get(SPEC)
    ids = [step.token.id for step in run.steps]
    assert run.after("decoder") == ids
    assert run.after("encoder") == [*[token.id for token in run.source[1:]], None]


def test_a_target_someone_typed_is_read_and_nothing_is_written() -> None:
    run = runner.get(replace(SPEC, target="I do not know."))
    assert run.steps == ()
    assert run.lm.text([token.id for token in run.generated]) == "I do not know."
    assert run.after("decoder") == [*[token.id for token in run.generated], None]


def test_a_decoder_alone_reads_its_prompt_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = byte_tokenizer(end=False)
    config = replace(shaped("decoder", "rotary"), vocab_size=len(tokenizer))
    lm = random_model(config, tokenizer=tokenizer)
    monkeypatch.setattr(runner, "load", lambda name, device: lm)
    run = runner.get(RunSpec("tiny decoder", "cpu", "lothe"))
    assert [token.label for token in run.source] == ["lo", "the"]
    assert len(run.steps) <= run.limit == CONTINUED_TOKENS
    assert run.after("decoder")[1:] == [step.token.id for step in run.steps]


def test_another_strategy_is_another_run_and_the_same_seed_gives_the_same_text() -> None:
    own = runner.get(SPEC)
    drawn = replace(SPEC, strategy=Sample(temperature=1.6, seed=3))
    first = runner.get(drawn)
    assert first is not own
    runner.store().forget(SPEC.model, SPEC.device)
    alone = runner.get(drawn)  # decoded from its start, with nothing to go on from
    assert [step.token for step in alone.steps] == [step.token for step in first.steps]
    assert [step.token for step in first.steps] != [step.token for step in own.steps]


def test_a_branch_shares_with_its_stem_what_was_recorded_before_they_part() -> None:
    own = runner.get(SPEC)
    other = own.steps[2].top(2)[1][0]
    branch = runner.get(replace(SPEC, choices=((2, other.id),)))
    place = Place("decoder", 0, "self")
    stem, future = (run.trace.recording.chunks[place, "q"] for run in (own, branch))
    assert [one.x is two.x for one, two in zip(stem, future, strict=False)][:3] == [True] * 3
    assert len(future) == 3 or future[3].x is not stem[3].x


def test_a_decode_writes_as_many_tokens_as_a_person_asks_for() -> None:
    short = runner.get(replace(SPEC, most=2))
    assert len(short.steps) == short.limit == 2
    assert short.steps[-1].ended == "limit"


def test_a_text_typed_key_by_key_writes_what_it_writes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [SPEC.text[:end] for end in range(4, len(SPEC.text) + 1)] + ["Je ne sais pas bien où elle habite."]
    lm = runner.load(SPEC.model, SPEC.device)
    alone = {text: list(lm.decode(text, max_new_tokens=writing_limit(lm, len(lm.reading(text).ids)))) for text in texts}
    passes = list[int]()
    advance = lm.net.advance

    def counted(target: torch.Tensor, cache: Cache, *rest: object, **named: object) -> object:
        passes.append(target.shape[1])
        return advance(target, cache, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(lm.net, "advance", counted)
    runner.store().forget(SPEC.model, SPEC.device)
    before: RunSpec | None = None
    for text in texts:
        spec = replace(SPEC, text=text)
        run = runner.get(spec, like=before)
        assert [step.token.id for step in run.steps] == [step.token.id for step in alone[text]]
        assert torch.allclose(run.trace.logits, alone[text][-1].trace.logits, atol=1e-3)
        before = spec
    assert len(passes) < 0.6 * sum(len(steps) for steps in alone.values())


def test_an_interrupted_decode_keeps_what_it_wrote_and_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class StoppedError(Exception):
        pass

    def stops(step: Step) -> None:
        if step.index == 19:
            raise StoppedError

    drawn = replace(SPEC, strategy=Sample(temperature=3.0, seed=1), most=40)
    with pytest.raises(StoppedError):
        runner.get(drawn, seen=stops)
    part = runner.store().get(replace(drawn, most=20))
    assert part is not None
    assert (len(part.steps), part.steps[-1].ended, part.limit) == (20, "limit", 20)
    assert runner.store().get(drawn) is None
    read: list[int] = []
    advance = Transformer.advance
    monkeypatch.setattr(Transformer, "advance", lambda *args, **more: read.append(1) or advance(*args, **more))
    whole = runner.get(drawn)
    assert len(read) <= 40 - 20
    assert [step.token for step in whole.steps[:20]] == [step.token for step in part.steps]
    assert len(whole.steps) == 40 or whole.steps[-1].ended == "end"
