"""Play and pause."""

from ui.components.player.player import player

__all__ = ["player"]
