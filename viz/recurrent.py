"""A recurrent layer, drawn as the blocks of a Transformer are: bottom up, with what is carried on from token to token."""

from dataclasses import dataclass

import plotly.graph_objects as go

from viz.blocks import GAP, INNER, LINE, RIGHT, STREAM, Sketch
from viz.frame import Part, new_figure
from viz.theme import Theme

GATES = (
    ("forget gate", "Decides, number by number, how much of the cell stays."),
    ("input gate", "Decides how much of the new candidate is written into the cell."),
    ("output gate", "Decides how much of the cell shows in the layer's answer."),
)
CARRIED = "Carried from one token to the next; all that the layer knows of what came before."


@dataclass(frozen=True)
class _Row:
    """One box of the layer."""

    title: str
    detail: str
    means: str
    colour: str


def recurrent_drawing(layers: int, d_model: int, vocab_size: int, *, tied: bool | None, theme: Theme) -> go.Figure:
    """An LSTM language model of `layers` layers of `d_model` cells; `tied` None where it predicts nothing.

    Gates, cell and answer as Gers et al. (2000) draw them.
    """
    sketch = Sketch(theme)
    sketch.bar(
        "token embedding",
        f"{vocab_size:,} pieces × {d_model:,}",
        means="Each id picks its own learned row of this table: what a token starts as.",
    )
    bottom = sketch.y
    sketch.rise(GAP)
    _layer(sketch, d_model)
    sketch.frame(bottom, f"× {layers}", f"The layer in the frame, with weights of its own, {layers} times.")
    if tied is None:
        sketch.bar("vectors out", "this checkpoint has no output head", means="It predicts no tokens.")
    else:
        shares = "the embedding's table again (tied)" if tied else "a table of its own (not tied)"
        means = "Compares the last layer's answer with each piece of the vocabulary: one logit a piece."
        sketch.bar("output head", shares, means=means, colour=theme.probability)
    layout: Part = {
        "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
        "xaxis": {"range": [0, 100], "visible": False, "fixedrange": True},
        "yaxis": {"range": [-2, sketch.y + 2], "visible": False, "fixedrange": True},
        "shapes": [*sketch.wires, *sketch.boxes],
        "annotations": [*sketch.arrows, *sketch.words],
        "dragmode": False,
    }
    said = (
        f"LSTM layer, {layers} times: forget, input and output gates over {d_model:,} cells; the cell and the answer are carried "
        "from token to token; nothing is looked back at."
    )
    return new_figure(theme, said, height=round(sketch.y + 8), traces=[sketch.sums()], layout=layout)


def _layer(sketch: Sketch, d_model: int) -> None:
    """Three gates side by side, the cell above them, the answer on top; the state loops at the right."""
    theme = sketch.theme
    start = sketch.y
    width, gap = (RIGHT - 8 - INNER - 6) / 3, 3.0
    sketch.wire([(STREAM, start), (INNER + 2 * (width + gap) + width / 2, start)])
    sketch.y += GAP
    base, height = sketch.y, 2 * LINE + 8
    for i, (name, means) in enumerate(GATES):
        left = INNER + i * (width + gap)
        sketch.y = base
        sketch.arrow(left + width / 2, base, left + width / 2, base - GAP)
        sketch.rectangle(left, left + width, height, theme.border, theme.panel)
        sketch.titled(left, left + width, name, f"{2 * d_model:,} → {d_model:,}", height, "", means)
    cell = _Row(
        "cell = forget × cell + input × new",
        f"{d_model:,} numbers, carried on",
        "What was held, as far as the forget gate lets it, plus what is new, as far as the input gate lets it. "
        + CARRIED,
        theme.value,
    )
    answer = _Row(
        "answer = output × tanh(cell)",
        f"{d_model:,} numbers, upwards and carried on",
        "What the layer shows of its cell: the layer above reads it, and so do this layer's gates at the next token. "
        + CARRIED,
        theme.accent,
    )
    for row in (cell, answer):
        middle = (INNER + RIGHT - 8) / 2
        sketch.up(middle)
        below = sketch.y
        sketch.rectangle(INNER, RIGHT - 8, height, row.colour, theme.background, 1.6)
        sketch.titled(INNER, RIGHT - 8, row.title, row.detail, height, row.colour, row.means)
        _loop(sketch, below + height / 2, row)
    top = sketch.y + GAP
    middle = (INNER + RIGHT - 8) / 2
    sketch.wire([(middle, sketch.y), (middle, top), (STREAM, top)])
    sketch.wire([(STREAM, top), (STREAM, top + GAP / 2)])
    sketch.y = top + GAP / 2


def _loop(sketch: Sketch, at: float, row: _Row) -> None:
    """From a box out to the right and back into it: its value at the next token."""
    right = RIGHT - 8
    sketch.wire([(right, at + 7), (right + 5, at + 7), (right + 5, at - 7)])
    sketch.arrow(right, at - 7, right + 5, at - 7)
    sketch.say(right + 5.6, at, "t+1", colour=row.colour, size=9.5, means=CARRIED, anchor="left")
