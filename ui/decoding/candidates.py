"""What could come next: the full softmax of a step, what the sampling stages make of it, and ways to choose another token."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from torch import Tensor

from analysis.sampling_stages import Stage, ruled_out_by, stages
from model.decoding.step import Step
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.decoding import typed_tokens
from ui.figures import array, markdown, theme
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state import choices, sampling
from ui.state.shown_step import show_step
from viz.export import table_csv
from viz.next_token import next_token_chart, with_ghosts
from viz.percent import format_percent

CANDIDATES = 12
LISTED = 100
LEAST_CUT = 1e-3  # a checkpoint that forbids its padding token changes nothing one could see


@dataclass(frozen=True, eq=False)
class Expected:
    """The logits and the softmax of a step, worked out once for all parts of the page."""

    logits: Tensor  # (vocab,)
    shares: Tensor  # (vocab,), the full softmax
    best: Tensor  # the ids of the most probable, LISTED at most


def expected(run: Run, step: Step) -> Expected:
    """Those of the step on screen. One step is kept for each run: a row of logits for every step would be most of its memory."""

    def make() -> Expected:
        logits = step.logits
        shares = logits.softmax(dim=-1)
        return Expected(logits, shares, shares.topk(min(LISTED, len(shares))).indices)

    return kept(run, ("expected", step), Expected, make, most=1)


def force(run: Run, index: int, token: int) -> None:
    """Chooses another token at a step; the tokens after it are decoded anew. The model's own token needs no choice."""
    earlier = [choice for choice in run.spec.choices if choice[0] < index]
    own = run.steps[index].token.id == token and (index, token) not in run.spec.choices
    choices.choose(earlier if own else [*earlier, (index, token)])
    show_step(index)


def narrowed(run: Run, step: Step) -> list[Stage]:
    """The softmax of this step after each sampling stage that is on; worked out without a run of the model."""
    read = [token.id for token in step.read["decoder"]]
    logits = expected(run, step).logits
    sample = sampling.chosen().sample
    allowed = step.start.allowed(logits, read, step.index, sample)
    found = stages(logits, allowed, read, sample)
    unseen = [stage.name for stage in found] == ["constraints"] and found[0].cut < LEAST_CUT
    return [] if unseen else found


def draw_chart(run: Run, step: Step) -> None:
    """The chart of the next token: the most probable tokens of the full softmax, and one bar for the rest.

    Hollow bars are the probabilities after the sampling stages.
    """
    found = narrowed(run, step)
    ids, before = listed(run, step)
    fig = chart_of(run, step, ids, before, found)
    figures.place(
        fig,
        key="next",
        heading=f"Next token · entropy {step.entropy:.2f} bits",
        explained="The full softmax over the vocabulary; the most probable pieces and the rest as one bar. Entropy says how "
        "undecided the model is: 0 bits is certain. A hollow bar is the share a token is drawn with once the choice has been "
        "narrowed.",
        filename=f"next-token-step-{step.index}",
        csv=lambda: whole_softmax(run, step, found),
    )

    def clicked(point: PointEvent) -> None:
        if point.row < len(ids):
            force(run, step.index, ids[point.row])

    plotly_bridge("next", key="next_bridge", on_point=clicked)
    st.caption(
        markdown.plain(came(run, step, found))
        + " Click a bar to write that piece instead; what is written now stays as a branch."
    )


def listed(run: Run, step: Step) -> tuple[list[int], NDArray[np.float32]]:
    """(ids, probabilities) of the bars: the most probable tokens, and below them the new token if it is not among them."""
    found = expected(run, step)
    ids = found.best[:CANDIDATES].tolist()
    if step.token.id not in ids:
        ids = [*ids[:-1], step.token.id]
    return ids, array(found.shares[ids])


def chart_of(run: Run, step: Step, ids: list[int], before: NDArray[np.float32], found: list[Stage]) -> go.Figure:
    """The bars, with hollow ones where a stage changed something."""
    rest = max(0.0, 1.0 - float(before.sum(dtype=np.float64)))
    others = run.lm.config.vocab_size - len(ids)
    fig = next_token_chart(
        [run.lm.token(i).label for i in ids],
        before,
        others,
        rest,
        theme=theme.current(),
        ids=ids,
        chosen=step.token.id,
        height=400,
    )
    if not found:
        return fig
    after = array(found[-1].shares[ids])
    left = max(0.0, 1.0 - float(after.sum(dtype=np.float64)))
    out: list[str] = [ruled_out_by(found, i) or "" for i in ids]
    if others:
        before, after = np.append(before, np.float32(rest)), np.append(after, np.float32(left))
        out.append("" if found[-1].left > sum(not reason for reason in out) else "all of them")
    return with_ghosts(fig, before, after, out, theme=theme.current())


def came(run: Run, step: Step, found: list[Stage]) -> str:
    """The new token in words: its rank, its probability, and how it was chosen."""
    logits = expected(run, step).logits
    p = float(expected(run, step).shares[step.token.id])
    rank = int((logits > logits[step.token.id]).sum()) + 1
    text = f"“{step.token.label}” came, with {format_percent(p)}: rank {rank:,} of {run.lm.config.vocab_size:,}."
    if any(index == step.index for index, _ in run.spec.choices):
        return f"{text} It is your choice."
    choosing = sampling.chosen()
    if not choosing.drawn:
        return f"{text} Greedy decoding takes the most probable."
    share = float(found[-1].shares[step.token.id]) if found else p
    return f"{text} It was drawn with {format_percent(share)} by seed {choosing.seed} at step {step.index + 1}."


def draw_other_token(run: Run, step: Step) -> None:
    """A menu of the hundred most probable tokens, and a field to type any other."""
    seen = expected(run, step)
    likely = {i: (run.lm.token(i).label, float(seen.shares[i])) for i in seen.best.tolist()}

    def menu() -> None:
        token = st.session_state.get("write_instead")
        if isinstance(token, int):
            force(run, step.index, token)
        st.session_state["write_instead"] = None

    left, right = st.columns(2, gap="small")
    left.selectbox(
        "Write another token instead",
        list(likely),
        index=None,
        key="write_instead",
        format_func=lambda i: f"{likely[i][0]}   {format_percent(likely[i][1])}" if i in likely else str(i),
        placeholder="Choose, or click a bar",
        on_change=menu,
        help=f"The {min(LISTED, run.lm.config.vocab_size)} most probable tokens of this step.",
    )
    right.text_input(
        "Or type the next word",
        key="write_typed",
        placeholder="Start with a space for a new word",
        on_change=lambda: typed(run, step),
        help="The text is cut into the model's own pieces, and each is written in its turn, from this step on.",
    )
    typed_tokens.draw_refusal()


def typed(run: Run, step: Step) -> None:
    """Chooses the tokens of a typed text, one for each step from this one on."""
    text, ids = typed_tokens.taken(run, "write_typed")
    earlier = [choice for choice in run.spec.choices if choice[0] < step.index]
    if len(earlier) + len(ids) > choices.MOST_CHOICES:
        typed_tokens.refuse(
            f"“{text}” is {len(ids)} pieces, and {choices.MOST_CHOICES} choices are kept at most: type less"
        )
    elif ids:
        choices.choose([*earlier, *((step.index + n, token) for n, token in enumerate(ids))])


def whole_softmax(run: Run, step: Step, found: list[Stage]) -> str:
    """Every token of the vocabulary with its logit and probability, and its share after each stage."""
    logits, shares = expected(run, step).logits, expected(run, step).shares
    order = shares.argsort(descending=True, stable=True).tolist()
    columns: dict[str, list[str] | list[int] | list[float]] = {
        "rank": list(range(1, len(order) + 1)),
        "id": order,
        "token": [run.lm.token(i).label for i in order],
        "logit": [float(logits[i]) for i in order],
        "probability": [float(shares[i]) for i in order],
    }
    for stage in found:
        columns[f"after {stage.name}"] = [float(stage.shares[i]) for i in order]
    return table_csv(columns)
