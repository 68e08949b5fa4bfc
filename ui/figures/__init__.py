"""Placing a figure on a page, and its ways out. Other rooms call these functions as `figures.place(...)`."""

from ui.figures.charts import NO_BUTTONS, Matrix, array, chart, strip
from ui.figures.placing import as_text, head, place
from ui.figures.saving import (
    TABLE_COLUMNS,
    TABLE_ROWS,
    TakeAway,
    files,
    is_open,
    left_out,
    link_from,
    offer,
    short,
    take_away,
    twin,
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
    "files",
    "head",
    "is_open",
    "left_out",
    "link_from",
    "offer",
    "place",
    "short",
    "strip",
    "take_away",
    "twin",
    "ways_to_save",
]
