"""Would a wider search write something else? Beam search as a tree."""

import streamlit as st

from ui.decoding import beam
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_steps(run)
found = beam.search(run)
beam.texts(found)
beam.tree(found)
left, right = st.columns([1, 1], gap="large")
with left:
    beam.step_table(found)
with right:
    beam.attention(found)
