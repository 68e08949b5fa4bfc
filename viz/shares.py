"""Heatmaps of shares (numbers from 0 to 1) and of signed values, with colour bars and exact values on hover."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from viz.frame import Floats, Side, gap
from viz.theme import TEXT_FONT, TOKEN_FONT, Palette, Scale, Theme, diverging_scale, sequential_scale

ShareScale = Literal["linear", "sqrt", "log"]
Ceiling = float | Literal["own"] | None

LOG_FLOOR = 1e-4  # smaller shares have the same colour on a logarithmic scale
TICKS: dict[ShareScale, tuple[float, ...]] = {
    "linear": (0.0, 0.25, 0.5, 0.75, 1.0),
    "sqrt": (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0),
    "log": (1e-4, 1e-3, 1e-2, 1e-1, 1.0),
}


def ceiling(weights: Floats, zmax: Ceiling) -> float:
    """The share with the strongest colour: 1 (None, so that figures can be compared), the largest ("own"), or a number."""
    if zmax == "own":
        largest = float(np.nanmax(weights, initial=0.0))
        return largest if largest > 0 else 1.0
    if zmax is None:
        return 1.0
    if not zmax > 0:
        raise ValueError(f"The strongest colour needs a share above 0, not {zmax}.")
    return float(zmax)


def transformed(weights: Floats, scale: ShareScale) -> Floats:
    """The values that the colour shows; the weights themselves for a linear scale."""
    if scale == "linear":
        return weights
    if scale == "sqrt":
        return np.sqrt(np.maximum(weights, 0))
    if scale == "log":
        return np.log10(np.maximum(weights, LOG_FLOOR))
    raise ValueError(f"There is no scale '{scale}'; choose linear, sqrt or log.")


@dataclass(frozen=True)
class Bar:
    """The ticks of a colour bar (transformed values), and the exact values written there."""

    values: list[float]
    text: list[str]
    low: float
    high: float


def bar(scale: ShareScale, top: float) -> Bar:
    """Ticks up to the strongest colour, whose value is always written."""
    if scale == "linear" and top < 1:
        values = [top * part for part in (0, 0.25, 0.5, 0.75)]
    else:
        values = [value for value in TICKS[scale] if value < 0.95 * top]
    values.append(top)
    text = [_short(value) for value in values]
    if scale == "log":
        text[0] = f"≤ {text[0]}" if values[0] <= LOG_FLOOR else text[0]
    low, high = transformed(np.array([LOG_FLOOR if scale == "log" else 0.0, top]), scale)
    return Bar(transformed(np.array(values), scale).tolist(), text, float(low), max(float(high), float(low) + 1e-9))


def _short(value: float) -> str:
    return f"{value:.3g}" if value >= LOG_FLOOR or value == 0 else f"{value:.0e}"


def colour_bar(theme: Theme, title: str, marks: Bar | None = None) -> dict[str, object]:
    bar_ticks: dict[str, object] = {"nticks": 5}
    if marks is not None:
        bar_ticks = {"tickmode": "array", "tickvals": marks.values, "ticktext": marks.text}
    return bar_ticks | {
        "title": {"text": title, "side": "right", "font": {"family": TEXT_FONT, "size": 12, "color": theme.muted}},
        "tickfont": {"family": TOKEN_FONT, "size": 11, "color": theme.muted},
        "thickness": 10,
        "outlinewidth": 0,
        "len": 1,
        "y": 0.5,
        "x": 1,
        "xpad": 8,
        "ypad": 0,
        "ticks": "",
    }


def share_trace(
    weights: Floats,
    rows: Side,
    columns: Side,
    *,
    theme: Theme,
    hover: str,
    scale: ShareScale = "linear",
    zmax: Ceiling = None,
    palette: Palette = "accent",
    colours: Scale | None = None,
    title: str = "attention weight",
    show_bar: bool = True,
) -> go.Heatmap:
    """`weights` (rows, columns), NaN for blank cells. In `hover`, VALUE stands for the exact weight.

    With a linear scale `z` is the exact weights. Otherwise `z` is the transformed weights and `customdata` the exact ones.
    """
    marks = bar(scale, ceiling(weights, zmax))
    exact = "z" if scale == "linear" else "customdata"
    return go.Heatmap(
        z=transformed(weights, scale),
        customdata=None if scale == "linear" else weights,
        x=columns.positions,
        y=rows.positions,
        zmin=marks.low,
        zmax=marks.high,
        colorscale=colours or sequential_scale(theme, palette),
        colorbar=colour_bar(theme, title, marks),
        showscale=show_bar,
        hoverongaps=False,
        hovertemplate=hover.replace("VALUE", f"%{{{exact}:.3p}} (%{{{exact}:.4g}})") + "<extra></extra>",
        xgap=gap(*weights.shape),
        ygap=gap(*weights.shape),
    )


def largest_size(values: Floats, zmax: float | None = None) -> float:
    """The absolute value with the strongest colour on both sides of zero."""
    if zmax is not None:
        if not zmax > 0:
            raise ValueError(f"The strongest colour needs a value above 0, not {zmax}.")
        return zmax
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def signed_trace(
    values: Floats,
    rows: Side,
    columns: Side,
    *,
    theme: Theme,
    hover: str,
    title: str,
    zmax: float | None = None,
    show_bar: bool = True,
) -> go.Heatmap:
    """`values` (rows, columns) around zero, exact in `z`; NaN and infinite cells stay blank."""
    top = largest_size(values, zmax)
    return go.Heatmap(
        z=np.where(np.isfinite(values), values, np.nan).astype(values.dtype),
        x=columns.positions,
        y=rows.positions,
        zmin=-top,
        zmax=top,
        colorscale=diverging_scale(theme),
        colorbar=colour_bar(theme, title),
        showscale=show_bar,
        hoverongaps=False,
        hovertemplate=hover.replace("VALUE", "%{z:.4g}") + "<extra></extra>",
        xgap=gap(*values.shape),
        ygap=gap(*values.shape),
    )
