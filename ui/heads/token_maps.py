"""Maps of tokens by tokens on the heads page: exact in a window, pooled where there is more, with all their ways out."""

from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go

from ui import figures
from ui.figures import Matrix, theme
from ui.maps import windows
from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.maps.heatmap import LARGE, corner, small_map
from viz.attention import attention_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.shares import ShareScale
from viz.token_maps import CellKind, token_map
from viz.windows import Window, pooled_heatmap

WIDE, NARROW = 560, 460  # px
CELL = "the largest number"


@dataclass(frozen=True, eq=False)
class Look:
    """What is shown of which head, and in which window."""

    view: AttentionView
    toggles: Toggles
    layer: int
    head: int

    @property
    def sides(self) -> windows.Sides:
        return windows.Sides(self.view.queries, self.view.keys)


@dataclass(frozen=True)
class Named:
    """What stands around a map."""

    key: str
    heading: str
    says: str
    filename: str
    python: Callable[[Window], str]
    width: int = WIDE


def in_small(at: Look, cells: Matrix) -> go.Figure:
    """The whole map in small, to move the window by."""
    return small_map(at.view, at.toggles, cells, windows.shown(at.sides))


def shares(at: Look, cells: Matrix, named: Named) -> None:
    """Weights as a heatmap: exact in a window, pooled where there is more."""
    view, window = at.view, windows.shown(at.sides)
    if window.exact:
        fig = attention_heatmap(
            window.of(cells),
            *at.sides.of(window),
            theme=theme.current(),
            title_query="looks",
            title_key="is looked at",
            hide_future=view.causal,
            first_query=window.query,
            first_key=window.key,
            width=named.width,
        )
    else:
        fig = pooled_heatmap(
            cells,
            view.queries,
            view.keys,
            window,
            theme=theme.current(),
            title_query="looks",
            title_key="is looked at",
            hide_future=view.causal,
            width=named.width,
        )
    place(at.sides, fig, cells, named)


def lengths(at: Look, cells: Matrix, named: Named) -> None:
    """Lengths as a heatmap."""
    a_map(
        at.view,
        at.sides,
        cells,
        named,
        name="length handed over",
        verb="takes from",
        kind="length",
        title_rows="takes",
        title_columns="hands over",
    )


def a_map(
    view: AttentionView,
    sides: windows.Sides,
    cells: Matrix,
    named: Named,
    *,
    name: str,
    verb: str,
    title_rows: str,
    title_columns: str,
    kind: CellKind = "share",
    scale: ShareScale = "linear",
) -> None:
    """A window of a map of tokens by tokens."""
    window = windows.shown(sides)
    queries, keys = sides.of(window)
    fig = token_map(
        window.of(cells),
        queries,
        keys,
        theme=theme.current(),
        name=name,
        verb=verb,
        kind=kind,
        title_rows=title_rows,
        title_columns=title_columns,
        scale=scale,
        zmax="own" if scale == "sqrt" else None,
        hide_future=view.causal,
        first_row=window.query,
        first_column=window.key,
        width=named.width,
    )
    place(sides, fig, cells, named)


def place(sides: windows.Sides, fig: go.Figure, cells: Matrix, named: Named) -> None:
    """The figure of the window, its files with the numbers of that window."""
    window = windows.shown(sides)
    queries, keys = sides.of(window)
    at: dict[str, int] = {"first_query": window.query, "first_key": window.key}
    figures.place(
        fig,
        key=named.key,
        heading=named.heading,
        explained=named.says,
        filename=named.filename,
        csv=lambda: matrix_csv(window.of(cells), queries, keys, **at),
        npz=lambda: matrix_npz(window.of(cells), queries, keys, **at),
        table=(lambda: corner(window.of(cells), queries, keys, at)) if cells.size > LARGE else None,
        python=lambda: named.python(window),
        fill=len(keys) > 20,
    )
    if sides.long:
        windows.bridge(named.key, sides, window)
