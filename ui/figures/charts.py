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


NO_BUTTONS: dict[str, object] = {"displayModeBar": False, "responsive": True}


def array(x: torch.Tensor) -> Matrix:
    """A tensor as the figures take it."""
    return cast("Matrix", x.float().cpu().numpy())


def chart(fig: go.Figure, *, key: str, filename: str, fill: bool = True) -> None:
    """The figure alone. One that cannot be zoomed has no buttons over it, which would hide what stands there."""
    width: Literal["stretch", "content"] = "stretch" if fill else "content"
    config = NO_BUTTONS if fig.layout.dragmode is False else modebar(filename)
    st.plotly_chart(fig, key=key, theme=None, config=config, alt=summary(fig), width=width)


def strip(fig: go.Figure, *, key: str) -> None:
    """A small figure inside a text."""
    st.plotly_chart(fig, key=key, theme=None, config=NO_BUTTONS, alt=summary(fig))
