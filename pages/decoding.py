"""Why this token? The writing, a token at a time."""

import streamlit as st

from ui.decoding import (
    branches,
    candidates,
    export,
    inside_step,
    kv_cache,
    mask_filling,
    page,
    sampling_controls,
    timeline,
    tokens_read,
)
from ui.runs import runner
from ui.shell import requirements
from ui.state.shown_step import shown_step

run = runner.shown()
if run.lm.kind == "encoder" and run.lm.net.head is not None:
    mask_filling.draw(run)
    st.stop()
requirements.needs_steps(run)
at = shown_step(len(run.steps))
step = run.steps[at]
page.draw_controls(run, at)
page.draw_text(run, at)
limbs = branches.draw_rows(run, at)
page.draw_choices(run)
whole_text = st.container()  # filled after what a step changes first: the chart of the next token
left, right = st.columns([1, 1], gap="large")
with left:
    candidates.draw_chart(run, step)
    candidates.draw_other_token(run, step)
    sampling_controls.draw_controls(run)
    sampling_controls.draw_stages(run, step)
with whole_text:
    timeline.draw(run, at)
with right:
    view = page.pick_view(run)
    if view == "inside":
        inside_step.draw_lens(run, step)
    elif view == "branches":
        branches.draw_comparison(run, at)
    elif view == "cache":
        kv_cache.draw_size(run, at)
    else:
        tokens_read.draw_heads(run, step)
if view == "inside":
    inside_step.draw_attribution(run, step)
elif view == "branches":
    branches.draw_below(run, at, limbs)
elif view == "cache":
    kv_cache.draw_operations(run, at)
else:
    tokens_read.draw_alignment(run, step)
export.draw_buttons(run)
page.draw_keys(at, len(run.steps) - 1, key="step_keys")
