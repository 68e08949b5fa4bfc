"""What a notebook can reach from the packages themselves: the names in docs/notebook.md, no more and no fewer."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import analysis
import model
import viz

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
LAZY = [viz, analysis]


def by_name(package: ModuleType) -> str:
    return package.__name__


def listed(package: ModuleType) -> list[str]:
    """The names of a package's table."""
    section = PAGE.split(f"\n## {package.__name__}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


@pytest.mark.parametrize("package", [model, viz, analysis], ids=by_name)
def test_the_page_lists_the_public_names_of_a_package_once_each(package: ModuleType) -> None:
    assert sorted(listed(package)) == sorted(package.__all__)


@pytest.mark.parametrize("package", LAZY, ids=by_name)
def test_every_public_name_is_there(package: ModuleType) -> None:
    assert all(name in dir(package) and getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("package", LAZY, ids=by_name)
def test_no_public_name_hides_a_module(package: ModuleType) -> None:
    modules = {path.stem for path in (ROOT / package.__name__).glob("*.py")}
    assert modules & set(package.__all__) == set()


@pytest.mark.parametrize("package", LAZY, ids=by_name)
def test_type_checkers_see_what_programs_get(package: ModuleType) -> None:
    name = package.__name__
    tree = ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8"))
    seen = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{name}.")
        for alias in node.names
    }
    assert seen == {public: f"{name}.{where}" for public, where in package.PUBLIC.items()}


def test_importing_the_packages_loads_neither_plotly_nor_torch() -> None:
    check = "import sys, viz, analysis; sys.exit(bool({'plotly', 'torch', 'scipy', 'streamlit'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0


def test_the_code_of_the_page_draws_and_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(compile(block, "notebook.md", "exec"), names)
    assert "<title>Layer 1, head 0</title>" in (tmp_path / "head.html").read_text(encoding="utf-8")
    assert model.Trace.load(tmp_path / "run.safetensors").tokens("decoder")
    assert viz.summary(names["fig"]).startswith("Alignment score of 3 layers of 8 heads")
