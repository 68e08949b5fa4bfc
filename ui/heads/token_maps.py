"""The maps of tokens by tokens on the page Heads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ui.figures import Matrix
from ui.maps import heatmap, notebook, windows
from ui.maps.attention import AttentionView
from ui.maps.attention_map import ANY_CELLS, WEIGHTS, AttentionMap, Caption, Look, draw_map
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source

WIDE, NARROW = 560, 460  # px
CELL = "the largest number"
LENGTHS: Mapping[str, object] = {
    "name": "length handed over",
    "verb": "takes from",
    "kind": "length",
    "title_rows": "takes",
    "title_columns": "hands over",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """The attention that maps are made of, and their width in px."""

    view: AttentionView
    toggles: Toggles
    layer: int
    head: int = 0
    width: int = WIDE

    def weights(self, cells: Matrix, source: Callable[[], Source]) -> AttentionMap:
        """Weights, from 0 to 1."""
        blank = self.view.blank_outside(self.layer, cells)
        return self._map(
            blank,
            lambda: source() + notebook.outside(self.view, self.layer, "cells"),
            WEIGHTS,
            self.view.kind.titles,
        )

    def lengths(self, cells: Matrix, source: Callable[[], Source]) -> AttentionMap:
        """Lengths of what is handed over."""
        return self._map(cells, source, ANY_CELLS, LENGTHS)

    def rollout(self, cells: Matrix, source: Callable[[], Source]) -> AttentionMap:
        """Shares of the input tokens, coloured by their square root."""
        titles = {"title_rows": f"after layer {self.layer}", "title_columns": "came in as"}
        settings = {"name": "rollout", "verb": "holds of", "scale": "sqrt", "zmax": "own", **titles}
        return self._map(cells, source, ANY_CELLS, settings)

    def _map(
        self, cells: Matrix, source: Callable[[], Source], look: Look, settings: Mapping[str, object]
    ) -> AttentionMap:
        sides = windows.Sides(self.view.queries, self.view.keys)
        return AttentionMap(
            cells,
            sides,
            windows.shown(sides),
            source,
            look,
            settings={**settings, "hide_future": self.view.causal},
            small_settings=heatmap.small_settings(self.view, self.toggles),
            width=self.width,
        )


def draw(shown: AttentionMap, caption: Caption) -> None:
    """A map with its files. Those of a long text hold the window on screen."""
    draw_map(shown, caption, short_table=True, stretched_from=21)
    if shown.sides.long:
        windows.bridge(caption.key, shown.sides, shown.window)


def draw_position(shown: AttentionMap) -> None:
    """Where in a long text these maps are, with one of them in small to move the window by."""
    windows.draw_position(shown.sides, shown.window, shown.small, cell=CELL)
