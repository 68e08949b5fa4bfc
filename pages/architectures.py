"""Which architecture, and what does it change? One sentence through several models, side by side."""

from ui import architectures_view, side_by_side
from ui.runs import runner

run = runner.shown()
names = side_by_side.pick(run.spec.model)
sides = architectures_view.predictions(names, run)
layer = architectures_view.attention(sides)
architectures_view.influence(sides, layer)
architectures_view.differences(sides)
architectures_view.drawings(sides)
