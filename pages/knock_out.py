"""What happens without this head? Heads, edges and sublayers switched off by a click, and what the prediction loses by it."""

import streamlit as st

from ui.knock_out import head_map, importance_maps, page, switches
from ui.maps import attention, pickers
from ui.runs import runner
from ui.shell import requirements
from ui.state import edits

run = runner.shown()
requirements.needs_head(run)
edits.link(run)
found = page.pick_measured(run)
if found is None:
    st.stop()
page.draw_texts(found)
edits.draw_chips(run)
page.draw_verdict(found)
kind = pickers.pick_kind(attention.available(run))
view = attention.shown(run, kind)
left, right = st.columns([2, 3], gap="large")
with right:
    layer, head = importance_maps.pick_head(found, view)
    head_map.draw(found, kind, layer, head)
    page.draw_next_token(found)
with left:
    switches.draw_all_heads(found, kind, layer, head)
    switches.draw_sublayers(run)
importance_maps.draw(found, kind, layer, head)
pickers.draw_keys(view, layer, head)
