"""The page: the pieces, every stage, and the tokens written; words on the left, a small figure on the right."""

import streamlit as st

from ui import figures
from ui.components.token_strip.token_strip import Strip, token_strip
from ui.figures import tokens
from ui.overview import words
from ui.overview.story import Link, Stage, embeddings_link
from ui.runs.store import Run
from viz.percent import format_percent
from viz.windows import MOST_CELLS


def draw_pieces(run: Run) -> None:
    """Draws the first stage: the pieces of the text and their ids."""
    vocabulary = run.lm.config.vocab_size
    says = (
        f"The tokenizer cuts the text into {len(run.source)} pieces of its vocabulary of {vocabulary:,}. {words.about_labels(run)} "
        "The model sees only their ids."
    )
    left, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with left:
        draw_words(1, "Pieces and ids", says, words.HELP["pieces"], embeddings_link(run, "Piece by piece"))
    with picture:
        shown = run.source[: tokens.STRIP_TOKENS]
        chips = [tokens.chip(token, note=str(token.id)) for token in shown]
        token_strip([Strip("", chips)], key="story_pieces", label="Pieces and ids", clickable=False)
    if note := words.in_blocks(run, MOST_CELLS):
        st.caption(note)


def draw_stage(run: Run, number: int, stage: Stage) -> None:
    """Draws a stage: its words on the left, its figure on the right."""
    left, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    drawn = stage.draw(run)
    key = f"stage_{number}"
    with left:
        draw_words(number, stage.title, stage.says, stage.explained, stage.link)
        figures.ways_to_save(
            drawn.figure, key=key, title=stage.title, filename=f"stage-{number}", csv=drawn.csv, npz=drawn.npz
        )
    with picture:
        figures.strip(drawn.figure, key=key)


def draw_words(number: int, title: str, says: str, explained: str, link: Link) -> None:
    """Draws the words of a stage, with the help for its figure."""
    st.markdown(f"**{number} · {title}**", help=explained)
    st.caption(says)
    st.page_link(link.page, label=f"{link.says} →", query_params=dict(link.opens))


def draw_written(run: Run, number: int) -> None:
    """Draws the last stage: the tokens written, one run of the model each."""
    ended = "until the end token came" if run.steps[-1].ended == "end" else "until it reached its limit"
    left, picture = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with left:
        times = "once" if len(run.steps) == 1 else f"{len(run.steps)} times"
        says = f"The token is written, read, and the model runs again: {times}, {ended}."
        more = Link("pages/decoding.py", "Step through it", {"step": "0"})
        draw_words(number, "The token, again and again", says, words.HELP["written"], more)
    with picture:
        chips = [
            tokens.chip(step.token, note=format_percent(float(step.probabilities[step.token.id])))
            for step in run.steps[: tokens.STRIP_TOKENS]
        ]
        token_strip([Strip("", chips)], key="story_written", label="Tokens written", clickable=False)
