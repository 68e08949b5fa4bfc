"""How sure is the model? Every position's softmax, and what temperature does to it."""

import streamlit as st

from ui.logits import masks, page
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_head(run)
if run.lm.kind == "encoder":
    masks.draw_masks(run)
found = page.expectations(run)
left, right = st.columns([3, 2], gap="large")
with left:
    page.draw_table(run, found)
    page.draw_numbers(run, found)
with right:
    page.draw_certainty(run, found)
page.draw_temperature(run, found)
