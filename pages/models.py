"""Which model, and how is it built? The current model's blocks and parts; opening others; the families side by side."""

import streamlit as st

from ui.models import family_table, open, page

part = page.pick_part()
name, device, lm = page.current()
open.open_asked(device)
if part == "open":
    left, right = st.columns([3, 2], gap="large")
    with left:
        open.draw_on_this_machine(name)
        open.draw_in_memory(name, device)
    with right:
        open.draw_open_another(device)
elif part == "families":
    family_table.draw_families()
    family_table.draw_two_families(lm)
else:
    page.draw_title(lm)
    left, right = st.columns([3, 2] if lm.kind == "encoder-decoder" else [2, 3], gap="medium")
    with left:
        page.draw_blocks(lm)
        page.draw_special_tokens(lm)
        page.draw_task_prefixes(lm)
    with right:
        page.draw_parameters(lm)
        page.draw_config(lm)
        page.draw_files(lm)
        page.draw_card(lm)
