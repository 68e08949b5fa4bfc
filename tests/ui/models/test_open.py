"""The list of models on this machine."""

import pytest

from ui.models.open import current_first
from ui.runs import runner
from ui.runs.model_pool import Listed


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = runner.model_pool()
    monkeypatch.setattr(pool, "_opened", ["/older", "/newer@float16"])


@pytest.mark.usefixtures("opened")
def test_the_current_model_stands_first_and_then_what_was_opened_last() -> None:
    names = ["a", "b", "c", "/older", "/newer"]
    listed = [Listed(name, "folder", "GPT-2", "decoder-only", 1) for name in names]
    assert [one.where for one in current_first(listed, "b")] == ["b", "/newer", "/older", "a", "c"]
    assert [one.where for one in current_first(listed, "/older")] == ["/older", "/newer", "a", "b", "c"]
