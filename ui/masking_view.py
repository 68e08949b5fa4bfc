"""Hiding tokens from an encoder: click one, and see what the model expects in its place."""

import numpy as np
import streamlit as st

from ui import encoder_text, figures
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import array, markdown, theme
from ui.runs.runner import Run
from viz.export import table_csv
from viz.labels import visible
from viz.next_token import next_token_chart
from viz.percent import format_percent

CANDIDATES = 10
CHARTS = 6  # masks with a chart of their own
ABREAST = 3


def masking(run: Run) -> None:
    """The text to click on, and the prediction at every mask."""
    if not encoder_text.can_mask(run.lm):
        st.caption("This checkpoint names no mask token, so no token can be hidden and guessed.")
        return
    clickable_text(run)
    hint(run)
    places = masks(run)
    for first in range(0, min(len(places), CHARTS), ABREAST):
        shown = places[first : first + ABREAST]
        wide = len(places) > 2
        for column, place in zip(st.columns(ABREAST if wide else 2, gap="large"), shown, strict=False):
            with column:
                prediction(run, place)
    if len(places) > CHARTS:
        st.caption(f"{len(places)} masks; the first {CHARTS} have a chart here, the table below has a row for each.")
    relation(run)


def masks(run: Run) -> list[int]:
    """Where the model reads its mask token, put there by a click or typed."""
    return [i for i, token in enumerate(run.source) if token.id == run.lm.special.mask]


def clickable_text(run: Run) -> None:
    """The text as it is read; a click masks a token, another brings it back."""
    starts = [0] if run.segments is None else [0, run.segments.index(1)]
    ends = [*starts[1:], len(run.source)]
    names = ["click to mask"] if run.segments is None else ["click to mask", "and then"]
    rows = [
        Strip(name, [chip(run, i) for i in range(start, end)])
        for name, start, end in zip(names, starts, ends, strict=True)
    ]

    def clicked(event: ChipEvent) -> None:
        place = starts[event.row] + event.index
        if place in run.spec.masks or not run.original[place].special:
            encoder_text.toggle(run.spec, place)

    token_strip(rows, key="maskable", label="Click a token to mask it", on_token=clicked)


def chip(run: Run, place: int) -> Chip:
    """A token; where it is masked, what stood there is written below it."""
    token, was = run.source[place], run.original[place]
    if place in run.spec.masks:
        return Chip(token.label, note=was.label, title=f"position {place}: click to show it again", current=True)
    what = "a special token, which stays" if was.special else "click to mask it"
    return Chip(token.label, title=f"position {place}: {what}", special=token.special)


def hint(run: Run) -> None:
    """What to do, or how to undo it."""
    hidden = [i for i in run.spec.masks if i < len(run.source)]
    if not hidden:
        st.caption(
            "Click a token: the model then reads its mask token there and guesses what it hides. [MASK] can be typed too."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        most = f" At most {encoder_text.MOST_MASKS} can be." if len(hidden) == encoder_text.MOST_MASKS else ""
        many = "token is" if len(hidden) == 1 else "tokens are"
        st.caption(f"{len(hidden)} {many} masked; what stood there is written below each.{most}", width="content")
        st.button("Unmask all", key="unmask", on_click=encoder_text.hide, args=(run.spec, ()), type="tertiary")


def prediction(run: Run, place: int) -> None:
    """The full-vocabulary softmax at one mask, what stood there marked."""
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
        csv=lambda: whole(run, place),
    )
    if was is not None:
        rank = int((shares > shares[was.id]).sum()) + 1
        share = format_percent(float(shares[was.id]))
        st.caption(f"{markdown.quoted(was.label)} stood there: {share}, rank {rank:,} of {len(shares):,}.")


def whole(run: Run, place: int) -> str:
    """Every piece of the vocabulary at one mask."""
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


def relation(run: Run) -> None:
    """BERT's judgement of a pair, where the checkpoint has that head."""
    judged = None if run.segments is None else run.trace.relation
    if judged is not None:
        share = format_percent(float(judged[0]))
        st.caption(
            f"Does the second sentence come after the first? Yes with {share}, says the head trained to judge two sentences."
        )
