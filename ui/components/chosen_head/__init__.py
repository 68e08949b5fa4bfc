"""Which head a grid of heads marks."""

from ui.components.chosen_head.chosen_head import chosen_head

__all__ = ["chosen_head"]
