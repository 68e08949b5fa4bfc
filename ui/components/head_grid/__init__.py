"""All heads at a glance."""

from ui.components.head_grid.head_grid import HeadEvent, head_grid, signed_thumbnails, thumbnails

__all__ = ["HeadEvent", "head_grid", "signed_thumbnails", "thumbnails"]
