"""Text boxes that tell what is typed while it is typed."""

from ui.components.live_text.live_text import send_while_typed

__all__ = ["send_while_typed"]
