"""Freed memory goes back to the system."""

import ctypes
import gc
import sys

import psutil
import pytest
import torch

from model.loading import memory

MB = 1024**2
HAS_TRIM = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not HAS_TRIM, reason="this C library gives memory back by itself or not at all")
def test_what_was_freed_in_pieces_is_given_back() -> None:
    process = psutil.Process()
    pieces = [torch.ones(16 * 1024) for _ in range(4000)]  # 64 KiB each: too small for pages of their own
    pins = pieces[::50]
    del pieces
    gc.collect()
    before = process.memory_info().rss
    memory.give_back()
    assert before - process.memory_info().rss > 150 * MB
    assert all(float(pin.sum()) == 16 * 1024 for pin in pins)


def test_a_system_without_the_call_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "win32")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("nothing was to be loaded"))
    memory.give_back()
