"""A figure under its heading, with its explanation and the buttons that save it."""

import re
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from ui.figures.charts import chart
from ui.figures.saving import ways_to_save


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
    """Draws a heading, with its explanation on hover and the button to save on its right, and the figure below it.

    `csv`, `npz`, `python` and `table` are called when someone asks for them. Without `npz` the archive holds the arrays of
    the figure; without `table` the table is made from the CSV. `fill`: the figure has the column's width, else its own.
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
    """Draws the line above a figure: heading, explanation and the button to save."""
    with st.container(horizontal=True, key=f"head_{key}", gap="small", vertical_alignment="center"):
        st.markdown(f"**{heading}**", help=explained, width="stretch")
        ways_to_save(
            fig, key=key, title=as_text(heading), filename=filename, csv=csv, npz=npz, python=python, table=table
        )


def as_text(heading: str) -> str:
    """A heading without the backslashes of its escaped tokens."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", heading)
