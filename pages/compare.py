"""What changed? Two texts, two models, or before and after parts are switched off: every head's difference."""

import streamlit as st

from ui import compare_texts, compare_view, compare_with
from ui.components.keys.keys import keys
from ui.maps import attention, pickers
from ui.runs import runner

run = runner.shown()
other = compare_with.pick(run)
if other is None:
    st.stop()
compare_texts.texts(run, other)
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    part = compare_view.pick_part(run, other)
    first, second = compare_with.sides(run, other, part)
    paired, shared_only = compare_view.pick_pairing(first, second)
made, small = compare_view.all_heads(first, second, paired, shared_only)
if made is not None:
    left, right = st.columns([2, 3], gap="large")
    with right:
        layer, head = compare_view.pickers(run, part[0], small)
        compare_view.detail(made, layer, head)
    if small is not None:
        with left:
            compare_view.overview(made, small, layer, head)
    keys(
        {",": "previous head", ".": "next head", "[": "layer up", "]": "layer down"},
        key="head_keys",
        on_key=lambda action: pickers.move(action, attention.shown(run, part[0]), layer, head),
    )
compare_texts.both_predictions(run, other)
