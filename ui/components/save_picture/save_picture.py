"""Two quiet buttons that save a Plotly chart as PNG or SVG, in the browser, without asking Python."""

import re

from ui.components.browser import browser_component
from ui.components.payload import PayloadError, pack

LARGEST_SCALE = 10

_HTML = """
<div class="root save-picture" data-testid="save-picture" role="group" aria-label="Save the figure as a picture">
  <button type="button" data-format="png" data-testid="save-png"></button>
  <button type="button" data-format="svg" data-testid="save-svg"></button>
  <span class="said" role="status" data-testid="save-said"></span>
</div>
"""
_mount = browser_component("save_picture", _HTML)
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def save_picture(
    chart_key: str,
    filename: str,
    *,
    key: str,
    scale: float = 3,
    label_png: str = "PNG",
    label_svg: str = "SVG",
) -> None:
    """Buttons for the chart of `st.plotly_chart(..., key=chart_key)`; files are called `filename`.png and `filename`.svg.

    The picture is the chart as it stands on screen, zoom included, on the page's background. A PNG has `scale` pixels
    for each CSS pixel (3 is about 300 dpi at screen size); in an SVG text stays text.
    """
    if not chart_key.strip():
        raise PayloadError("the chart needs a key to be found by")
    if not filename.strip() or _NO_NAME.search(filename):
        raise PayloadError(f"{filename!r} cannot name a file")
    if not 0 < scale <= LARGEST_SCALE:  # NaN fails too
        raise PayloadError(f"the scale is {scale}; more than 0 and at most {LARGEST_SCALE} is needed")
    if not label_png or not label_svg:
        raise PayloadError("both buttons need a label")
    labels = {"png": label_png, "svg": label_svg}
    header = {"chart": chart_key, "filename": filename, "scale": scale, "labels": labels}
    _mount(key=key, data=pack(header), width="content")
