"""Attention as lines between two lists of tokens."""

from ui.components.attention_lines.attention_lines import Lines, LineToken, LineView, LineWords, attention_lines

__all__ = ["LineToken", "LineView", "LineWords", "Lines", "attention_lines"]
