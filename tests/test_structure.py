"""The shape of the source tree: who may import whom, what a module may be called, how long it may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "model": {"model"},
    "viz": {"viz"},
    "analysis": {"analysis", "model"},
    "ui": {"ui", "viz", "analysis", "model"},
    "pages": {"ui", "viz", "model"},
    "app": {"ui"},
    "server": {"ui"},
    "training": {"training", "analysis", "model"},
    "scripts": {"scripts"},
}
"""Which of our own layers each layer may import."""

MUST_NOT_IMPORT = {
    "model": {"streamlit", "plotly", "transformers"},
    "viz": {"streamlit", "torch", "transformers"},
    "analysis": {"streamlit", "plotly", "transformers"},
    "ui": {"transformers"},
    "pages": {"torch", "transformers"},
    "app": {"torch", "transformers"},
    "server": {"torch", "transformers"},
    "training": {"streamlit", "plotly"},
}
"""Libraries a layer knows nothing of."""

NOT_A_NAME = {"utils", "util", "helpers", "helper", "common", "misc"}

MAX_LINES = 300
LONGER: dict[str, str] = {}
"""Files that may be longer, each with its reason."""


def layer(path: Path) -> str:
    """The folder at the top of the tree that a file lies in, or its own name: model, viz, ..., app, server."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def python_files(*layers: str) -> list[Path]:
    found = [path for name in layers for path in [*ROOT.glob(f"{name}.py"), *ROOT.glob(f"{name}/**/*.py")]]
    return sorted(found)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module, own_layer: str) -> Iterator[tuple[int, str]]:
    """(line, top-level name) of every import, also those inside functions and under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, own_layer if node.level else (node.module or "").partition(".")[0]


def forbidden_imports(source: str, of_layer: str) -> list[str]:
    ours = set(MAY_IMPORT) | {"tests", "benchmarks"}
    wrong = []
    for line, name in imported(ast.parse(source), of_layer):
        if name in ours - MAY_IMPORT[of_layer] or name in MUST_NOT_IMPORT.get(of_layer, set()):
            wrong.append(f"line {line}: {of_layer} must not import {name}")
    return wrong


def swallowed_errors(source: str) -> list[str]:
    """Handlers that catch anything and handlers that do nothing."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                wrong.append(f"line {node.lineno}: a bare except catches everything")
            if all(isinstance(step, ast.Pass) or is_ellipsis(step) for step in node.body):
                wrong.append(f"line {node.lineno}: an error is caught and dropped")
    return wrong


def is_ellipsis(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant) and step.value.value is ...


OURS = python_files(*MAY_IMPORT)
EVERYTHING = python_files(*MAY_IMPORT, "tests", "benchmarks")


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_imports_run_one_way(path: Path) -> None:
    assert forbidden_imports(path.read_text(encoding="utf-8"), layer(path)) == []


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_a_module_is_named_for_what_it_does(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    assert not parts & NOT_A_NAME


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_a_file_is_short_or_its_length_has_a_reason(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name_of(path) in LONGER:
        assert lines > MAX_LINES, "it is short again: take it off the list"
    else:
        assert lines <= MAX_LINES


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_no_error_is_swallowed(path: Path) -> None:
    assert swallowed_errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("of_layer", "source"),
    [
        ("model", "import streamlit as st"),
        ("model", "def late():\n    from viz import heatmaps"),
        ("viz", "from torch import Tensor"),
        ("analysis", "import ui.runs.runner"),
        ("app", "import training.train"),
    ],
)
def test_a_wrong_import_is_seen(of_layer: str, source: str) -> None:
    assert len(forbidden_imports(source, of_layer)) == 1


def test_a_right_import_is_let_through() -> None:
    assert forbidden_imports("import model\nfrom . import settings\nimport torch", "ui") == []


@pytest.mark.parametrize("handler", ["except ValueError: pass", "except ValueError: ...", "except: raise"])
def test_a_swallowed_error_is_seen(handler: str) -> None:
    assert len(swallowed_errors(f"try:\n    work()\n{handler}")) == 1
