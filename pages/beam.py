"""Would a wider search write something else? Beam search as a tree."""

import streamlit as st

from ui import beam_view
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_steps(run)
found = beam_view.search(run)
beam_view.texts(found)
beam_view.tree(found)
left, right = st.columns([1, 1], gap="large")
with left:
    beam_view.step_table(found)
with right:
    beam_view.attention(found)
