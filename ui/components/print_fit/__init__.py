"""Pages on paper."""

from ui.components.print_fit.print_fit import print_fit

__all__ = ["print_fit"]
