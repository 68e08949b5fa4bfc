"""Tokens as chips."""

from ui.components.token_strip.token_strip import Chip, ChipEvent, Role, Strip, token_strip

__all__ = ["Chip", "ChipEvent", "Role", "Strip", "token_strip"]
