"""What does the prompt change? Up to four prompts for one input, and how probable each makes some answers."""

import streamlit as st

from ui.prompting import export, fields, page, part_shares, scores, texts
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
requirements.needs_head(run)
fields.needs_text(run)
draft = fields.draw_fields(run)
found = scores.measured(run, draft)
if found is None:
    st.stop()
answer = page.pick_answer(found)
length = page.pick_length()
page.draw_summary(found, length)
page.draw_probabilities(found, length, answer)
texts.draw_texts(found, answer)
left, right = st.columns([1, 1], gap="large")
with left:
    page.draw_tokens(found, answer)
with right:
    part_shares.draw_part_shares(found, answer)
export.draw_buttons(found)
