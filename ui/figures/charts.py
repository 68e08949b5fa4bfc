"""A Plotly chart on a page."""

from typing import Literal, cast

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch
from numpy.typing import NDArray

from viz.export import modebar
from viz.frame import summary

Matrix = NDArray[np.float32]
MANY_LINES = 2  # a legend with more is worth taking apart
LEGEND = "Click a name in the legend to hide it, double-click it to see it alone."
NO_BUTTONS: dict[str, object] = {"displayModeBar": False, "responsive": True}


def array(x: torch.Tensor) -> Matrix:
    """A tensor as a float32 array, which figures take."""
    return cast("Matrix", x.float().cpu().numpy())


def chart(fig: go.Figure, *, key: str, filename: str, fill: bool = True) -> None:
    """Draws the figure alone. One that cannot be zoomed gets no buttons, because they would hide a part of it."""
    width: Literal["stretch", "content"] = "stretch" if fill else "content"
    config = NO_BUTTONS if fig.layout.dragmode is False else modebar(filename)
    st.plotly_chart(fig, key=key, theme=None, config=config, alt=summary(fig), width=width)
    if fig.layout.showlegend and len([trace for trace in fig.data if trace.name]) > MANY_LINES:
        st.caption(LEGEND)


def strip(fig: go.Figure, *, key: str) -> None:
    """Draws a small figure without buttons."""
    st.plotly_chart(fig, key=key, theme=None, config=NO_BUTTONS, alt=summary(fig))
