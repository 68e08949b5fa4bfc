"""Clicks on a Plotly chart."""

from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge

__all__ = ["PointEvent", "plotly_bridge"]
