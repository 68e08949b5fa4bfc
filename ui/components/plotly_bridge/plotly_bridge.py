"""Tells Python which point of a Plotly chart was clicked.

Streamlit's own `on_select` says nothing about heatmaps. The bridge listens to the chart's native `plotly_click`, and
again whenever Streamlit makes the chart anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ui.components.browser import browser_component, told, whole
from ui.components.payload import PayloadError, pack

_mount = browser_component("plotly_bridge", '<div class="root plotly-bridge" data-testid="plotly-bridge"></div>')


@dataclass(frozen=True)
class PointEvent:
    """A point of the figure. On a heatmap row and column count its cells; elsewhere row is the point and column None.

    x, y and customdata are what the figure holds, as the browser sent them: check them against the run on screen.
    """

    curve: int
    row: int
    column: int | None
    x: float | str | None
    y: float | str | None
    customdata: object


def plotly_bridge(
    chart_key: str, *, key: str, on_point: Callable[[PointEvent], None] | None = None
) -> PointEvent | None:
    """Watches the chart of `st.plotly_chart(..., key=chart_key)`; returns the point clicked in this run, if any."""
    if not chart_key.strip():
        raise PayloadError("the chart needs a key to be found by")

    def act(value: object) -> None:
        point = _event(value)
        if on_point is not None and point is not None:
            on_point(point)

    result = _mount(key=key, data=pack({"chart": chart_key}), on_point_change=told(key, "point", act))
    return _event(result.get("point"))


def _event(value: object) -> PointEvent | None:
    if not isinstance(value, Mapping):
        return None
    curve, row, column = (whole(value.get(name)) for name in ("curve", "row", "col"))
    if curve is None or row is None:
        return None
    return PointEvent(curve, row, column, _place(value.get("x")), _place(value.get("y")), value.get("customdata"))


def _place(value: object) -> float | str | None:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None
