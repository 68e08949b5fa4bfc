"""A figure and the Python that makes it again in a notebook, both from the same recorded arguments."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass

import plotly.graph_objects as go

from ui.figures import theme
from ui.runs.notebook import call, whole


@dataclass(frozen=True)
class Source:
    """Lines of Python, and the imports they need."""

    lines: Sequence[str] = ()
    imports: Sequence[str] = ()

    def __add__(self, other: "Source") -> "Source":
        return Source([*self.lines, *other.lines], [*self.imports, *other.imports])

    def cell(self) -> str:
        """A notebook cell that ends in the figure `fig`. Names imported from one module share a line."""
        names: dict[str, list[str]] = {}
        for line in self.imports:
            module, _, imported = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, []).extend(imported.split(", "))
        merged = [f"from {module} import {', '.join(sorted(set(each)))}" for module, each in sorted(names.items())]
        return whole(["import numpy as np", *merged], list(self.lines))


@dataclass(frozen=True, eq=False)
class Expression:
    """A value, and the Python expression that stands for it in a notebook."""

    value: object
    text: str


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure function with its arguments: each an Expression, or a value that `repr` turns into Python.

    `source` gives the lines that define the names in the expressions. It is called when someone opens the code.
    """

    function: Callable[..., go.Figure]
    arguments: Sequence[object]
    settings: Mapping[str, object] = field(default_factory=dict)
    source: Callable[[], Source] = Source

    def figure(self) -> go.Figure:
        """The figure, in the theme that the browser shows."""
        settings = {name: _value(setting) for name, setting in self.settings.items()}
        return self.function(*map(_value, self.arguments), theme=theme.current(), **settings)

    def code(self) -> Source:
        """Lines that make the same figure, in the light theme; settings that are the function's defaults are left out."""
        defaults = inspect.signature(self.function).parameters
        settings = [
            f"{name}={_text(setting)}"
            for name, setting in self.settings.items()
            if isinstance(setting, Expression) or setting != defaults[name].default
        ]
        given = (*self.arguments, *self.settings.values())
        types = [type(value) for value in given if is_dataclass(value) and not isinstance(value, Expression)]
        imports = [f"from {made.__module__} import {made.__name__}" for made in (self.function, *types)]
        lines = [call(self.function.__name__, [*map(_text, self.arguments), "theme=LIGHT", *settings])]
        return self.source() + Source(lines, imports)

    def python(self) -> str:
        """The notebook cell."""
        return self.code().cell()


def _value(argument: object) -> object:
    return argument.value if isinstance(argument, Expression) else argument


def _text(argument: object) -> str:
    return argument.text if isinstance(argument, Expression) else repr(argument)
