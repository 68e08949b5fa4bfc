"""What does the prompt change? Up to four prompts for one input, and how probable each makes some answers."""

import streamlit as st

from ui.prompting import export, fields, page, part_shares, scores
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_head(run)
fields.needs_text(run)
draft = fields.fields(run)
found = scores.measured(run, draft)
if found is None:
    st.stop()
answer = page.pick_answer(found)
length = page.pick_length()
page.verdict(found, length)
page.probabilities(found, length, answer)
page.texts(found, answer)
left, right = st.columns([1, 1], gap="large")
with left:
    page.surprisal(found, answer)
with right:
    part_shares.rests_on(found, answer)
export.buttons(found)
