"""A few rows over a long text: columns pooled into blocks, each cell the largest weight of its block."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import Floats, Side, check_grid, largest_cell
from viz.grid import grid
from viz.labels import visible
from viz.percent import format_percent
from viz.shares import share_trace
from viz.theme import Theme


def spans(marks: NDArray[np.intp], labels: Sequence[str]) -> list[str]:
    """The name of each block: position and token of its first and last element."""
    return [
        f"{start} {visible(labels[start])}" + ("" if end - start == 1 else f" – {end - 1} {visible(labels[end - 1])}")
        for start, end in pairwise(marks.tolist())
    ]


def pooled_rows_heatmap(
    weights: Floats,
    names: Sequence[str],
    keys: Sequence[str],
    marks: NDArray[np.intp],
    *,
    theme: Theme,
    tokens: bool = False,
    title_row: str = "",
    rows_total: int | None = None,
    width: int,
    height: int,
) -> go.Figure:
    """`weights` (row, key) with a name for each row; the keys of a block, which starts at marks[i], share a cell.

    `tokens` says that the rows are tokens, `rows_total` is the number of rows the figure has room for. Colours follow the
    square root up to the largest weight, so that a row that is spread over a long text can be seen.
    """
    check_grid("Attention weights", weights, names, keys)
    cells = np.maximum.reduceat(np.asarray(weights, dtype=np.float32), marks[:-1], axis=1)
    rows, columns = Side(names, title_row, tokens=tokens), Side(spans(marks, keys), tokens=False)
    trace = share_trace(
        cells,
        rows,
        columns,
        theme=theme,
        hover="%{y}, keys %{x}: largest weight VALUE",
        scale="sqrt",
        zmax="own",
    )
    row, key = largest_cell(weights)
    each = (marks[-1] - marks[0]) / (len(marks) - 1)
    summary = (
        f"Attention of {len(names)} rows over {len(keys)} keys, pooled: a cell is the largest weight of about {each:.3g} keys. "
        f'The largest is {format_percent(float(weights[row, key]))}, of {visible(names[row])} at "{visible(keys[key])}".'
    )
    return grid(
        trace,
        rows,
        columns,
        theme=theme,
        summary=summary,
        width=width,
        height=height,
        rows_total=rows_total,
        square=False,
    )
