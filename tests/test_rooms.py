"""The rooms inside ui/, training/ and model/: who may import whom, where the address is read, and how full a folder may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SHARED_ROOMS: dict[str, set[str]] = {
    "components": set(),
    "runs": set(),
    "figures": {"components"},
    "state": {"components", "runs"},
    "maps": {"components", "runs", "figures", "state"},
    "shell": {"components", "runs", "figures", "state"},
}
"""Which rooms each shared room of ui/ may import besides itself."""

PAGE_ROOMS = {folder.name for folder in (ROOT / "ui").iterdir() if (folder / "__init__.py").exists()} - set(
    SHARED_ROOMS
)
ALSO = {"knock_out": {"compare"}}
"""A page room that builds on another page room."""

ROOM_OF_PAGE = {"beam": "decoding", "architectures": "models"}
"""Pages whose room has another name."""

UI_ROOMS = SHARED_ROOMS | {room: set(SHARED_ROOMS) | ALSO.get(room, set()) for room in PAGE_ROOMS}

TRAINING_ROOMS: dict[str, set[str]] = {
    "data": set(),
    "trainer": {"data"},
    "tasks": {"data", "trainer"},
    "converters": {"data", "trainer", "tasks"},
    "head_report": {"data", "trainer", "tasks"},
}
"""Which rooms each room of training/ may import besides itself. Recipes are plain values that all may read."""

FULL = 20
MAY_BE_FULLER = {"viz", "analysis", "pages", "model/families"}
"""Folders that are lists of things of one kind: figures, read-outs, pages, families."""


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of all that is imported, also inside functions and under TYPE_CHECKING; of `from a import b` both a
    and a.b, since b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def foreign_rooms(source: str, layer: str, own: str, rooms: Mapping[str, set[str]]) -> set[str]:
    """The rooms of a layer that code in the room `own` imports and may not."""
    seen = {name.split(".")[1] for _, name in imported(ast.parse(source)) if name.startswith(f"{layer}.")}
    return (seen & set(rooms)) - rooms.get(own, set()) - {own}


@pytest.mark.parametrize("path", files("ui"), ids=name_of)
def test_a_room_of_the_interface_imports_only_what_lies_below_it(path: Path) -> None:
    if path.parent == ROOT / "ui":
        return
    assert foreign_rooms(path.read_text(encoding="utf-8"), "ui", path.relative_to(ROOT).parts[1], UI_ROOMS) == set()


@pytest.mark.parametrize("path", files("pages"), ids=name_of)
def test_a_page_uses_its_own_room_and_the_shared_ones(path: Path) -> None:
    room = ROOM_OF_PAGE.get(path.stem, path.stem)
    assert room in PAGE_ROOMS
    assert foreign_rooms(path.read_text(encoding="utf-8"), "ui", room, UI_ROOMS) == set()


@pytest.mark.parametrize("path", files("training"), ids=name_of)
def test_a_room_of_training_imports_only_what_lies_below_it(path: Path) -> None:
    room = path.relative_to(ROOT).parts[1]
    if room in TRAINING_ROOMS:
        assert foreign_rooms(path.read_text(encoding="utf-8"), "training", room, TRAINING_ROOMS) == set()


def test_nothing_lies_loose_in_the_interface() -> None:
    assert [path.name for path in (ROOT / "ui").glob("*.py")] == ["__init__.py"]


def arrows(folder: str) -> dict[str, set[str]]:
    """Which modules of a folder each of its modules imports. A package counts as one of them where something that its
    __init__ holds is imported, not where one of its modules is."""
    paths = {module_of(path): path for path in files(folder)}
    graph = {}
    for name, path in paths.items():
        targets: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= inner if inner <= set(paths) else {node.module, *inner}
        graph[name] = (targets & set(paths)) - {name}
    return graph


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Some circle of imports, as the modules along it; empty where there is none."""
    done: set[str] = set()

    def walk(at: str, trail: list[str]) -> list[str]:
        if at in trail:
            return trail[trail.index(at) :]
        if at in done:
            return []
        for target in sorted(graph[at]):
            if found := walk(target, [*trail, at]):
                return found
        done.add(at)
        return []

    return next((found for start in sorted(graph) if (found := walk(start, []))), [])


@pytest.mark.parametrize("folder", ["model", "analysis", "viz", "training", "ui"])
def test_no_modules_import_each_other_in_a_circle(folder: str) -> None:
    assert circle(arrows(folder)) == []


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]


@pytest.mark.parametrize("path", [*files("ui"), *files("pages"), ROOT / "app.py"], ids=name_of)
def test_the_address_is_read_only_where_choices_are_kept(path: Path) -> None:
    """What reads the address by itself forgets the session, or the other way round."""
    here = name_of(path)
    if not here.startswith(("ui/state/", "ui/shell/")):
        assert "query_params" not in names_used(path)


@pytest.mark.parametrize("path", files("ui"), ids=name_of)
def test_what_is_worked_out_from_a_run_is_kept_in_one_place(path: Path) -> None:
    if name_of(path) != "ui/runs/on_demand.py":
        assert "WeakKeyDictionary" not in names_used(path)


def names_used(path: Path) -> set[str]:
    """Names and attributes that a file's code mentions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def folders() -> list[Path]:
    tops = ("ui", "training", "model", "viz", "analysis", "pages", "benchmarks", "scripts")
    return sorted({path.parent for top in tops for path in files(top)})


@pytest.mark.parametrize("folder", folders(), ids=name_of)
def test_a_folder_holds_what_one_can_take_in(folder: Path) -> None:
    if name_of(folder) not in MAY_BE_FULLER:
        assert len(list(folder.glob("*.py"))) <= FULL + 1  # __init__.py is not one to be read


@pytest.mark.parametrize(
    ("own", "source", "wrong"),
    [
        ("runs", "from ui.figures import place", {"figures"}),
        ("maps", "def late():\n    from ui import shell", {"shell"}),
        ("decoding", "from ui.heads.table import table", {"heads"}),
        ("knock_out", "from ui.compare import page\nfrom ui.runs import runner", set()),
        ("state", "import ui.runs.runner\nimport torch", set()),
    ],
)
def test_a_wrong_room_is_seen(own: str, source: str, wrong: set[str]) -> None:
    assert foreign_rooms(source, "ui", own, UI_ROOMS) == wrong
