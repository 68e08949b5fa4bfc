"""All heads as files: a sheet for print, a page of their own, the exact numbers as arrays, and each head in words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ui.components.head_grid.head_grid import HTML, grid_payload
from ui.components.standalone import standalone_html
from ui.figures import Matrix, TakeAway, theme
from ui.maps.attention import AttentionView
from ui.maps.drawing import Drawing, Expression, Source
from viz.export import archive, table_csv
from viz.head_pictures import head_pictures
from viz.theme import DIVERGING, Palette

SHEET_WIDTH = 520  # px
MOST_EXACT_BYTES = 512 * 1024**2  # of all heads' numbers in one file


@dataclass(frozen=True, eq=False)
class Exact:
    """The numbers that the pictures are made of, layer by layer: (heads, query, key), float32."""

    layers: Callable[[], Iterable[Matrix]]
    bytes: int

    @property
    def fits(self) -> bool:
        """Whether they are few enough for one file."""
        return self.bytes <= MOST_EXACT_BYTES


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
    exact: Exact,
    signed: bool = False,
    palette: Palette = "accent",
) -> TakeAway:
    """The files of a grid of heads.

    `pictures` (layers, heads, rows, columns) are bytes as the grid shows them; with `signed`, 128 is zero. `labels` are those of
    the rows and columns of a whole map, `about` is the text, `source` gives lines up to `pictures`. The archive holds the `exact`
    numbers, one array a layer, or the pictures where these are too many.
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
        npz=lambda: arrays(pictures, labels, exact),
        python=sheet.python,
        print=sheet.figure,
        note="" if exact.fits else TOO_MANY.format(exact.bytes / 2**30),
    )


TOO_MANY = (
    "The weights of all heads are {:.1f} GiB, too many for one file: NPZ holds the pictures, as bytes. Export one head, or "
    "a window, for its exact weights."
)


def arrays(pictures: NDArray[np.uint8], labels: tuple[Sequence[str], Sequence[str]], exact: Exact) -> bytes:
    """An archive with the labels and the exact numbers of each layer, (heads, query, key)."""
    named: dict[str, NDArray[np.generic]] = {
        side: np.array(of, dtype=np.str_) for side, of in zip(("queries", "keys"), labels, strict=True)
    }
    if not exact.fits:
        return archive({"pictures": pictures, **named})
    return archive({**{f"layer_{i}": layer.astype(np.float32) for i, layer in enumerate(exact.layers())}, **named})


def weights_of(view: AttentionView) -> Exact:
    """The exact weights of all heads of a view; a pair that is not shown is NaN."""

    def layers() -> Iterable[Matrix]:
        return (view.only_kept(view.weights(layer), blank=np.nan) for layer in range(view.layers))

    return Exact(layers, 4 * view.layers * view.heads * len(view.queries) * len(view.keys))


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
