"""What a set of lines shows."""

from ui.components.lines_settings.lines_settings import lines_settings

__all__ = ["lines_settings"]
