"""The documents say what is so: the README's code and its printed results, its figures, names, paths and commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import model
from model.families import FAMILIES
from scripts import readme_figures

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/architecture.md", "docs/notebook.md")
CARD = """---
license: cc-by-2.0
---

# a model

| | |
|---|---|
| layers | 3 |

| 9 test pairs | sacreBLEU |
|---|---|
| as written | 49.5 |

| sentence | translation |
|---|---|
| Va ! | Go! |

| more | not copied |
|---|---|
"""

STORY_CARD = """# b-stories

| | |
|---|---|
| architecture | BLOOM: pre-norm |
| parameters | 1.05 million, stored as float16 |

3,004 steps of about 2,048 tokens, 4.0 epochs, 0.4 hours

**0.912 bits per byte** on 127 test stories

Of 50 continuations drawn as below with seeds 0 to 49, the name given is said again in 46, and some sequence of up to twenty tokens
stands three
times in a row in 0.
"""


def code_block() -> str:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 1, "the README has one block of Python"
    return str(blocks[0])


def test_the_code_of_the_readme_prints_what_its_comments_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code_block(), "README.md", "exec"), names)
    promised = re.findall(r"^print\(.*\)  # (.*)$", code_block(), flags=re.MULTILINE)
    assert len(promised) == code_block().count("print(") == 4
    assert capsys.readouterr().out.splitlines() == promised


def test_the_trace_the_readme_saves_can_be_read_without_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code_block(), "README.md", "exec"), names)
    again = model.Trace.load(tmp_path / "love.safetensors")
    assert len(again.tokens("decoder")) == len(list(names["steps"]))  # type: ignore[call-overload]


def test_the_figures_of_the_readme_are_those_of_the_card() -> None:
    card = readme_figures.CARD.read_text(encoding="utf-8")
    assert "sacreBLEU" in readme_figures.figures(card)
    assert readme_figures.between_marks(README) == readme_figures.figures(card), (
        "run python -m scripts.readme_figures, which copies them"
    )


def test_the_story_models_of_the_readme_stand_as_in_their_cards() -> None:
    assert readme_figures.between_marks(README, readme_figures.STORY_MARKS) == readme_figures.stories(
        readme_figures.story_cards()
    ), "run python -m scripts.readme_figures, which copies them"


def test_story_models_stand_in_the_order_of_their_bits() -> None:
    table = readme_figures.stories({"b-stories": STORY_CARD, "a-stories": STORY_CARD.replace("0.912", "0.871")})
    rows = table.splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == ["a-stories", "b-stories"]
    assert rows[1].endswith("| BLOOM | 1.05 million | 4 | 0.912 | 46 of 50 | 0 |")


def test_filling_in_figures_twice_changes_nothing_more() -> None:
    figures = readme_figures.figures(CARD)
    once = readme_figures.filled("before <!-- figures -->old<!-- /figures --> after", figures)
    assert readme_figures.between_marks(once) == readme_figures.figures(CARD)
    assert "49.5" in once
    assert "old" not in once
    assert "not copied" not in once
    assert readme_figures.filled(once, figures) == once


@pytest.mark.parametrize("title", sorted({family.title for family in FAMILIES.values()}))
def test_the_readme_names_every_family(title: str) -> None:
    section = README.split("## Other models")[1].split("\n## ")[0]
    assert re.search(rf"(?<![\w-]){re.escape(title)}(?![\w-])", section)


@pytest.mark.parametrize("name", sorted(model.shipped()))
def test_the_readme_names_every_model_that_ships(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_paths_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    quoted = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", text)
    beside = (ROOT / document).parent
    missing = [link for link in links if not (beside / link).exists()]
    missing += [path for path in quoted if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_and_modules_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^ {4}|`|=\S* )make (\w+)", text, flags=re.MULTILINE))
    modules = set(re.findall(r"python -m ((?:scripts|training|benchmarks)\.\w+)", text))
    assert {target for target in targets if f"\n{target}:" not in makefile} == set()
    assert {module for module in modules if not (ROOT / (module.replace(".", "/") + ".py")).exists()} == set()


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert next(head for head in heads if head != "Unreleased") == version


def test_pictures_of_the_documents_are_small() -> None:
    pictures = list((ROOT / "docs" / "images").glob("*.png"))
    assert len(pictures) == 3
    assert all(picture.stat().st_size < 300_000 for picture in pictures)
