"""A recurrent layer, drawn from the bottom up like a Transformer block, with the state that goes from token to token."""

from dataclasses import dataclass

import plotly.graph_objects as go

from viz.blocks import GAP, INNER, LINE, RIGHT, STREAM, Sketch
from viz.frame import Part, new_figure
from viz.theme import Theme

GATES = (
    ("forget gate", "Decides, number by number, how much of the cell is kept."),
    ("input gate", "Decides how much of the new candidate is written into the cell."),
    ("output gate", "Decides how much of the cell is in the layer's output."),
)
CARRIED = "Passed from one token to the next; the layer knows nothing else about earlier tokens."


@dataclass(frozen=True)
class _Row:
    """One box of the layer."""

    title: str
    detail: str
    means: str
    colour: str


def recurrent_drawing(layers: int, d_model: int, vocab_size: int, *, tied: bool | None, theme: Theme) -> go.Figure:
    """An LSTM language model with `layers` layers of `d_model` cells; `tied` is None where there is no output head.

    Gates, cell and output as in Gers et al. (2000).
    """
    sketch = Sketch(theme)
    sketch.bar(
        "token embedding",
        f"{vocab_size:,} pieces × {d_model:,}",
        means="Each id has its own learned row in this table: the vector a token starts with.",
    )
    bottom = sketch.y
    sketch.rise(GAP)
    _layer(sketch, d_model)
    sketch.frame(bottom, f"× {layers}", f"The layer in the frame, with weights of its own, {layers} times.")
    if tied is None:
        sketch.bar("vectors out", "this checkpoint has no output head", means="It predicts no tokens.")
    else:
        shares = "the embedding's table again (tied)" if tied else "a table of its own (not tied)"
        means = "Compares the last layer's output with each piece of the vocabulary: one logit a piece."
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
        f"LSTM layer, {layers} times: forget, input and output gates over {d_model:,} cells; the cell and the output are passed "
        "from token to token; there is no attention."
    )
    return new_figure(theme, said, height=round(sketch.y + 8), traces=[sketch.sums()], layout=layout)


def _layer(sketch: Sketch, d_model: int) -> None:
    """Three gates side by side, the cell above them, the output on top; the state loops on the right."""
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
        f"{d_model:,} numbers, passed on",
        "The old cell times the forget gate, plus the new candidate times the input gate. " + CARRIED,
        theme.value,
    )
    answer = _Row(
        "output = output gate × tanh(cell)",
        f"{d_model:,} numbers, upwards and passed on",
        "What the layer outputs: the layer above reads it, and so do this layer's gates at the next token. " + CARRIED,
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
    """A loop on the right of a box: its value goes to the next token."""
    right = RIGHT - 8
    sketch.wire([(right, at + 7), (right + 5, at + 7), (right + 5, at - 7)])
    sketch.arrow(right, at - 7, right + 5, at - 7)
    sketch.say(right + 5.6, at, "t+1", colour=row.colour, size=9.5, means=CARRIED, anchor="left")
