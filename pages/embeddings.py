"""What does a token start as? Piece, id, embedding, position, and what lies near."""

import streamlit as st

from ui.embeddings import page, positions, similarity
from ui.runs import runner

run = runner.shown()
stack = page.pick_stack(run)
tokens = run.trace.tokens(stack)
rows = page.pick_page(len(tokens))
focus = page.pick_token(run, tokens, rows)
page.draw_parts(run, stack, rows)
positions.draw_positions(run, stack, focus, rows)
st.subheader("What lies near", anchor=False)
left, right = st.columns(2, gap="large")
with left:
    similarity.draw_similarity(run, stack)
with right:
    page.draw_neighbours(run, tokens[focus])
page.draw_flat_map(run)
