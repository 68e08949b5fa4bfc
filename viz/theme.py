"""The colours of Regard, light and dark, and the Plotly template that is built from them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import plotly.graph_objects as go
from plotly.colors import sequential

Palette = Literal["accent", "cividis", "viridis", "grey"]
PALETTES: tuple[Palette, ...] = get_args(Palette)  # all are readable for colour-blind people and in grey print
Scale = list[tuple[float, str]]

TEXT_FONT = "Source Sans, Source Sans Pro, sans-serif"  # no digit, because CSS would reject the unquoted list
TOKEN_FONT = "Source Code Pro, ui-monospace, DejaVu Sans Mono, monospace"  # all digits have the same width
FONT_SIZE = 13
TOKEN_SIZE = 12


@dataclass(frozen=True)
class Theme:
    """A colour for each quantity, the same on every page."""

    name: Literal["light", "dark"]
    background: str
    panel: str
    text: str
    muted: str
    border: str
    accent: str  # attention weights
    query: str
    key: str
    value: str
    position: str
    probability: str
    warning: str

    @property
    def series(self) -> tuple[str, ...]:
        """Colours for lines without a quantity of their own, in the order of use."""
        return (
            self.accent,
            self.query,
            self.probability,
            self.position,
            self.key,
            self.value,
            self.warning,
            self.muted,
        )


LIGHT = Theme(
    name="light",
    background="#FFFFFF",
    panel="#F6F7F9",
    text="#1B1F27",
    muted="#667085",
    border="#E3E6EB",
    accent="#3B5BDB",
    query="#C2560C",
    key="#0B7285",
    value="#5C7C00",
    position="#862E9C",
    probability="#0F7B5F",
    warning="#B7791F",
)
DARK = Theme(
    name="dark",
    background="#14161B",
    panel="#1C1F26",
    text="#E7E9EE",
    muted="#98A2B3",
    border="#2C313B",
    accent="#7C93FF",
    query="#F0944D",
    key="#3BC9DB",
    value="#A9CF3F",
    position="#DA8EE7",
    probability="#45C9A2",
    warning="#E3B341",
)

SEQUENTIAL: dict[str, tuple[str, ...]] = {
    "light": ("#FFFFFF", "#E7ECFD", "#C2CEFA", "#8FA4F3", "#5D79E8", "#3B5BDB", "#23389B", "#131F5C"),
    "dark": ("#14161B", "#1D2440", "#2B3970", "#3F57A8", "#5E7BE0", "#8DA4FF", "#BCCAFF", "#F0F3FF"),
}
DIVERGING: dict[str, tuple[str, ...]] = {
    "light": ("#8C4A0B", "#C77F3A", "#EBC9A3", "#FFFFFF", "#A9D3DE", "#4797AE", "#0B5C73"),
    "dark": ("#F0944D", "#AC6A38", "#5C3B27", "#14161B", "#1D4650", "#2B8896", "#3BC9DB"),
}
PROBABILITY: dict[str, tuple[str, ...]] = {
    "light": ("#FFFFFF", "#DDF1EA", "#A9DCCB", "#63B99F", "#2C977A", "#0F7B5F", "#084A39"),
    "dark": ("#14161B", "#15302B", "#18503F", "#1F7A60", "#2FA583", "#45C9A2", "#C3F2E3"),
}


def theme(dark: bool) -> Theme:
    return DARK if dark else LIGHT


def evenly(colours: tuple[str, ...] | list[str]) -> Scale:
    """A Plotly colour scale with its colours at equal distances."""
    return [(index / (len(colours) - 1), colour) for index, colour in enumerate(colours)]


def sequential_scale(theme: Theme, palette: Palette = "accent") -> Scale:
    """From the background colour (a share of zero) to the strongest colour."""
    if palette == "accent":
        return evenly(SEQUENTIAL[theme.name])
    if palette == "grey":
        return evenly([theme.background, theme.muted, theme.text])
    if palette in ("cividis", "viridis"):
        stops = sequential.Cividis if palette == "cividis" else sequential.Viridis
        return evenly(stops if theme.name == "dark" else stops[::-1])
    raise ValueError(f"There is no palette '{palette}'; choose one of {', '.join(PALETTES)}.")


def diverging_scale(theme: Theme) -> Scale:
    """From negative through the background colour (zero) to positive."""
    return evenly(DIVERGING[theme.name])


def probability_scale(theme: Theme) -> Scale:
    return evenly(PROBABILITY[theme.name])


@lru_cache(maxsize=4)
def template(theme: Theme) -> go.layout.Template:
    """The common style of all figures: fonts, colours, quiet axes, small margins, transparent background."""
    axis = {
        "gridcolor": theme.border,
        "linecolor": theme.border,
        "tickcolor": theme.border,
        "zerolinecolor": theme.border,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"family": TOKEN_FONT, "size": 11, "color": theme.muted},
        "title": {"font": {"size": FONT_SIZE, "color": theme.muted}, "standoff": 8},
    }
    layout = go.Layout(
        font={"family": TEXT_FONT, "size": FONT_SIZE, "color": theme.text},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        colorway=theme.series,
        showlegend=False,
        hovermode="closest",
        hoverlabel={
            "bgcolor": theme.panel,
            "bordercolor": theme.border,
            "font": {"family": TEXT_FONT, "size": FONT_SIZE, "color": theme.text},
            "align": "left",
            "namelength": -1,
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.accent},
        legend={"font": {"color": theme.text}, "bgcolor": "rgba(0,0,0,0)"},
        xaxis=axis,
        yaxis=axis,
        dragmode="zoom",
    )
    return go.layout.Template(layout=layout)
