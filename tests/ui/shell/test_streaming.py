"""A decode that another one of the same session interrupts."""

import threading
from dataclasses import replace

import pytest

from ui.runs.store import RunSpec
from ui.shell import streaming

SPEC = RunSpec("a", "cpu", "Le chat dort.", most=1000)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    held: dict[str, object] = {}
    monkeypatch.setattr(streaming.st, "session_state", held)
    return held


def beside(spec: RunSpec, begun: threading.Event) -> threading.Thread:
    """Another thread that decodes a spec."""

    def decode() -> None:
        with streaming.handed_over(spec):
            begun.set()

    thread = threading.Thread(target=decode)
    thread.start()
    return thread


def test_what_goes_on_from_an_interrupted_text_begins_when_that_is_over() -> None:
    begun = threading.Event()
    with streaming.handed_over(SPEC):
        thread = beside(replace(SPEC, most=300, choices=((2, 5),)), begun)
        assert not begun.wait(0.2)
    assert begun.wait(10)
    thread.join()


def test_another_text_begins_at_once() -> None:
    begun = threading.Event()
    with streaming.handed_over(SPEC):
        thread = beside(replace(SPEC, text="Le chien dort."), begun)
        assert begun.wait(10)
        thread.join()


def test_a_decode_that_failed_is_over() -> None:
    with pytest.raises(RuntimeError, match="stopped"), streaming.handed_over(SPEC):
        raise RuntimeError("stopped")
    begun = threading.Event()
    beside(SPEC, begun).join(10)
    assert begun.is_set()


def test_what_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HAND_OVER_SECONDS", 0.05)
    begun = threading.Event()
    with streaming.handed_over(SPEC):
        thread = beside(SPEC, begun)
        assert begun.wait(10)
        thread.join()
