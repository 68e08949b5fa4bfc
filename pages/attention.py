"""Where does each head look? All heads at a glance, one head exactly."""

from ui.attention import page, row
from ui.maps import attention, display_options, pickers
from ui.runs import runner

run = runner.shown()
kind = pickers.pick_attention(run, pairs=True)
toggles = display_options.chosen()
view = attention.shown(pickers.pick_target(run), kind, toggles.special, toggles.words == "on")
main, beside = page.halves()
with main:
    layer, head = pickers.pick_head(view)
    weights = view.head_weights(layer, head)
    page.draw_head(view, toggles, layer, head, weights)
with beside:
    if not page.alone():
        page.draw_all_heads(view, toggles, layer, head)
    row.draw_chips(view, weights)
pickers.draw_keys(view, layer, head)
