"""A map of queries by keys as one value: exact cells of a window, or pooled where a window has too many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from ui import figures
from ui.figures import Matrix, theme
from ui.maps.drawing import Drawing, Expression, Source
from ui.maps.windows import MAP_CELLS_A_SIDE, MAP_WIDTH, Sides, holds
from viz.attention import attention_heatmap, difference_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.frame import outline
from viz.token_maps import token_map
from viz.windows import Window, pooled_difference, pooled_heatmap

MOST_TABLE_CELLS = 40_000  # beyond it the table is of the first rows and columns
TITLES = {"title_query": "query (attends)", "title_key": "key (attended to)"}


@dataclass(frozen=True)
class Look:
    """The figures of one kind of map: `exact` for a window whose cells fit the screen, `pooled` for more of them."""

    exact: Callable[..., go.Figure]
    pooled: Callable[..., go.Figure]
    titles: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, str] = ("first_query", "first_key")  # what `exact` calls the position of its first row and column
    pools_itself: bool = False  # whether `exact` takes a window of any size


WEIGHTS = Look(attention_heatmap, pooled_heatmap, TITLES)
AROUND_ZERO = Look(difference_heatmap, pooled_difference, TITLES)
ANY_CELLS = Look(token_map, pooled_heatmap, first=("first_row", "first_column"), pools_itself=True)


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Cells (query, key) with their labels, the window on screen, and how they are drawn."""

    cells: Matrix
    sides: Sides
    window: Window
    source: Callable[[], Source]  # lines up to the names `cells`, `queries` and `keys`
    look: Look = WEIGHTS
    settings: Mapping[str, object] = field(default_factory=dict)  # of the figure, exact or pooled
    exact_settings: Mapping[str, object] = field(default_factory=dict)  # those that a pooled figure lacks
    small_settings: Mapping[str, object] = field(default_factory=dict)  # of the whole map in small
    framed: Sequence[tuple[int, int]] = ()  # (query, key) of cells with a frame of their own
    width: int = 620  # px

    def drawing(self) -> Drawing:
        """The figure of the window, before cells are framed."""
        window, look = self.window, self.look
        settings = {**look.titles, **self.settings, "width": self.width}
        sides = (self.cells, self.sides.queries, self.sides.keys)
        if not (window.exact or look.pools_itself):
            named = [Expression(value, name) for value, name in zip(sides, NAMES, strict=True)]
            return Drawing(look.pooled, [*named, window], settings, self.source)
        rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
        cut = NAMES
        if window != self.sides.whole:
            cut = (f"cells[{rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]")
        shown = (window.of(self.cells), *self.sides.of(window))
        named = [Expression(value, name) for value, name in zip(shown, cut, strict=True)]
        first = dict(zip(look.first, (window.query, window.key), strict=True))
        return Drawing(look.exact, named, {**settings, **self.exact_settings, **first}, self.source)

    def figure(self) -> go.Figure:
        fig = self.drawing().figure()
        for query, key in self._framed_here():
            shown = theme.current()
            fig.add_shape(outline(shown, x=(key, key), y=(query, query), colour=shown.warning))
        return fig

    def python(self) -> str:
        """A notebook cell that makes the figure."""
        code = self.drawing().code()
        if framed := self._framed_here():
            lines = [
                f"for query, key in {framed}:",
                "    fig.add_shape(outline(LIGHT, x=(key, key), y=(query, query), colour=LIGHT.warning))",
            ]
            code += Source(lines, ["from viz.frame import outline"])
        return code.cell()

    def small(self) -> go.Figure:
        """The whole map, as small as a thumbnail, with the window framed."""
        return self.look.pooled(
            self.cells,
            self.sides.queries,
            self.sides.keys,
            self.sides.whole,
            theme=theme.current(),
            framed=self.window,
            most=MAP_CELLS_A_SIDE,
            width=MAP_WIDTH,
            show_bar=False,
            title_query="",
            title_key="",
            **self.small_settings,
        )

    def csv(self, rows: int | None = None, columns: int | None = None) -> str:
        """The numbers of the window; of large ones, if asked, the first rows and columns alone."""
        queries, keys = self.sides.of(self.window)
        cells = self.window.of(self.cells)[:rows, :columns]
        return matrix_csv(cells, queries[:rows], keys[:columns], **self._first())

    def npz(self) -> bytes:
        queries, keys = self.sides.of(self.window)
        return matrix_npz(self.window.of(self.cells), queries, keys, **self._first())

    def _first(self) -> dict[str, int]:
        return {"first_query": self.window.query, "first_key": self.window.key}

    def _framed_here(self) -> list[tuple[int, int]]:
        """The framed cells that an exact window has."""
        return [cell for cell in self.framed if self.window.exact and holds(self.window, *cell)]


NAMES = ("cells", "queries", "keys")


@dataclass(frozen=True)
class Caption:
    """What stands around a map: its heading with an explanation on hover, and the name of its files."""

    key: str
    heading: str
    explained: str
    filename: str


def draw_map(shown: AttentionMap, caption: Caption, *, short_table: bool = False, stretched_from: int = 41) -> None:
    """The figure with its ways out. It takes the column's width from so many keys on; with `short_table` the table of a large
    map is a part of it."""
    first_rows = figures.TABLE_ROWS, figures.TABLE_COLUMNS - 2
    large = short_table and shown.cells.size > MOST_TABLE_CELLS
    figures.place(
        shown.figure(),
        key=caption.key,
        heading=caption.heading,
        explained=caption.explained,
        filename=caption.filename,
        csv=shown.csv,
        npz=shown.npz,
        table=(lambda: shown.csv(*first_rows)) if large else None,
        python=shown.python,
        fill=shown.window.key_end - shown.window.key >= stretched_from,
    )
