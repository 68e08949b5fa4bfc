"""Why this token? The writing, a token at a time."""

import streamlit as st

from ui import (
    branches_view,
    candidates_view,
    choosing_view,
    decode_file,
    decoding_view,
    filling_view,
    inside_view,
    kv_cache_view,
    reading_view,
    timeline_view,
)
from ui.components.keys.keys import keys
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
if run.lm.kind == "encoder" and run.lm.net.head is not None:
    filling_view.filling(run)
    st.stop()
requirements.needs_steps(run)
at = decoding_view.at(run)
step = run.steps[at]
decoding_view.controls(run, at)
decoding_view.written(run, at)
limbs = branches_view.tree(run, at)
decoding_view.choices_row(run)
whole_text = st.container()  # filled after what a step changes first: the chart of the next token
left, right = st.columns([1, 1], gap="large")
with left:
    candidates_view.candidates(run, step)
    candidates_view.other(run, step)
    choosing_view.choosing_controls(run)
    choosing_view.stage_table(run, step)
with whole_text:
    timeline_view.line(run, at)
with right:
    view = decoding_view.pick_view(run)
    if view == "inside":
        inside_view.layer_by_layer(run, step)
    elif view == "branches":
        branches_view.compare(run, at)
    elif view == "cache":
        kv_cache_view.held(run, at)
    else:
        reading_view.readers(run, step)
if view == "inside":
    inside_view.who_pushed(run, step)
elif view == "branches":
    branches_view.below(run, at, limbs)
elif view == "cache":
    kv_cache_view.work(run, at)
else:
    reading_view.growing(run, step)
decode_file.buttons(run)
keys(
    {"ArrowLeft": "back", "ArrowRight": "step", "Home": "restart", "End": "end"},
    key="step_keys",
    on_key=lambda action: decoding_view.go(action, at, len(run.steps) - 1),
)
