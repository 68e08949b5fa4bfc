"""The rooms of training/: none imports from one above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEIGHT = {"recipe": 0, "recipes": 1, "data": 1, "trainer": 2, "tasks": 3, "converters": 4, "head_report": 4}
COMMANDS = 5  # train, measure, export and split
FILES = sorted((ROOT / "training").rglob("*.py"))


def room(module: str) -> str:
    """The part of training/ that a module lies in: "data" for training.data.batches."""
    return module.removeprefix("training").strip(".").partition(".")[0]


def imported(path: Path) -> Iterator[str]:
    """The rooms that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (room(name) for name in names if name.split(".")[0] == "training")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_room_imports_from_one_above_it(path: Path) -> None:
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    height = HEIGHT.get(own, COMMANDS)
    others = [other for other in imported(path) if other != own]
    assert [other for other in others if HEIGHT.get(other, COMMANDS) >= height] == []
