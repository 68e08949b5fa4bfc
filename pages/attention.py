"""Where does each head look? All heads at a glance, one head exactly."""

import streamlit as st

from ui import attention_view, heads, settings
from ui.components.keys.keys import keys

run = settings.shown()
part = attention_view.pick_part(run)
view = heads.shown(attention_view.with_target(run), part)
left, right = st.columns([2, 3], gap="large")
with right:
    layer, head = heads.pickers(view)
    weights = view.head_weights(layer, head)
    attention_view.detail(view, layer, head, weights)
with left:
    attention_view.overview(view, layer, head)
    attention_view.one_row(view, weights)
keys(
    {",": "previous head", ".": "next head", "[": "layer up", "]": "layer down"},
    key="head_keys",
    on_key=lambda action: heads.move(action, view, layer, head),
)
