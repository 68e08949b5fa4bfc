"""Saving a Plotly chart as a picture."""

from ui.components.save_picture.save_picture import save_picture

__all__ = ["save_picture"]
