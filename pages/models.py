"""Which model, and how is it built? The current model's blocks and parts; opening others; the families side by side."""

import streamlit as st

from ui.models import open, page

part = page.pick_part()
name, device, lm = page.current()
open.open_asked(device)
if part == "open":
    left, right = st.columns([3, 2], gap="large")
    with left:
        open.on_this_machine(name)
        open.in_memory(name, device)
    with right:
        open.open_another(device)
elif part == "families":
    page.families()
    page.two_families(lm)
else:
    page.title(lm)
    left, right = st.columns([3, 2] if lm.kind == "encoder-decoder" else [2, 3], gap="medium")
    with left:
        page.blocks(lm)
        page.special_tokens(lm)
        page.task_prefixes(lm)
    with right:
        page.parameters(lm)
        page.config(lm)
        page.origin(lm)
        page.card(lm)
