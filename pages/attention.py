"""Where does each head look? All heads at a glance, one head exactly."""

from ui.attention import page, row
from ui.maps import attention, display_options, pickers
from ui.runs import runner

run = runner.shown()
part = pickers.pick_part(run, pairs=True)
toggles = display_options.chosen()
view = attention.shown(pickers.with_target(run), part, toggles.special, toggles.words == "on")
main, beside = page.halves()
with main:
    layer, head = pickers.pickers(view)
    weights = view.head_weights(layer, head)
    page.detail(view, toggles, layer, head, weights)
with beside:
    if not page.alone():
        page.overview(view, toggles, layer, head)
    row.chips(view, weights)
pickers.draw_keys(view, layer, head)
