"""What changed? Two texts, two models, or before and after parts are switched off: every head's difference."""

import streamlit as st

from ui.compare import other_run, page, texts
from ui.maps import attention, pickers
from ui.runs import runner

run = runner.shown()
other = other_run.pick(run)
if other is None:
    st.stop()
texts.draw_texts(run, other)
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    kinds = page.pick_kinds(run, other)
    first, second = other_run.sides(run, other, kinds)
    paired, shared_only = page.pick_pairing(first, second)
made, small = page.all_heads(first, second, paired, shared_only)
if made is not None:
    left, right = st.columns([2, 3], gap="large")
    with right:
        layer, head = page.pick_head(run, kinds[0], small)
        page.draw_head(made, layer, head)
    if small is not None:
        with left:
            page.draw_all_heads(made, small, layer, head)
    pickers.draw_keys(attention.shown(run, kinds[0]), layer, head)
texts.draw_predictions(run, other)
