"""Long work over all heads: what it frees is given back while it runs and when it ends, however it ends."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ui.runs import on_demand


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
