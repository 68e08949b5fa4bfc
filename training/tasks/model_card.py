"""How a model card, the README.md of a shipped folder, is filled in from a task's template."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from training.recipe import OPTIMIZERS, Recipe
from training.tasks.results import Results


def fill(
    template: Path, name: str, recipe: Recipe, results: Results, parameters: int, own: Mapping[str, object]
) -> str:
    """The card in Markdown, without the section about heads.

    A template names `recipe`, its `config`, and `results` with their fields, as in `{recipe.peak_rate:g}`, and whatever
    `own` adds. `parameters` is the number of trained weights.
    """
    shared: dict[str, object] = {
        "name": name,
        "recipe": recipe,
        "config": recipe.config,
        "optimizer": OPTIMIZERS[recipe.optimizer],
        "results": results,
        "million_parameters": parameters / 1e6,
    }
    return template.read_text(encoding="utf-8").format_map(shared | dict(own))


def table(rows: Iterable[Iterable[str]]) -> str:
    """Rows of a Markdown table, without its head."""
    return "\n".join(f"| {' | '.join(cell(text) for text in row)} |" for row in rows)


def cell(text: str) -> str:
    """A text that can stand in a table cell."""
    return text.replace("|", "\\|").replace("\n", " ")
