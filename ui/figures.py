"""Placing a figure: heading, chart, description, and its way out as a picture, a page or numbers."""

import re
from collections.abc import Callable
from typing import Literal, cast

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch
from numpy.typing import NDArray

from ui import theme
from ui.components.save_picture.save_picture import save_picture
from viz.export import figure_html, modebar
from viz.frame import summary

Matrix = NDArray[np.float32]


def array(x: torch.Tensor) -> Matrix:
    """A tensor as the figures take it."""
    return cast("Matrix", x.float().cpu().numpy())


def place(
    fig: go.Figure, *, key: str, heading: str, explained: str, filename: str, csv: Callable[[], str], fill: bool = True
) -> None:
    """A heading with its explanation on hover and the ways to save on its right, and below it the figure.

    `csv` is called when someone asks for the numbers. `fill`: the figure takes the column's width; else its own.
    """
    head(fig, key=key, heading=heading, explained=explained, filename=filename, csv=csv)
    chart(fig, key=key, filename=filename, fill=fill)


def head(fig: go.Figure, *, key: str, heading: str, explained: str, filename: str, csv: Callable[[], str]) -> None:
    """The line above a figure."""
    with st.container(horizontal=True, key=f"head_{key}", gap="small", vertical_alignment="center"):
        st.markdown(f"**{heading}**", help=explained, width="stretch")
        ways_to_save(fig, key=key, title=as_text(heading), filename=filename, csv=csv)


def as_text(heading: str) -> str:
    """A heading without the backslashes that keep its tokens from being read as markup."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", heading)


def ways_to_save(fig: go.Figure, *, key: str, title: str, filename: str, csv: Callable[[], str]) -> None:
    """Quiet buttons in a line: the figure as a picture, as a page and as numbers."""
    shown = theme.current()
    with st.container(horizontal=True, key=f"save_{key}", gap=None, width="content", vertical_alignment="center"):
        save_picture(key, filename, key=f"{key}_picture")
        st.download_button(
            "HTML",
            data=lambda: figure_html(fig, title, theme=shown),
            file_name=f"{filename}.html",
            mime="text/html",
            key=f"{key}_html",
            on_click="ignore",
            help="One file that shows this figure in any browser, with no network",
            type="tertiary",
        )
        st.download_button(
            "CSV",
            data=csv,
            file_name=f"{filename}.csv",
            mime="text/csv",
            key=f"{key}_csv",
            on_click="ignore",
            help="The numbers, in full precision",
            type="tertiary",
        )


def chart(fig: go.Figure, *, key: str, filename: str, fill: bool = True) -> None:
    """The figure alone."""
    width: Literal["stretch", "content"] = "stretch" if fill else "content"
    st.plotly_chart(fig, key=key, theme=None, config=modebar(filename), alt=summary(fig), width=width)


def strip(fig: go.Figure, *, key: str) -> None:
    """A small figure inside a text: no buttons."""
    st.plotly_chart(fig, key=key, theme=None, config={"displayModeBar": False, "responsive": True}, alt=summary(fig))
