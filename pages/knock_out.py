"""What was it worth? Heads, edges and sublayers switched off by a click, and what the prediction loses by it."""

import streamlit as st

from ui import knock_out_view, switches_view, worth_map_view, worth_view
from ui.components.keys.keys import keys
from ui.maps import attention, pickers
from ui.runs import runner
from ui.shell import requirements
from ui.state import edits

run = runner.shown()
requirements.needs_head(run)
edits.link(run)
found = knock_out_view.measured(run)
if found is None:
    st.stop()
knock_out_view.texts(found)
edits.chips(run)
knock_out_view.verdict(found)
part = switches_view.pick_part(run)
view = attention.shown(run, part)
left, right = st.columns([2, 3], gap="large")
with right:
    layer, head = pickers.pickers(view)
    worth_map_view.head_map(found, part, layer, head)
    knock_out_view.next_token(found)
with left:
    switches_view.overview(found, part, layer, head)
    switches_view.sublayers(run)
worth_view.numbers(found, part, layer, head)
keys(
    {",": "previous head", ".": "next head", "[": "layer up", "]": "layer down"},
    key="head_keys",
    on_key=lambda action: pickers.move(action, view, layer, head),
)
