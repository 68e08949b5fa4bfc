"""All heads of a model as small pictures in one figure, for print and notebooks; the app draws them on a canvas."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import WIDTH, Floats, Part, new_figure, outline
from viz.shares import colour_bar
from viz.theme import TOKEN_FONT, TOKEN_SIZE, Palette, Theme, diverging_scale, sequential_scale

GAP = 0.08  # of a picture's side, between two
TICKS: dict[bool, dict[float, str]] = {
    False: {0: "0", 0.5: "0.25", 1: "1"},
    True: {-1: "−1", -0.5: "−0.25", 0: "0", 0.5: "0.25", 1: "1"},
}
LEFT, TOP = 40, 28  # px for the names of layers and heads


def head_pictures(
    pictures: NDArray[np.uint8] | Floats,
    *,
    theme: Theme,
    palette: Palette = "accent",
    selected: tuple[int, int] | None = None,
    signed: bool = False,
    width: int = WIDTH,
) -> go.Figure:
    """`pictures` (layers, heads, rows, columns): weights from 0 to 1, or bytes from 0 to 255; a row of pictures for each layer.

    With `signed` they are changes from -1 to 1, or bytes where 128 is no change and 0 is a blank cell. The colour shows the
    square root of the absolute value. `selected` (layer, head) is framed.
    """
    if pictures.ndim != 4 or 0 in pictures.shape:
        raise ValueError(
            f"Pictures of shape {pictures.shape}; (layers, heads, rows, columns), none of them 0, are needed."
        )
    shares = _values(pictures, signed)
    layers, heads, rows, columns = shares.shape
    between = max(1, round(GAP * max(rows, columns)))
    sheet = _sheet(np.sign(shares) * np.sqrt(np.abs(shares)), between)
    down, across = rows + between, columns + between
    trace = go.Heatmap(
        z=sheet,
        zmin=-1 if signed else 0,
        zmax=1,
        colorscale=diverging_scale(theme) if signed else sequential_scale(theme, palette),
        showscale=True,
        colorbar=colour_bar(theme, "change" if signed else "largest weight")
        | {"tickmode": "array", "tickvals": list(TICKS[signed]), "ticktext": list(TICKS[signed].values())},
        hoverinfo="skip",
    )
    framed = []
    if selected is not None:
        y, x = selected[0] * down, selected[1] * across
        framed = [outline(theme, x=(x, x + columns - 1), y=(y, y + rows - 1))]
    layout: Part = {
        "margin": {"l": LEFT, "r": 78, "t": TOP, "b": 8},
        "plot_bgcolor": theme.border,
        "xaxis": _names("H", heads, across, columns, theme) | {"side": "top", "range": [-0.5, sheet.shape[1] - 0.5]},
        "yaxis": _names("L", layers, down, rows, theme) | {"range": [sheet.shape[0] - 0.5, -0.5]},
        "shapes": framed,
    }
    scale = (width - LEFT - 78) / sheet.shape[1]
    summary = (
        f"{layers} layers of {heads} heads as pictures: queries down, keys across, stronger colour for more attention."
    )
    height = round(TOP + 8 + scale * sheet.shape[0] * columns / rows)
    return new_figure(theme, summary, height=height, width=width, traces=[trace], layout=layout)


def _values(pictures: NDArray[np.uint8] | Floats, signed: bool) -> Floats:
    """The numbers that bytes stand for."""
    values: Floats = pictures.astype(np.float32)
    if pictures.dtype != np.uint8:
        return values
    if not signed:
        return values / 255
    return np.where(pictures == 0, np.float32(np.nan), (values - 128) / 127)


def _sheet(pictures: Floats, between: int) -> Floats:
    """All pictures on one sheet, NaN between them."""
    layers, heads, rows, columns = pictures.shape
    framed = np.full((layers, heads, rows + between, columns + between), np.nan, dtype=np.float32)
    framed[:, :, :rows, :columns] = pictures
    sheet: Floats = framed.transpose(0, 2, 1, 3).reshape(layers * (rows + between), heads * (columns + between))
    return np.ascontiguousarray(sheet[:-between, :-between])


def _names(letter: str, count: int, step: int, size: int, theme: Theme) -> Part:
    """A name in the middle of each row or column of pictures."""
    values: Sequence[float] = [i * step + (size - 1) / 2 for i in range(count)]
    return {
        "tickmode": "array",
        "tickvals": list(values),
        "ticktext": [f"{letter}{i}" for i in range(count)],
        "tickfont": {"family": TOKEN_FONT, "size": TOKEN_SIZE, "color": theme.text},
        "showgrid": False,
        "zeroline": False,
    }
