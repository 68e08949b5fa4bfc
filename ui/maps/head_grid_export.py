"""All heads as files: a sheet for print, a page of their own, the pictures as arrays, and each head in words."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ui.components.head_grid.head_grid import HTML, grid_payload
from ui.components.standalone import standalone_html
from ui.figures import TakeAway, theme
from ui.maps.drawing import Drawing, Expression, Source
from viz.export import archive, table_csv
from viz.head_pictures import head_pictures
from viz.theme import DIVERGING, Palette

SHEET_WIDTH = 520  # px


def files(
    pictures: NDArray[np.uint8],
    captions: Sequence[Sequence[str]],
    labels: tuple[Sequence[str], Sequence[str]],
    *,
    selected: tuple[int, int],
    name: str,
    about: str,
    filename: str,
    source: Callable[[], Source],
    signed: bool = False,
    palette: Palette = "accent",
) -> TakeAway:
    """The files of a grid of heads.

    `pictures` (layers, heads, rows, columns) are bytes as the grid shows them; with `signed`, 128 is zero. `labels` are those of
    the rows and columns of a whole map, `about` is the text, `source` gives lines up to `pictures`.
    """
    shown = theme.current()
    settings = {"palette": palette, "selected": selected, "signed": signed, "width": SHEET_WIDTH}
    sheet = Drawing(head_pictures, [Expression(pictures, "pictures")], settings, source)

    def page() -> str:
        colours = DIVERGING[shown.name] if signed else ()
        grid = grid_payload(pictures, selected=selected, captions=captions, label=name, diverging=colours)
        title = f"{name}: {about[:80]}"
        return standalone_html("head_grid", HTML, grid, title=title, said=in_words(name, captions), theme=shown)

    return TakeAway(
        filename=filename,
        words=lambda: in_words(name, captions),
        csv=lambda: as_csv(captions),
        html=page,
        npz=lambda: archive(
            {"pictures": pictures}
            | {side: np.array(of, dtype=np.str_) for side, of in zip(("queries", "keys"), labels, strict=True)}
        ),
        python=sheet.python,
        print=sheet.figure,
    )


def in_words(name: str, captions: Sequence[Sequence[str]]) -> str:
    """One paragraph: what each head does."""
    each = (f"Layer {i}, head {j}: {caption}." for i, row in enumerate(captions) for j, caption in enumerate(row))
    return f"{name}: {len(captions)} layers of {len(captions[0])} heads. " + " ".join(each)


def as_csv(captions: Sequence[Sequence[str]]) -> str:
    """A row for each head."""
    heads = [(i, j, caption) for i, row in enumerate(captions) for j, caption in enumerate(row)]
    return table_csv(
        {
            "layer": [layer for layer, _, _ in heads],
            "head": [head for _, head, _ in heads],
            "caption": [caption for _, _, caption in heads],
        }
    )
