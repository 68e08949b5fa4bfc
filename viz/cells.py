"""Text printed in the cells of a heatmap, dark on light cells and light on dark ones."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import Floats, Part
from viz.theme import TOKEN_FONT, Scale

TEXT_UP_TO = 10  # cells a side with printed weights: the browser has to lay out each text
INK, PAPER = "#101318", "#FFFFFF"


def weights_text(weights: Floats) -> NDArray[np.object_]:
    """Weights as printed in cells: ".83", "1", and nothing where the weight would round to zero."""
    printed = [[_cell(float(weight)) for weight in row] for row in weights]
    return np.array(printed, dtype=object).reshape(weights.shape)


def _cell(weight: float) -> str:
    if not weight >= 0.005:
        return ""
    return "1" if weight == 1 else f"{weight:.2f}".removeprefix("0")


def luminance(parts: Floats, scale: Scale) -> Floats:
    """Relative luminance (Web Content Accessibility Guidelines) of a colour scale at `parts` (n,) from 0 to 1."""
    stops = [stop for stop, _ in scale]
    channels = np.array([_channels(colour) for _, colour in scale]) / 255
    mixed = np.stack([np.interp(parts, stops, channel) for channel in channels.T])
    linear = np.where(mixed <= 0.03928, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    return np.array([0.2126, 0.7152, 0.0722]) @ linear


def _channels(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def printed(trace: go.Heatmap, text: NDArray[np.object_], scale: Scale) -> Part:
    """A trace that writes `text` (rows, columns), already safe for Plotly, over the cells of `trace`.

    Plotly's own cell text has one colour for all cells, or a grey that is hard to read on cells of medium colour.
    """
    rows, columns = np.nonzero(text != "")
    z = np.asarray(trace.z, dtype=np.float64)[rows, columns]
    part = np.nan_to_num(np.clip((z - trace.zmin) / (trace.zmax - trace.zmin), 0, 1))
    # At luminance 0.18, black and white text have the same contrast.
    colours = [INK if light > 0.18 else PAPER for light in luminance(part, scale)]
    return {
        "type": "scatter",
        "x": np.asarray(trace.x)[columns],
        "y": np.asarray(trace.y)[rows],
        "mode": "text",
        "text": text[rows, columns].tolist(),
        "textfont": {"family": TOKEN_FONT, "size": 11, "color": colours},
        "hoverinfo": "skip",
        "showlegend": False,
    }
