"""Placing a figure: heading, chart, description, and its way out as a picture, a page, numbers, a link, code or words."""

import csv as csv_text
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlencode

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch
from numpy.typing import NDArray
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
from streamlit.elements.lib.mutable_popover_container import PopoverContainer

from ui import tables, theme
from ui.components.save_picture.save_picture import save_picture
from ui.tables import Cell
from viz.export import figure_html, figure_npz, modebar
from viz.frame import summary

Matrix = NDArray[np.float32]
TABLE_ROWS, TABLE_COLUMNS = 40, 14
NO_BUTTONS: dict[str, object] = {"displayModeBar": False, "responsive": True}


def array(x: torch.Tensor) -> Matrix:
    """A tensor as the figures take it."""
    return cast("Matrix", x.float().cpu().numpy())


@dataclass(frozen=True)
class TakeAway:
    """What can be had of a view; each part is made when someone asks for it."""

    filename: str
    words: Callable[[], str]  # one paragraph, for those who cannot see the figure
    csv: Callable[[], str]
    html: Callable[[], str]
    npz: Callable[[], bytes]
    python: Callable[[], str] | None = None  # code that makes the same figure
    table: Callable[[], str] | None = None  # the part of a large CSV that is of use as a table; None: the CSV itself
    picture: bool = True  # whether it is a Plotly chart, which can be saved as a picture from here
    print: Callable[[], go.Figure] | None = None  # a chart made only to be saved as a picture


def place(
    fig: go.Figure,
    *,
    key: str,
    heading: str,
    explained: str,
    filename: str,
    csv: Callable[[], str],
    fill: bool = True,
    npz: Callable[[], bytes] | None = None,
    python: Callable[[], str] | None = None,
    table: Callable[[], str] | None = None,
) -> None:
    """A heading with its explanation on hover and the ways to save on its right, and below it the figure.

    `csv`, `npz`, `python` and `table` are called when someone asks for them; without `npz` the archive holds the arrays of
    the figure, without `table` the table is that of the CSV. `fill`: the figure takes the column's width; else its own.
    """
    head(
        fig,
        key=key,
        heading=heading,
        explained=explained,
        filename=filename,
        csv=csv,
        npz=npz,
        python=python,
        table=table,
    )
    chart(fig, key=key, filename=filename, fill=fill)


def head(
    fig: go.Figure,
    *,
    key: str,
    heading: str,
    explained: str,
    filename: str,
    csv: Callable[[], str],
    npz: Callable[[], bytes] | None = None,
    python: Callable[[], str] | None = None,
    table: Callable[[], str] | None = None,
) -> None:
    """The line above a figure."""
    with st.container(horizontal=True, key=f"head_{key}", gap="small", vertical_alignment="center"):
        st.markdown(f"**{heading}**", help=explained, width="stretch")
        ways_to_save(
            fig, key=key, title=as_text(heading), filename=filename, csv=csv, npz=npz, python=python, table=table
        )


def as_text(heading: str) -> str:
    """A heading without the backslashes that keep its tokens from being read as markup."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", heading)


def ways_to_save(
    fig: go.Figure,
    *,
    key: str,
    title: str,
    filename: str,
    csv: Callable[[], str],
    npz: Callable[[], bytes] | None = None,
    python: Callable[[], str] | None = None,
    table: Callable[[], str] | None = None,
) -> None:
    """One quiet button that opens all ways to take a figure away."""
    shown = theme.current()
    parts = TakeAway(
        filename=filename,
        words=lambda: summary(fig),
        csv=csv,
        html=lambda: figure_html(fig, title, theme=shown),
        npz=npz or (lambda: figure_npz(fig)),
        python=python,
        table=table,
    )
    take_away(parts, key=key)


def take_away(parts: TakeAway, *, key: str) -> None:
    """The button; what is behind it is made when it is opened."""
    box = st.popover(
        "Take away",
        key=f"save_{key}",
        type="tertiary",
        on_change="rerun",
        help="Save as a picture, a page or numbers; copy the link or the code; read it as a table",
    )
    if not is_open(box):
        return
    with box:
        files(parts, key=key)
        st.markdown("**Link to this view**")
        st.code(address(), language=None, wrap_lines=True)
        if parts.python is not None:
            st.markdown(
                "**The same figure in a notebook**", help="Run it in Regard's folder, with its requirements installed"
            )
            st.code(parts.python(), language="python", height=220)
        st.markdown("**In words**")
        said = parts.words()
        st.text(said)
        st.markdown("**As a table**")
        twin((parts.table or parts.csv)(), label=said)
        if parts.table is not None:
            st.caption("A part of the numbers; the CSV holds them all.")


def is_open(box: PopoverContainer | ExpanderContainer) -> bool:
    """Whether someone looks into a fold: only then is its content made."""
    return bool(box.open)


def files(parts: TakeAway, *, key: str) -> None:
    """The figure as files."""
    chart_key = key
    if parts.print is not None:
        chart_key = f"{key}_print"
        chart(parts.print(), key=chart_key, filename=parts.filename, fill=False)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if parts.picture:
            save_picture(chart_key, parts.filename, key=f"{key}_picture")
        offers = (
            ("HTML", "html", parts.html, "text/html", "One file that shows this in any browser, with no network"),
            ("CSV", "csv", parts.csv, "text/csv", "The numbers, in full precision"),
            ("NPZ", "npz", parts.npz, "application/octet-stream", "The arrays, for numpy.load"),
        )
        for label, ending, data, mime, says in offers:
            offer(label, data, f"{parts.filename}.{ending}", mime, key=f"{key}_{ending}", says=says)


def offer(label: str, data: Callable[[], str | bytes], filename: str, mime: str, *, key: str, says: str) -> None:
    """A quiet button for a file, which is made when someone asks for it, out of reach of the session."""
    st.download_button(
        label,
        data=data,
        file_name=filename,
        mime=mime,
        key=key,
        on_click="ignore",
        help=says,
        type="tertiary",
    )


def address() -> str:
    """The address that restores this view."""
    query = urlencode(st.query_params.to_dict())
    return f"{st.context.url or ''}{'?' if query else ''}{query}"


def twin(text: str, *, label: str) -> None:
    """The numbers of a figure as a table that a screen reader can walk, as many as are of use there."""
    rows = list(csv_text.reader(io.StringIO(text)))
    if not rows:
        return
    tables.table(
        [Cell(name) for name in rows[0][:TABLE_COLUMNS]],
        [[Cell(short(value)) for value in row[:TABLE_COLUMNS]] for row in rows[1 : TABLE_ROWS + 1]],
        label=label,
    )
    left = left_out(len(rows) - 1, len(rows[0]))
    if left:
        st.caption(f"{left} are left out here; the CSV holds them.")


def left_out(rows: int, columns: int) -> str:
    counted = ((max(rows - TABLE_ROWS, 0), "row"), (max(columns - TABLE_COLUMNS, 0), "column"))
    return " and ".join(f"{count:,} {name}{'s' if count > 1 else ''}" for count, name in counted if count)


def short(value: str) -> str:
    """A number to four figures; text as it is."""
    return f"{float(value):.4g}" if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?|-?\d+e-?\d+", value) else value


def chart(fig: go.Figure, *, key: str, filename: str, fill: bool = True) -> None:
    """The figure alone. One that cannot be zoomed has no buttons over it, which would hide what stands there."""
    width: Literal["stretch", "content"] = "stretch" if fill else "content"
    config = NO_BUTTONS if fig.layout.dragmode is False else modebar(filename)
    st.plotly_chart(fig, key=key, theme=None, config=config, alt=summary(fig), width=width)


def strip(fig: go.Figure, *, key: str) -> None:
    """A small figure inside a text."""
    st.plotly_chart(fig, key=key, theme=None, config=NO_BUTTONS, alt=summary(fig))
