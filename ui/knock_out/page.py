"""The page Knock out: the prediction that is measured, and what switching parts off does to it and to the text."""

from dataclasses import dataclass, replace

import streamlit as st

from ui import figures
from ui.compare import other_run, predictions
from ui.compare.predictions import Moment
from ui.compare.texts import chips, nothing_to_predict, without_equal
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import array, markdown, tokens
from ui.knock_out import importance
from ui.knock_out.importance import change_in_bits
from ui.maps import attention, pickers
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs import estimate, runner
from ui.runs.notebook import of_run, of_trace
from ui.runs.on_demand import asked, duration
from ui.runs.store import Run
from ui.shell import masks
from ui.state import address, edits
from viz.changes import next_token_change
from viz.export import table_csv
from viz.labels import visible
from viz.percent import format_percent

LISTED_TOKENS = 6  # of each side
HEIGHT = 56 + 24 * (2 * LISTED_TOKENS + 2)  # px
MEASURES = ("token", "all")
MEASURE_NAMES = {"token": "this token", "all": "all of them"}


@dataclass(frozen=True, eq=False)
class Measured:
    """A run, its tokens read again with everything on and with parts off, and the predictions that are compared."""

    run: Run
    plain: Run  # the same tokens read in one pass; as long as nothing is off the run itself serves for both
    edited: Run
    moments: tuple[Moment, ...]
    now: int
    all: bool

    @property
    def moment(self) -> Moment:
        return self.moments[self.now]

    @property
    def which(self) -> tuple[Moment, ...]:
        """The predictions that are measured together."""
        return self.moments if self.all else (self.moment,)

    def bits(self, moment: Moment) -> float:
        """The token's log2-probability with the parts off minus that with everything on."""
        before, after = (predictions.logits(run, moment.at) for run in (self.plain, self.edited))
        return change_in_bits(before, after, moment.token.id)


def pick_measured(run: Run) -> Measured | None:
    """The controls for what is measured, and the result; None, with a message, where nothing is predicted yet."""
    if run.lm.kind == "encoder":
        masks.draw_clickable_text(run)
        masks.draw_hint(run)
    found = predictions.moments(run)
    if not found:
        st.info(nothing_to_predict(run) if run.lm.kind != "encoder" else nothing_hidden(run), icon="🎭")
        return None
    address.keep_among("measured", MEASURES, MEASURES[0], lambda name: MEASURE_NAMES[name])
    off = edits.held(run)
    return Measured(
        run,
        other_run.reread(run, ()) if off else run,
        other_run.reread(run, off) if off else run,
        found,
        predictions.chosen(run, len(found), lambda: first_moment(run, found)),
        len(found) > 1 and st.session_state["measured"] == "all",
    )


def first_moment(run: Run, found: tuple[Moment, ...]) -> int:
    """The prediction that is measured before anyone has chosen one."""
    begins = importance.beginning(run, pickers.kind_on_screen(attention.available(run)), found)
    return 0 if begins is None else begins.moment


def nothing_hidden(run: Run) -> str:
    """A sentence for an encoder that predicts nothing yet: why, and what to do."""
    if run.lm.special.mask is None:
        return nothing_to_predict(run)
    return "Nothing is masked yet, so nothing is predicted: click a token above. What stood there is then what is measured."


def draw_texts(found: Measured) -> None:
    """The predicted tokens, each with its change in bits; and the tokens that the model generates with the parts off."""
    run, off = found.run, edits.held(found.run)
    name = "predicts" if run.lm.kind == "encoder" else "wrote"
    predicted = [
        Chip(
            one.token.label,
            note=in_bits(found.bits(one)) if off else "",
            special=one.token.special,
            current=found.all or i == found.now,
            title="click to measure the effect on this token",
        )
        for i, one in enumerate(found.moments[: tokens.STRIP_TOKENS])
    ]
    rows = [Strip(name, predicted)]
    again = writes_now(run, off) if off and run.steps else None
    if again is not None:
        marks = without_equal(run, again, run.generated, again.generated)[1]
        rows.append(Strip("writes now", chips(again.generated, marks)))

    def choose(event: ChipEvent) -> None:
        if event.row == 0:
            st.session_state["moment"], st.session_state["measured"] = event.index, "token"

    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="worth_row"):
        with st.container(width="stretch"):
            token_strip(rows, key="worth_texts", label="Predicted tokens", on_token=choose)
        if len(found.moments) > 1:
            st.segmented_control(
                "Measured on",
                MEASURES,
                key="measured",
                format_func=lambda name: MEASURE_NAMES[name],
                bind="query-params",
                required=True,
                help="The effect is measured as the change of log2 of the probability of the token chosen on the "
                "left, or of all of them together.",
            )


def writes_now(run: Run, off: tuple[edits.Off, ...]) -> Run | None:
    """The run that the model generates with the parts off. Where that takes long it is made on request; None until then."""
    spec = replace(run.spec, edits=off)
    if runner.store().get(spec) is None:
        takes = estimate.seconds(run.lm, len(run.trace.tokens(run.trace.predicts)))
        says = f"What the model writes by itself without these parts takes about {duration(takes)} to find out."
        if takes > estimate.ANNOUNCED_SECONDS and not asked(run, off, says, key="write_again"):
            return None
    return runner.get(spec, lambda: st.session_state.get("text"), like=run.spec)


def in_bits(change: float) -> str:
    """A change with its sign and unit."""
    return f"{change:+.2f} bits".replace("-", "−")


def draw_verdict(found: Measured) -> None:
    """What the parts that are off were worth to the prediction, in words."""
    if not edits.held(found.run):
        st.caption(
            "Nothing is off. The effect of a part is the change of the predicted token's log-probability without it, in bits "
            "(log2): at −1 bit the token is half as probable, at −3.3 a tenth."
        )
        return
    one = found.moment
    shares = [predictions.logits(run, one.at).softmax(dim=-1) for run in (found.plain, found.edited)]
    now, before = shares[1], shares[0]
    best = found.run.lm.token(int(now.argmax()))
    token = f"“{markdown.plain(visible(one.token.label))}”"
    text = (
        f"{token} goes from {format_percent(float(before[one.token.id]))} to "
        f"{format_percent(float(now[one.token.id]))}: **{in_bits(found.bits(one))}**."
    )
    if best.id != one.token.id:
        text += f" “{markdown.plain(visible(best.label))}” is now the most probable."
    if len(found.moments) > 1:
        total = sum(found.bits(moment) for moment in found.moments)
        text += f" All {len(found.moments)} predicted tokens together: **{in_bits(total)}**."
    st.markdown(
        text,
        help="The same tokens are read again with the parts off, so the change is due to them alone. Off means that a head's "
        "answer or a sublayer's is zero; the model never met that in training.",
    )


def draw_next_token(found: Measured) -> None:
    """The most probable tokens of the chosen prediction with everything on and with the parts off."""
    run, moment = found.run, found.moment
    logits = [predictions.logits(side, moment.at) for side in (found.plain, found.edited)]
    before, after = (values.softmax(dim=-1) for values in logits)
    ids = {int(i) for shares in (before, after) for i in shares.topk(min(LISTED_TOKENS, len(shares))).indices}
    order = sorted(ids | {moment.token.id}, key=lambda i: -float(before[i]))
    labels = [run.lm.token(i).label for i in order]
    was, now = array(before[order]), array(after[order])
    drawing = Drawing(
        next_token_change,
        [
            Expression(labels, "[lm.token(i).label for i in ids]"),
            Expression(was, "before[ids].cpu().numpy()"),
            Expression(now, "after[ids].cpu().numpy()"),
            Expression(len(before) - len(order), "len(before) - len(ids)"),
        ],
        {"chosen": order.index(moment.token.id), "height": HEIGHT},
        lambda: softmax_source(found),
    )
    there = run.trace.tokens(run.trace.predicts)[moment.at].label
    where = "at" if run.lm.kind == "encoder" else "after"
    figures.place(
        drawing.figure(),
        key="change",
        heading=f"What is predicted {where} “{markdown.plain(visible(there))}”",
        explained="Shares of the full softmax: hollow bars with everything on, solid bars with the parts off. The token that is "
        "measured is marked.",
        filename="prediction-with-parts-off",
        csv=lambda: table_csv(
            {
                "id": order,
                "token": labels,
                "before": [float(v) for v in was],
                "after": [float(v) for v in now],
                "bits": [change_in_bits(logits[0], logits[1], i) for i in order],
            }
        ),
        python=drawing.python,
    )


def softmax_source(found: Measured) -> Source:
    """Lines up to `before` and `after`, the full softmax of both runs, and the `ids` that are shown."""
    at, token = found.moment.at, found.moment.token.id
    lines = [
        *of_run(found.plain, "plain"),
        *of_trace(found.edited, "edited"),
        f"before, after = (trace.probabilities({at}) for trace in (plain, edited))",
        f"best = [shares.topk(min({LISTED_TOKENS}, len(shares))).indices for shares in (before, after)]",
        f"ids = sorted({{{token}, *(int(i) for found in best for i in found)}}, key=lambda i: -float(before[i]))",
    ]
    return Source(lines)
