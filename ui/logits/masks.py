"""Masks in an encoder's text: click a token to mask it, and see what the model predicts in its place."""

import numpy as np
import streamlit as st

from ui import figures
from ui.figures import array, markdown, theme
from ui.runs.store import Run
from ui.shell import encoder_input
from ui.shell.masks import draw_clickable_text, draw_hint, mask_positions
from viz.export import table_csv
from viz.labels import visible
from viz.next_token import next_token_chart
from viz.percent import format_percent

CANDIDATES = 10
CHARTS = 6  # masks that get a chart
COLUMNS = 3  # charts in a row


def draw_masks(run: Run) -> None:
    """Draws the text to click on, and the prediction at every mask."""
    if not encoder_input.can_mask(run.lm):
        st.caption("This checkpoint names no mask token, so no token can be hidden and guessed.")
        return
    draw_clickable_text(run)
    draw_hint(run)
    places = mask_positions(run)
    for first in range(0, min(len(places), CHARTS), COLUMNS):
        shown = places[first : first + COLUMNS]
        wide = len(places) > 2
        for column, place in zip(st.columns(COLUMNS if wide else 2, gap="large"), shown, strict=False):
            with column:
                draw_prediction(run, place)
    if len(places) > CHARTS:
        st.caption(f"{len(places)} masks; the first {CHARTS} have a chart here, the table below has a row for each.")
    draw_relation(run)


def draw_prediction(run: Run, place: int) -> None:
    """Draws the softmax over the vocabulary at one mask, with the token that was masked marked."""
    shares = run.lm.logits(run.trace.final[place]).softmax(dim=-1)
    was = run.original[place] if place in run.spec.masks else None
    ids = [int(i) for i in shares.topk(min(CANDIDATES, len(shares))).indices]
    values = array(shares[ids])
    fig = next_token_chart(
        [run.lm.token(i).label for i in ids],
        values,
        len(shares) - len(ids),
        max(0.0, 1.0 - float(values.sum(dtype=np.float64))),
        theme=theme.current(),
        ids=ids,
        chosen=None if was is None else was.id,
        height=330,
    )
    best = visible(run.lm.token(ids[0]).label)
    fig.update_layout(
        meta={"summary": f'At position {place} the model expects "{best}" most ({format_percent(float(values[0]))}).'}
    )
    hidden = "" if was is None else f", which hides {markdown.quoted(was.label)}"
    figures.place(
        fig,
        key=f"mask_{place}",
        heading=f"At position {place}{hidden}",
        explained="The full softmax over the vocabulary at the mask: the most probable pieces, and all others as one bar. What "
        "stood there is marked.",
        filename=f"mask-at-{place}",
        csv=lambda: vocabulary_csv(run, place),
    )
    if was is not None:
        rank = int((shares > shares[was.id]).sum()) + 1
        share = format_percent(float(shares[was.id]))
        st.caption(f"{markdown.quoted(was.label)} stood there: {share}, rank {rank:,} of {len(shares):,}.")


def vocabulary_csv(run: Run, place: int) -> str:
    """A row for each piece of the vocabulary, with its logit and probability at one mask."""
    logits = run.lm.logits(run.trace.final[place])
    shares = logits.softmax(dim=-1)
    order = shares.argsort(descending=True, stable=True).tolist()
    return table_csv(
        {
            "rank": list(range(1, len(order) + 1)),
            "id": order,
            "token": [run.lm.token(i).label for i in order],
            "logit": [float(logits[i]) for i in order],
            "probability": [float(shares[i]) for i in order],
        }
    )


def draw_relation(run: Run) -> None:
    """Draws BERT's judgement of a pair of sentences, where the checkpoint has that head."""
    judged = None if run.segments is None else run.trace.relation
    if judged is not None:
        share = format_percent(float(judged[0]))
        st.caption(
            f"Does the second sentence come after the first? Yes with {share}, says the head trained to judge two sentences."
        )
