"""Several lines of text, told while they are typed."""

from ui.components.live_text.live_text import live_text

__all__ = ["live_text"]
