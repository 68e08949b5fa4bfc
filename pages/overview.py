"""How does a sentence become another sentence? The whole story on the text just typed."""

import streamlit as st

from ui import overview_view, settings
from ui.components.token_strip.token_strip import Strip, token_strip
from ui.header import chip
from viz.probabilities import format_percent

run = settings.shown()
stages = overview_view.stages(run)
for number, stage in enumerate(stages, start=1):
    overview_view.row(run, number, stage)
if run.steps:
    words, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with words:
        st.markdown(f"**{len(stages) + 1} · The token, again and again**")
        st.caption(
            f"The token is written, read, and the decoder runs again: {len(run.steps)} times, "
            + ("until the end token came." if run.steps[-1].ended == "end" else "until the limit.")
        )
        st.page_link("pages/decoding.py", label="Step through it →")
    with picture:
        chips = [chip(step.token, note=format_percent(float(step.probabilities[step.token.id]))) for step in run.steps]
        token_strip([Strip("written", chips)], key="story_written", label="Tokens written", clickable=False)
