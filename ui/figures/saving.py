"""Saving a figure: as a picture, an HTML page, numbers, a link, code, words or a table."""

import csv as csv_text
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
from streamlit.elements.lib.mutable_popover_container import PopoverContainer

from ui.components.save_picture.save_picture import save_picture
from ui.figures import tables, theme
from ui.figures.charts import chart
from ui.figures.tables import Cell
from viz.export import figure_html, figure_npz
from viz.frame import summary

TABLE_ROWS, TABLE_COLUMNS = 40, 14
LINK = "link_of_view"  # in the session


@dataclass(frozen=True)
class TakeAway:
    """What can be saved of a view; each part is made when someone asks for it."""

    filename: str
    words: Callable[[], str]  # one paragraph, for those who cannot see the figure
    csv: Callable[[], str]
    html: Callable[[], str]
    npz: Callable[[], bytes]
    python: Callable[[], str] | None = None  # code that makes the same figure
    table: Callable[[], str] | None = None  # the part of a large CSV that is of use as a table; None: the CSV itself
    picture: bool = True  # whether it is a Plotly chart, which can be saved as a picture from here
    print: Callable[[], go.Figure] | None = None  # a chart made only to be saved as a picture
    note: str = ""  # what the files leave out


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
    """Draws the button that opens all ways to save a figure."""
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
    """Draws the buttons of a view: one shows it in words and as a table, one saves it."""
    with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
        in_words(parts, key=key)
        to_save(parts, key=key)


def to_save(parts: TakeAway, *, key: str) -> None:
    """Draws the button that saves a view; its content is made when it is opened."""
    box = st.popover(
        "Export",
        key=f"save_{key}",
        type="tertiary",
        on_change="rerun",
        help="Save as a picture, a page or numbers; copy the link or the code",
    )
    if not is_open(box):
        return
    with box:
        draw_files(parts, key=key)
        if parts.picture:
            st.caption("In an SVG the cells of a heatmap are one bitmap; text and lines stay vectors.")
        if parts.note:
            st.caption(parts.note)
        st.markdown("**Link to this view**")
        st.code(link(), language=None, wrap_lines=True)
        if parts.python is not None:
            st.markdown(
                "**The same figure in a notebook**", help="Run it in Regard's folder, with its requirements installed"
            )
            st.code(parts.python(), language="python", height=220)


def in_words(parts: TakeAway, *, key: str) -> None:
    """Draws the button that shows a view as a paragraph and as a table; its content is made when it is opened."""
    box = st.popover(
        "In words",
        key=f"words_{key}",
        type="tertiary",
        on_change="rerun",
        help="The same in a sentence, and the numbers as a table",
    )
    if not is_open(box):
        return
    with box:
        said = parts.words()
        st.text(said)
        st.markdown("**As a table**")
        draw_table((parts.table or parts.csv)(), label=said)
        if parts.table is not None:
            st.caption("A part of the numbers; the CSV holds them all.")


def is_open(box: PopoverContainer | ExpanderContainer) -> bool:
    """Whether a popover or an expander is open: only then is its content made."""
    return bool(box.open)


def draw_files(parts: TakeAway, *, key: str) -> None:
    """Draws the buttons for the files of a view."""
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
    """Draws a button for a file. `data` is called when it is clicked, outside the session: it cannot read its state."""
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


def link_from(read: Callable[[], str]) -> None:
    """Call first in a run, with the function that returns the address which restores the view.

    Figures do not know what the address holds, and it may change until a figure is drawn: so they are given a function.
    """
    st.session_state[LINK] = read


def link() -> str:
    """The address that restores the view; empty where nobody called `link_from`."""
    read: Callable[[], str] | None = st.session_state.get(LINK)
    return "" if read is None else read()


def draw_table(text: str, *, label: str) -> None:
    """Draws the first rows and columns of a CSV as a table for screen readers."""
    rows = list(csv_text.reader(io.StringIO(text)))
    if not rows:
        return
    tables.table(
        [Cell(name) for name in rows[0][:TABLE_COLUMNS]],
        [[Cell(short(value)) for value in row[:TABLE_COLUMNS]] for row in rows[1 : TABLE_ROWS + 1]],
        label=label,
    )
    left = left_out_words(len(rows) - 1, len(rows[0]))
    if left:
        st.caption(f"{left} are left out here; the CSV holds them.")


def left_out_words(rows: int, columns: int) -> str:
    """How many rows and columns the table leaves out, in words; empty where it leaves out none."""
    counted = ((max(rows - TABLE_ROWS, 0), "row"), (max(columns - TABLE_COLUMNS, 0), "column"))
    return " and ".join(f"{count:,} {name}{'s' if count > 1 else ''}" for count, name in counted if count)


def short(value: str) -> str:
    """A number to four figures; text as it is."""
    return f"{float(value):.4g}" if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?|-?\d+e-?\d+", value) else value
