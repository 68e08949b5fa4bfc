"""docs/adding-a-page.md against the code: its page is built from the blocks on it and opened."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui
import viz
from tests.pages.driving import chart, fine, numbers
from ui.runs import runner

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "adding-a-page.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block_with(words: str) -> str:
    """The one block of code that has these words in it."""
    (found,) = (block for block in BLOCKS if words in block)
    return found


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The room and the figure of the page, as if they lay in ui/ and viz/."""
    room, figures = tmp_path / "ui" / "lengths", tmp_path / "viz"
    room.mkdir(parents=True)
    figures.mkdir()
    (room / "__init__.py").write_text(block_with('"""The page Lengths: the length'), encoding="utf-8")
    (room / "page.py").write_text(block_with("def draw_lengths"), encoding="utf-8")
    (figures / "lengths.py").write_text(block_with("def lengths_chart"), encoding="utf-8")
    monkeypatch.setattr(ui, "__path__", [*ui.__path__, str(tmp_path / "ui")])
    monkeypatch.setattr(viz, "__path__", [*viz.__path__, str(figures)])
    yield
    for name in ("ui.lengths", "ui.lengths.page", "viz.lengths"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("built")
def test_the_page_built_on_this_page_shows_the_lengths_of_the_run() -> None:
    app = fine(AppTest.from_string(block_with("page.draw_lengths(run)"), default_timeout=120).run())
    run = runner.get(app.session_state["shown"]) if "shown" in app.session_state else runner.shown()
    expected = run.trace.stream(run.trace.predicts).norm(dim=-1).numpy()
    drawn = [numbers(line["y"]) for line in chart(app, "lengths")["data"]]
    assert len(drawn) == expected.shape[1]
    for line, row in zip(drawn, expected.T, strict=True):
        assert line == pytest.approx(row)


def test_what_the_page_names_exists() -> None:
    for dotted in re.findall(r"`((?:ui|viz|analysis|tests)(?:\.\w+)+)(?:\([^`]*\))?`", PAGE):
        module, _, name = dotted.rpartition(".")
        assert hasattr(importlib.import_module(module), name), dotted
    paths = re.findall(r"`((?:ui|viz|tests|pages)/[\w/]+\.py)`", PAGE)
    assert {path for path in paths if "lengths" not in path and not (ROOT / path).exists()} == set()
