"""Tells Python which point of a Plotly chart was clicked.

Streamlit's own `on_select` says nothing about heatmaps. The bridge listens to the chart's native `plotly_click`, and
again whenever Streamlit makes the chart anew. Without a pointer the same chart is walked by the arrow keys: what a pointer would
be told is shown and read out, and Enter clicks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ui.components.browser import browser_component, told, whole
from ui.components.payload import PayloadError, pack

SAYS = "Chart: arrow keys move from point to point, Enter chooses"
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


@dataclass(frozen=True)
class ZoomEvent:
    """Where a person zoomed or panned to, in the units of the axes; None for both: a double click, back to the whole."""

    x: tuple[float, float] | None
    y: tuple[float, float] | None


def plotly_bridge(
    chart_key: str,
    *,
    key: str,
    on_point: Callable[[PointEvent], None] | None = None,
    on_zoom: Callable[[ZoomEvent], None] | None = None,
    mark: float | None = None,
) -> PointEvent | None:
    """Watches the chart of `st.plotly_chart(..., key=chart_key)`; returns the point clicked in this run, if any.

    Zooming asks Python only where `on_zoom` is given. `mark` is a place of the x axis to draw a line at: over the chart,
    which stays as it is, where a line in the figure would have it made anew.
    """
    if not chart_key.strip():
        raise PayloadError("the chart needs a key to be found by")

    def act(value: object) -> None:
        point = _event(value)
        if on_point is not None and point is not None:
            on_point(point)

    def act_on_zoom(value: object) -> None:
        zoom = _zoom(value)
        if on_zoom is not None and zoom is not None:
            on_zoom(zoom)

    header = {
        "chart": chart_key,
        "clicks": on_point is not None,
        "zooms": on_zoom is not None,
        "mark": mark,
        "says": SAYS,
    }
    result = _mount(
        key=key,
        data=pack(header),
        on_point_change=told(key, "point", act),
        on_zoom_change=told(key, "zoom", act_on_zoom),
    )
    return _event(result.get("point"))


def _zoom(value: object) -> ZoomEvent | None:
    if not isinstance(value, Mapping):
        return None
    if value.get("whole") is True:
        return ZoomEvent(None, None)
    x, y = _ends(value.get("x")), _ends(value.get("y"))
    return None if x is None or y is None else ZoomEvent(x, y)


def _ends(value: object) -> tuple[float, float] | None:
    """Two finite numbers of a size that positions can have."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    ends = [float(end) for end in value if isinstance(end, int | float) and not isinstance(end, bool)]
    return (ends[0], ends[1]) if len(ends) == 2 and all(abs(end) < 1e7 for end in ends) else None


def _event(value: object) -> PointEvent | None:
    if not isinstance(value, Mapping):
        return None
    curve, row, column = (whole(value.get(name)) for name in ("curve", "row", "col"))
    if curve is None or row is None:
        return None
    return PointEvent(curve, row, column, _place(value.get("x")), _place(value.get("y")), value.get("customdata"))


def _place(value: object) -> float | str | None:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None
