"""Figures and numbers as files: HTML that needs no network, CSV, NumPy archives, and Plotly's own buttons."""

import csv
import html
import io
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz.frame import Floats, check_grid, summary
from viz.theme import LIGHT, TEXT_FONT, Theme

ImageFormat = Literal["png", "svg"]
PNG_SCALE = 3


def modebar(filename: str, format: ImageFormat = "png") -> dict[str, object]:
    """Plotly's configuration for a figure on a page: few buttons, and pictures for print named `filename`."""
    if format not in ("png", "svg"):
        raise ValueError(f"Pictures are saved as png or svg, not {format}.")
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "responsive": True,
        "scrollZoom": False,
        "showTips": False,
        "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
        "toImageButtonOptions": {"format": format, "filename": filename, "scale": PNG_SCALE if format == "png" else 1},
    }


CONFIG = modebar("regard")


def figure_html(fig: go.Figure, title: str, *, theme: Theme = LIGHT) -> str:
    """One file that shows the figure in any browser without a network; it contains plotly.js (about 5 MB)."""
    plot = fig.to_html(full_html=False, include_plotlyjs=True, include_mathjax=False, config=modebar("regard", "svg"))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>body{{margin:24px;background:{theme.background};color:{theme.text};font:16px {TEXT_FONT}}}"
        f"h1{{font-size:20px;font-weight:600}}p{{color:{theme.muted}}}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n{plot}\n<p>{html.escape(summary(fig))}</p></body></html>\n"
    )


def matrix_csv(
    weights: Floats, queries: Sequence[str], keys: Sequence[str], *, first_query: int = 0, first_key: int = 0
) -> str:
    """A row for each query and a column for each key, `weights` (query, key) in full precision; NaN is an empty field.

    The header is `query_index, query, 0:Je, 1:adore, ...`, so that equal tokens have different names. `first_query` and
    `first_key` are the positions of the first row and column, for a window into a longer text. Token text is written as it is and
    quoted as in RFC 4180, so a spreadsheet may read a token such as "=1+1" as a formula.
    """
    check_grid("Weights", weights, queries, keys)
    header = ["query_index", "query", *(f"{index}:{key}" for index, key in enumerate(keys, first_key))]
    rows = [[str(first_query + i), query, *map(_exact, weights[i].tolist())] for i, query in enumerate(queries)]
    return _csv([header, *rows])


def table_csv(columns: dict[str, list[str] | list[int] | list[float]]) -> str:
    """A column for each entry, all of the same length; numbers in full precision, text as it is."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        described = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"The columns of a table have one length; these have {described}.")
    body = [[_exact(value) for value in row] for row in zip(*columns.values(), strict=True)]
    return _csv([list(columns), *body])


def _exact(value: str | int | float | np.generic) -> str:
    """Text as it is; a number with all its digits."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str):
        return plain
    return "" if plain != plain else repr(plain)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def matrix_npz(
    weights: Floats, queries: Sequence[str], keys: Sequence[str], *, first_query: int = 0, first_key: int = 0
) -> bytes:
    """A NumPy archive with `weights`, both lists of labels, and the positions of the first query and key.

    It loads without pickle.
    """
    check_grid("Weights", weights, queries, keys)
    return archive(
        {
            "weights": weights,
            "queries": np.array(queries, dtype=np.str_),
            "keys": np.array(keys, dtype=np.str_),
            "first_query": np.array(first_query),
            "first_key": np.array(first_key),
        }
    )


def archive(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """A compressed NumPy archive of arrays under their names; it loads without pickle."""
    data = io.BytesIO()
    np.savez_compressed(data, allow_pickle=False, **arrays)
    return data.getvalue()


def figure_npz(fig: go.Figure) -> bytes:
    """A NumPy archive with the numbers of a figure: x, y, z and customdata of each trace, named like "0_z", and "names", the names
    of the traces. Text and mixed data are left out; it loads without pickle."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, trace in enumerate(fig.data):
        for name in ("x", "y", "z", "customdata"):
            drawn = np.asarray(trace[name]) if name in trace and trace[name] is not None else np.array("")
            if drawn.dtype.kind in "biuf":
                arrays[f"{number}_{name}"] = drawn
    names = np.array([str(trace.name or trace.type) for trace in fig.data], dtype=np.str_)
    return archive({"names": names} | arrays)
