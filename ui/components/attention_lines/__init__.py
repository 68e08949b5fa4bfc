"""Attention as lines between two lists of tokens."""

from ui.components.attention_lines.attention_lines import LineToken, LineWords, attention_lines

__all__ = ["LineToken", "LineWords", "attention_lines"]
