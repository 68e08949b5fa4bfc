"""What does each head do? Every head in numbers and words, a table to find others, and one head closer."""

import streamlit as st

from ui.heads import all_heads, one_head, table
from ui.maps import attention, pickers
from ui.runs import runner

run = runner.shown()
part = pickers.pick_part(run)
view = attention.shown(pickers.with_target(run), part)
found = all_heads.summary(view.run, part)
if found is None:
    layer, head = all_heads.chosen(view, None)
else:
    left, right = st.columns([3, 2], gap="large")
    with right:
        layer, head = all_heads.chosen(view, found)
        all_heads.in_words(view.run, found, part, layer, head)
    with left:
        all_heads.every_head(view, found, layer, head)
    table.finder(found)
one_head.draw(view, layer, head)
pickers.draw_keys(view, layer, head)
