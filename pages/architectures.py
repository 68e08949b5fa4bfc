"""Which architecture, and what does it change? One sentence through several models, side by side."""

from ui.models import architectures, side_by_side
from ui.runs import runner

run = runner.shown()
names = side_by_side.pick(run.spec.model)
sides = architectures.predictions(names, run)
layer = architectures.attention(sides)
architectures.influence(sides, layer)
architectures.differences(sides)
architectures.drawings(sides)
