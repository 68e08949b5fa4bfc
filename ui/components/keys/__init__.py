"""Keyboard shortcuts of a page."""

from ui.components.keys.keys import keys

__all__ = ["keys"]
