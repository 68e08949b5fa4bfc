"""Why this token? The writing, a token at a time."""

import streamlit as st

from ui.components.keys.keys import keys
from ui.decoding import (
    attention,
    branches,
    candidates,
    export,
    inside_step,
    kv_cache,
    mask_filling,
    page,
    sampling_controls,
    timeline,
)
from ui.runs import runner
from ui.shell import requirements

run = runner.shown()
if run.lm.kind == "encoder" and run.lm.net.head is not None:
    mask_filling.filling(run)
    st.stop()
requirements.needs_steps(run)
at = page.at(run)
step = run.steps[at]
page.controls(run, at)
page.draw_tokens(run, at)
limbs = branches.tree(run, at)
page.choices_row(run)
whole_text = st.container()  # filled after what a step changes first: the chart of the next token
left, right = st.columns([1, 1], gap="large")
with left:
    candidates.candidates(run, step)
    candidates.other(run, step)
    sampling_controls.choosing_controls(run)
    sampling_controls.stage_table(run, step)
with whole_text:
    timeline.line(run, at)
with right:
    view = page.pick_view(run)
    if view == "inside":
        inside_step.layer_by_layer(run, step)
    elif view == "branches":
        branches.compare(run, at)
    elif view == "cache":
        kv_cache.held(run, at)
    else:
        attention.readers(run, step)
if view == "inside":
    inside_step.who_pushed(run, step)
elif view == "branches":
    branches.below(run, at, limbs)
elif view == "cache":
    kv_cache.work(run, at)
else:
    attention.growing(run, step)
export.buttons(run)
keys(
    {"ArrowLeft": "back", "ArrowRight": "step", "Home": "restart", "End": "end"},
    key="step_keys",
    on_key=lambda action: page.go(action, at, len(run.steps) - 1),
)
