"""What is computed from a run: kept as long as the run is; long work gives back the memory it frees, however it ends."""

import gc
import weakref
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.model.builders import CONFIGS, random_model
from ui.runs import on_demand
from ui.runs.store import Run, RunSpec


def run_of(text: str = "12 7 31") -> Run:
    lm = random_model(CONFIGS["decoder, learned"])
    return Run(RunSpec("tiny", "cpu", text), lm, lm.run([int(part) for part in text.split()]), (), 0)


def test_a_value_is_made_once_for_a_run_and_a_key() -> None:
    one, other, made = run_of(), run_of(), list[str]()

    def value(run: Run, key: int, text: str) -> str:
        def make() -> str:
            made.append(text)
            return text

        return on_demand.kept(run, ("name", key), str, make)

    assert value(one, 1, "a") == "a"
    assert value(one, 1, "b") == "a"
    assert value(one, 2, "c") == "c"
    assert value(other, 1, "d") == "d"
    assert made == ["a", "c", "d"]
    assert on_demand.is_kept(one, ("name", 2))
    assert not on_demand.is_kept(other, ("name", 2))


def test_values_go_with_their_run() -> None:
    run = run_of()
    value = on_demand.keep(run, ("name",), {1})
    gone = weakref.ref(value)
    del run, value
    gc.collect()
    assert gone() is None


def test_a_bound_counts_the_values_of_one_name() -> None:
    run = run_of()
    on_demand.keep(run, ("other", 1), 1)
    for number in range(3):
        on_demand.keep(run, ("name", number), number, most=2)
    held = [on_demand.held(run, ("name", number), int) for number in range(3)]
    assert held == [None, None, 2]
    assert on_demand.is_kept(run, ("other", 1))


def test_a_value_put_in_the_place_of_another_drops_none() -> None:
    run = run_of()
    for value in (1, 2, 3):
        on_demand.keep(run, ("name", value > 2), value, most=2)
    assert on_demand.held(run, ("name", False), int) == 2


def test_work_that_fails_is_not_kept() -> None:
    run = run_of()

    def fails() -> int:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        on_demand.kept(run, ("name",), int, fails)
    assert not on_demand.is_kept(run, ("name",))


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "a second"), (7.4, "7 seconds"), (200.0, "3 minutes")])
def test_a_duration_is_rounded(seconds: float, words: str) -> None:
    assert on_demand.duration(seconds) == words


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    monkeypatch.setattr(on_demand.memory, "give_back", lambda: calls.append(len(calls)))
    return calls


def test_memory_is_given_back_every_second_and_at_the_end(monkeypatch: pytest.MonkeyPatch, given: list[int]) -> None:
    clock = iter(n / 2 for n in range(1000))
    monkeypatch.setattr(on_demand, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    def work(seen: Callable[[float], object]) -> str:
        for done in range(4):
            seen(done / 4)
        return f"{len(given)} by now"

    found = on_demand.in_turn(work)
    assert found == "1 by now"
    assert len(given) == 2


def test_memory_is_given_back_by_work_that_is_stopped(given: list[int]) -> None:
    def work(seen: Callable[[float], object]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_demand.in_turn(work)
    assert len(given) == 1
