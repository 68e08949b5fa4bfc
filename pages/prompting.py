"""What does the prompt change? Up to four prompts for one input, and how probable each makes some answers."""

import streamlit as st

from ui import prompting_fields, prompting_file, prompting_measured, prompting_rests, prompting_view
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_head(run)
prompting_fields.needs_text(run)
draft = prompting_fields.fields(run)
found = prompting_measured.measured(run, draft)
if found is None:
    st.stop()
answer = prompting_view.pick_answer(found)
length = prompting_view.pick_length()
prompting_view.verdict(found, length)
prompting_view.probabilities(found, length, answer)
prompting_view.texts(found, answer)
left, right = st.columns([1, 1], gap="large")
with left:
    prompting_view.surprisal(found, answer)
with right:
    prompting_rests.rests_on(found, answer)
prompting_file.buttons(found)
