"""Would a wider search write something else? Beam search as a tree."""

import streamlit as st

from ui.decoding import beam
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_steps(run)
found = beam.pick_search(run)
beam.draw_texts(found)
beam.draw_tree(found)
left, right = st.columns([1, 1], gap="large")
with left:
    beam.draw_step(found)
with right:
    beam.draw_attention(found)
