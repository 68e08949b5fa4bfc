"""What does a token start as? Piece, id, embedding, position, and what lies near."""

import streamlit as st

from ui import embedding_view, positions_view
from ui.runs import runner

run = runner.shown()
stack = embedding_view.pick_stack(run)
tokens = run.trace.tokens(stack)
focus = embedding_view.pick_token(tokens)
embedding_view.parts(run, stack)
positions_view.positions(run, stack, focus)
st.subheader("What lies near", anchor=False)
left, right = st.columns(2, gap="large")
with left:
    embedding_view.likeness(run, stack)
with right:
    embedding_view.neighbours(run, tokens[focus])
embedding_view.flat(run)
