"""Prompts side by side: the probability of some answers under each, whole and token by token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import Floats, Part, new_figure, position_axis
from viz.labels import escaped, quoted, short, ticks, visible
from viz.percent import format_percent
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Theme

COLUMN = 380  # px, the smallest width of a figure on half a page
BAR = 19  # px, the height of a bar
LONGEST_WORDS = 46  # characters of an answer above its bars
PICTURED = 17  # bits, about one in 130,000; less probable answers are given in bits alone
MOST_BARS = 160  # tokens times prompts; with more, lines are drawn


@dataclass(frozen=True)
class Named:
    """The name of a prompt in figures: its number on the page, and its kind."""

    number: int
    kind: str

    @property
    def text(self) -> str:
        return f"{self.number} · {self.kind}"


def prompt_colours(theme: Theme) -> tuple[str, ...]:
    """The colours of the first to the fourth prompt; parts of a prompt have other colours."""
    return (theme.accent, theme.query, theme.probability, theme.text)


def _colour(prompt: Named, theme: Theme) -> str:
    colours = prompt_colours(theme)
    return colours[(prompt.number - 1) % len(colours)]


def share_words(shares: Floats) -> list[list[str]]:
    """The texts at the ends of bars of probabilities."""
    return [[percent(value) for value in row] for row in shares]


def bits_words(bits: Floats, *, whole: bool) -> list[list[str]]:
    """The texts at the ends of bars of surprisal: the bits, and for a `whole` answer its probability unless it is very small."""
    return [[f"{b:.1f}" + (f" · {percent(2.0**-b)}" if whole and b < PICTURED else "") for b in row] for row in bits]


def percent(share: float) -> str:
    """A share as a percentage; rounding may have made it slightly larger than 1."""
    return format_percent(min(1.0, float(share)))


def answer_bars(
    values: Floats,
    prompts: Sequence[Named],
    answers: Sequence[str],
    *,
    theme: Theme,
    text: Sequence[Sequence[str]],
    hover: Sequence[Sequence[str]],
    said: str,
    axis: str,
    top: float | None = None,
    chosen: int | None = None,
) -> go.Figure:
    """`values` (prompts, answers): below each answer a bar for each prompt, with the prompt's number to the left.

    `text` is written at the end of a bar, `hover` is its hover text; both are already escaped. The axis ends at `top`. The point
    index of every trace is the index of the answer, so that a click can be resolved.
    """
    if values.shape != (len(prompts), len(answers)) or not values.size:
        raise ValueError(
            f"Values of shape {values.shape} do not fit {len(prompts)} prompts and {len(answers)} answers."
        )
    rows = len(prompts) + 1  # of an answer, its text first
    bars = [
        _bars(values[i], prompt, np.arange(len(answers)) * rows + 1 + i, text[i], hover[i], theme)
        for i, prompt in enumerate(prompts)
    ]
    layout: Part = {
        "barmode": "overlay",
        "margin": {"l": 26, "r": 96, "t": 4, "b": 40},
        "xaxis": {
            "range": [0, (float(np.max(values)) or 1.0) if top is None else top],
            "tickformat": ".0%" if top == 1 else "",
            "nticks": 5,
            "title": {"text": axis},
        },
        "yaxis": _numbers_axis(prompts, len(answers), theme),
        "annotations": [_words(answer, j * rows, j == chosen, theme) for j, answer in enumerate(answers)],
    }
    return new_figure(theme, said, height=50 + BAR * rows * len(answers), traces=bars, layout=layout)


def _numbers_axis(prompts: Sequence[Named], answers: int, theme: Theme) -> Part:
    rows = len(prompts) + 1
    return {
        "tickmode": "array",
        "tickvals": [j * rows + 1 + i for j in range(answers) for i in range(len(prompts))],
        "ticktext": [str(prompt.number) for _ in range(answers) for prompt in prompts],
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.muted},
        "range": [rows * answers - 0.4, -0.6],
        "showgrid": False,
        "ticklabelstandoff": 6,
    }


def _words(answer: str, row: int, chosen: bool, theme: Theme) -> Part:
    """The text of an answer above its bars."""
    shown = short(answer, LONGEST_WORDS)
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": row + 0.06,
        "yanchor": "middle",
        "showarrow": False,
        "text": f"<b>{shown}</b>" if chosen else shown,
        "font": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
    }


def _bars(
    values: Floats, prompt: Named, at: NDArray[np.int64], text: Sequence[str], hover: Sequence[str], theme: Theme
) -> Part:
    return {
        "type": "bar",
        "orientation": "h",
        "name": escaped(prompt.text),
        "x": np.asarray(values, dtype=np.float64),
        "y": at,
        "width": 0.84,
        "marker": {"color": _colour(prompt, theme), "opacity": 0.82, "line": {"width": 0}},
        "text": list(text),
        "textposition": "outside",
        "textfont": {"family": TOKEN_FONT, "size": 11, "color": theme.text},
        "cliponaxis": False,
        "hovertext": list(hover),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def surprisal_bars(
    bits: Floats, prompts: Sequence[Named], tokens: Sequence[str], *, theme: Theme, height: int = 250
) -> go.Figure:
    """`bits` (prompts, tokens): surprisal of an answer's tokens under each prompt, as bars side by side, or as lines if many."""
    if bits.shape != (len(prompts), len(tokens)) or not bits.size:
        raise ValueError(f"Bits of shape {bits.shape} do not fit {len(prompts)} prompts and {len(tokens)} tokens.")
    marks = ticks(tokens, cell=(COLUMN - 60) / len(tokens), upright=False, limit=12)
    draw = _token_bars if bits.size <= MOST_BARS else _token_line
    traces = [draw(bits[i], prompt, tokens, theme) for i, prompt in enumerate(prompts)]
    layout: Part = {
        "barmode": "group",
        "bargap": 0.25,
        "bargroupgap": 0.04,
        "margin": {"l": 44, "r": 8, "t": 8, "b": marks.extent + 14},
        "xaxis": position_axis(marks, len(tokens), theme),
        "yaxis": {"title": {"text": "bits"}, "nticks": 5, "rangemode": "tozero"},
    }
    return new_figure(theme, _surprising(bits, prompts, tokens), height=height, traces=traces, layout=layout)


def _hover(bits: Floats, prompt: Named, tokens: Sequence[str]) -> list[str]:
    return [
        f"{quoted(token)} under {escaped(prompt.text)}: {value:.2f} bits, {percent(2.0**-value)}"
        for token, value in zip(tokens, bits, strict=True)
    ]


def _token_bars(bits: Floats, prompt: Named, tokens: Sequence[str], theme: Theme) -> Part:
    return {
        "type": "bar",
        "name": escaped(prompt.text),
        "x": np.arange(len(tokens)),
        "y": np.asarray(bits, dtype=np.float64),
        "marker": {"color": _colour(prompt, theme), "opacity": 0.82, "line": {"width": 0}},
        "hovertext": _hover(bits, prompt, tokens),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _token_line(bits: Floats, prompt: Named, tokens: Sequence[str], theme: Theme) -> Part:
    bars = _token_bars(bits, prompt, tokens, theme)
    return bars | {
        "type": "scatter",
        "mode": "lines",
        "marker": None,
        "line": {"color": _colour(prompt, theme), "width": 1.6},
    }


def _surprising(bits: Floats, prompts: Sequence[Named], tokens: Sequence[str]) -> str:
    """The figure in words: each prompt's sum and its most surprising token."""
    parts = [
        f'under prompt {prompt.number} {row.sum():.1f} bits in total, most at "{visible(tokens[int(row.argmax())])}" '
        f"({row.max():.1f})"
        for prompt, row in zip(prompts, bits, strict=True)
    ]
    return f"Surprisal of {len(tokens)} tokens: {'; '.join(parts)}."
