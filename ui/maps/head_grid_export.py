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
    """`pictures` (layers, heads, rows, columns) as the grid shows them, `signed` around 128; `labels` are those of the whole map,
    `about` is the text, `source` gives lines up to `pictures`."""
    shown = theme.current()
    layers, heads = pictures.shape[:2]
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    settings = {"palette": palette, "selected": selected, "signed": signed, "width": SHEET_WIDTH}
    sheet = Drawing(head_pictures, [Expression(pictures, "pictures")], settings, source)

    def words() -> str:
        each = (f"Layer {layer}, head {head}: {captions[layer][head]}." for layer, head in places)
        return f"{name}: {layers} layers of {heads} heads. " + " ".join(each)

    return TakeAway(
        filename=filename,
        words=words,
        csv=lambda: table_csv(
            {
                "layer": [layer for layer, _ in places],
                "head": [head for _, head in places],
                "caption": [captions[layer][head] for layer, head in places],
            }
        ),
        html=lambda: standalone_html(
            "head_grid",
            HTML,
            grid_payload(
                pictures,
                selected=selected,
                captions=captions,
                label=name,
                diverging=DIVERGING[shown.name] if signed else (),
            ),
            title=f"{name}: {about[:80]}",
            said=words(),
            theme=shown,
        ),
        npz=lambda: archive(
            {"pictures": pictures}
            | {side: np.array(of, dtype=np.str_) for side, of in zip(("queries", "keys"), labels, strict=True)}
        ),
        python=sheet.python,
        print=sheet.figure,
    )
