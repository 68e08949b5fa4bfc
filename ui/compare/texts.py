"""The texts that two runs read and generate, and their predictions, beside each other."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from analysis.alignment import by_pieces, by_words
from model.tokenizers.tokens import Token
from ui import figures
from ui.compare import predictions
from ui.compare.other_run import Other
from ui.compare.predictions import Moment
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import array, markdown
from ui.figures.tokens import STRIP_TOKENS
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs.notebook import of_run
from ui.runs.store import Run
from viz.export import table_csv
from viz.labels import visible
from viz.next_token import next_token_chart
from viz.percent import format_percent

LISTED_TOKENS = 8
HEIGHT = 300  # px
ORDINALS = ("first", "second")


def draw_texts(run: Run, other: Other) -> None:
    """The second text, where it is another, and the tokens that both runs generated. Tokens without an equal in the other run
    are tinted; by default the prediction of the first such token is shown."""
    rows = []
    if other.mode == "text":
        marks = without_equal(run, other.read, run.source, other.read.source)[1]
        rows.append(Strip("second reads", chips(other.read.source, marks)))
    first_generated = len(rows)
    generated = (run.generated, other.generated_run.generated)
    if any(generated):
        unlike = without_equal(run, other.generated_run, *generated)
        now = predictions.chosen(run, max(map(len, generated)), first_unlike(unlike))
        for name, tokens, marks in zip(ORDINALS, generated, unlike, strict=True):
            rows.append(Strip(f"{name} writes", chips(tokens, marks, now), empty="nothing"))

    def choose(event: ChipEvent) -> None:
        if event.row >= first_generated:
            st.session_state["moment"] = event.index

    if rows:
        token_strip(rows, key="both_texts", label="Both texts", clickable=any(generated), on_token=choose)


def first_unlike(sides: tuple[list[bool], list[bool]]) -> int:
    """Index of the first token without an equal on the other side; 0 if all have one."""
    return min((marks.index(True) for marks in sides if any(marks)), default=0)


def without_equal(
    run: Run, other: Run, first: Sequence[Token], second: Sequence[Token]
) -> tuple[list[bool], list[bool]]:
    """For each token of both sides: True if the other side has no equal token in its place."""
    row = by_pieces(first, second) if run.lm is other.lm else by_words(first, second)
    marks = [False] * len(first), [False] * len(second)
    for slot in row.slots:
        for side, group in zip(marks, (slot.first, slot.second), strict=True):
            if group is not None and not slot.same:
                side[group.first : group.after] = [True] * group.size
    return marks


def chips(tokens: Sequence[Token], marks: Sequence[bool], now: int | None = None) -> list[Chip]:
    """Tokens as chips; those that are marked are tinted, and the token `now` is the current one."""
    return [
        Chip(
            token.label,
            title="no equal in the other" if mark else "",
            intensity=0.22 if mark else None,
            role="warning",
            special=token.special,
            current=i == now,
        )
        for i, (token, mark) in enumerate(zip(tokens[:STRIP_TOKENS], marks, strict=False))
    ]


def draw_predictions(run: Run, other: Other) -> None:
    """The full softmax of both runs at the chosen token or mask."""
    sides = (run, other.generated_run)
    found = [predictions.moments(side) for side in sides]
    st.subheader("Both predictions", anchor=False)
    if not any(found):
        st.caption(nothing_to_predict(run))
        return
    now = predictions.chosen(run, max(map(len, found)))
    for place, (column, side, here) in enumerate(zip(st.columns(2, gap="large"), sides, found, strict=True)):
        with column:
            if here:
                draw_prediction(side, here[min(now, len(here) - 1)], ORDINALS[place])
            else:
                st.caption(f"The {ORDINALS[place]} predicts nothing here. {nothing_to_predict(side)}")


def nothing_to_predict(run: Run) -> str:
    """A sentence for a run without predictions: why, and what to do."""
    if run.lm.net.head is None:
        return "Its checkpoint has no output head, so it predicts no tokens."
    if run.lm.special.mask is None:
        return "Its checkpoint names no mask token, so nothing can be hidden from it and guessed."
    return "Type [MASK] in place of a word, or mask one on the Logits page: an encoder predicts what is hidden from it."


def draw_prediction(run: Run, moment: Moment, ordinal: str) -> None:
    """The most probable tokens of one run at one position."""
    shares = predictions.logits(run, moment.at).softmax(dim=-1)
    ids = [int(i) for i in shares.topk(min(LISTED_TOKENS, len(shares))).indices]
    values = array(shares[ids])
    labels = [run.lm.token(i).label for i in ids]
    rest = max(0.0, 1.0 - float(values.sum(dtype=np.float64)))
    drawing = Drawing(
        next_token_chart,
        [
            Expression(labels, "[lm.token(i).label for i in ids]"),
            Expression(values, "values"),
            Expression(len(shares) - len(ids), "len(shares) - len(ids)"),
            Expression(rest, "max(0.0, 1.0 - float(values.sum(dtype=float)))"),
        ],
        {"ids": Expression(ids, "ids"), "chosen": moment.token.id, "height": HEIGHT},
        lambda: softmax_source(run, moment),
    )
    before = run.trace.tokens(run.trace.predicts)[moment.at].label
    where = "at" if run.lm.kind == "encoder" else "after"
    share = format_percent(float(shares[moment.token.id]))
    figures.place(
        drawing.figure(),
        key=f"prediction_{ordinal}",
        heading=f"The {ordinal}, {where} “{markdown.plain(visible(before))}”",
        explained="The full softmax over the vocabulary; the most probable pieces, and all others as one bar. What came, or stood "
        f"there before it was masked, is marked: {share}.",
        filename=f"prediction-{ordinal}",
        csv=lambda: table_csv({"id": ids, "token": labels, "probability": [float(v) for v in values]}),
        python=drawing.python,
    )


def softmax_source(run: Run, moment: Moment) -> Source:
    """Lines up to `shares`, the full softmax, and `ids` and `values` of the most probable tokens."""
    lines = [
        f"shares = trace.probabilities({moment.at})",
        f"ids = [int(i) for i in shares.topk(min({LISTED_TOKENS}, len(shares))).indices]",
        "values = shares[ids].cpu().numpy()",
    ]
    return Source([*of_run(run), *lines])
