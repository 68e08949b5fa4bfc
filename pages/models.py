"""Which model, and how is it built? The current model's blocks and parts; opening others; the families side by side."""

import streamlit as st

from ui import models_view, opening_view

part = models_view.pick_part()
name, device, lm = models_view.current()
opening_view.open_asked(device)
if part == "open":
    left, right = st.columns([3, 2], gap="large")
    with left:
        opening_view.on_this_machine(name)
        opening_view.in_memory(name, device)
    with right:
        opening_view.open_another(device)
elif part == "families":
    models_view.families()
    models_view.two_families(lm)
else:
    models_view.title(lm)
    left, right = st.columns([3, 2] if lm.kind == "encoder-decoder" else [2, 3], gap="medium")
    with left:
        models_view.blocks(lm)
        models_view.special_tokens(lm)
        models_view.task_prefixes(lm)
    with right:
        models_view.parameters(lm)
        models_view.config(lm)
        models_view.origin(lm)
        models_view.card(lm)
