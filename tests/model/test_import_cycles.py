"""The modules of model/ import one another without a cycle, also under TYPE_CHECKING and inside functions."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imports(source: str, modules: set[str]) -> set[str]:
    """Those of `modules` that a source file imports anywhere in it."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not used"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= whole & modules or {str(node.module)}
    return found & modules


def graph_of(sources: dict[str, str]) -> dict[str, set[str]]:
    return {name: imports(source, set(sources)) - {name} for name, source in sources.items()}


def test_no_module_of_model_imports_itself_by_way_of_others() -> None:
    files = ROOT.glob("model/**/*.py")
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}
    graph = graph_of({name: path.read_text(encoding="utf-8") for name, path in names.items()})
    assert "model.pretrained" in graph["model.trace"]
    TopologicalSorter(graph).prepare()  # raises CycleError with the modules of the cycle


@pytest.mark.parametrize(
    "late",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from model.a import A",
        "def use():\n    from model import a",
        "import model.a",
    ],
)
def test_a_cycle_is_seen(late: str) -> None:
    graph = graph_of({"model": "", "model.a": "from model.b import B", "model.b": late})
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()
