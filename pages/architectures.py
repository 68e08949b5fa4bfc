"""Which architecture, and what does it change? One sentence through several models, side by side."""

from ui.models import architectures, side_by_side
from ui.runs import runner

run = runner.shown()
names = side_by_side.pick_models(run.spec.model)
sides = architectures.draw_predictions(names, run)
layer = architectures.draw_attention(sides)
architectures.draw_influence(sides, layer)
architectures.draw_differences(sides)
architectures.draw_blocks(sides)
