"""Figures in the colours of the theme the browser shows."""

from ui.components.theme_watch.theme_watch import theme_watch

__all__ = ["theme_watch"]
