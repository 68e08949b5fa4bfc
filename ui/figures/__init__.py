"""Placing a figure on a page, with the buttons that save it. Other rooms call these functions as `figures.place(...)`."""

from ui.figures.charts import NO_BUTTONS, Matrix, array, chart, strip
from ui.figures.placing import as_text, head, place
from ui.figures.saving import (
    TABLE_COLUMNS,
    TABLE_ROWS,
    TakeAway,
    is_open,
    link_from,
    offer,
    take_away,
    ways_to_save,
)

__all__ = [
    "NO_BUTTONS",
    "TABLE_COLUMNS",
    "TABLE_ROWS",
    "Matrix",
    "TakeAway",
    "array",
    "as_text",
    "chart",
    "head",
    "is_open",
    "link_from",
    "offer",
    "place",
    "strip",
    "take_away",
    "ways_to_save",
]
