"""How sure is the model? Every position's softmax, and what temperature does to it."""

import streamlit as st

from ui import logits_view, masking_view
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_head(run)
if run.lm.kind == "encoder":
    masking_view.masking(run)
found = logits_view.read(run)
left, right = st.columns([3, 2], gap="large")
with left:
    logits_view.table(run, found)
    logits_view.numbers(run, found)
with right:
    logits_view.certainty(run, found)
logits_view.temperature(run, found)
