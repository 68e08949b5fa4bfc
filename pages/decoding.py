"""Why this token? The writing, a token at a time."""

import streamlit as st

from ui import candidates_view, choosing_view, decoding_view, inside_view, reading_view, settings, timeline_view
from ui.components.keys.keys import keys

run = settings.shown()
if not run.steps:
    if run.lm.net.head is None:
        st.info("This checkpoint is a body without an output head: it turns tokens into vectors and writes none.")
    else:
        st.info("This model does not write token by token. Choose one with a decoder on the left.")
    st.stop()
at = decoding_view.at(run)
step = run.steps[at]
decoding_view.controls(run, at)
decoding_view.written(run, at)
timeline_view.line(run, at)
decoding_view.choices_row(run)
left, right = st.columns([1, 1], gap="large")
with left:
    candidates_view.candidates(run, step)
    candidates_view.other(run, step)
    choosing_view.choosing_controls()
    choosing_view.stage_table(run, step)
with right:
    view = decoding_view.pick_view()
    if view == "inside":
        inside_view.layer_by_layer(run, step)
    else:
        reading_view.readers(run, step)
if view == "inside":
    inside_view.who_pushed(run, step)
else:
    reading_view.growing(run, step)
keys(
    {"ArrowLeft": "back", "ArrowRight": "step", "Home": "restart", "End": "end"},
    key="step_keys",
    on_key=lambda action: decoding_view.go(action, at, len(run.steps) - 1),
)
