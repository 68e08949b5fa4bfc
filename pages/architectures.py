"""Which architecture, and what does it change? One sentence through several models, side by side."""

from ui import architectures_view, settings, side_by_side

run = settings.shown()
names = side_by_side.pick(run.spec.model)
columns = architectures_view.columns(names)
sides = [
    architectures_view.prediction(column, name, run, i)
    for i, (column, name) in enumerate(zip(columns, names, strict=True))
]
layer = architectures_view.attention(sides)
architectures_view.influence(sides, layer)
architectures_view.differences(sides)
architectures_view.drawings(sides)
