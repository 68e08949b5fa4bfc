"""What does each head do? Every head in numbers and words, a table to find others, and one head closer."""

import streamlit as st

from ui.heads import all_heads, one_head, table
from ui.maps import attention, pickers
from ui.runs import runner

run = runner.shown()
kind = pickers.pick_attention(run)
view = attention.shown(pickers.pick_target(run), kind)
found = all_heads.summary(view.run, kind)
if found is None:
    layer, head = all_heads.pick_head(view, None)
else:
    left, right = st.columns([3, 2], gap="large")
    with right:
        layer, head = all_heads.pick_head(view, found)
        all_heads.draw_in_words(view.run, found, kind, layer, head)
    with left:
        all_heads.draw_every_head(view, found, layer, head)
    table.draw_finder(found)
one_head.draw(view, layer, head)
pickers.draw_keys(view, layer, head)
