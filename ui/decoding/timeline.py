"""Entropy and surprisal of every token of the text, as a line on which the step on screen is marked."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.uncertainty import Positionwise, along_text
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import array, theme
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state.shown_step import show_step
from viz.export import table_csv
from viz.uncertainty import entropy_line

MOST_TOKENS_WITHOUT_SCROLLING = 20  # on a narrow screen; a longer line scrolls there
LEAST_WIDTH_PX = 900  # of a longer line


def certainty(run: Run) -> Positionwise:
    """Entropy, surprisal and rank at every position that predicts, against the token that came; worked out once a run."""
    return kept(run, ("certainty",), Positionwise, lambda: _certainty(run))


def _certainty(run: Run) -> Positionwise:
    stack = run.trace.predicts
    return along_text(run.trace.final, run.lm.logits, run.lm.config.vocab_size, run.after(stack), n=1)


def draw(run: Run, step: int) -> None:
    """Entropy before and surprisal of every token of the whole text. A click on a token shows its step."""
    found = certainty(run)
    first = len(found.came) - len(run.steps)  # the prompt's own predictions come before the first step
    fig = drawn(run, first)
    figures.head(
        fig,
        key="certainty",
        heading="How sure, over the whole text",
        explained="Entropy: how undecided the full softmax was before a token. Surprisal: -log2 of the probability of the token "
        "that came. Both in bits. The line marks the step on screen; click a token to go to its step.",
        filename="certainty",
        csv=lambda: as_csv(run, found, labels_of(run)),
    )
    with st.container(key="certainty_scroll" if len(found.came) > MOST_TOKENS_WITHOUT_SCROLLING else "certainty_fits"):
        figures.chart(fig, key="certainty", filename="certainty")

    def jump(point: PointEvent) -> None:
        if first <= point.row < first + len(run.steps):
            show_step(point.row - first)

    plotly_bridge("certainty", key="certainty_bridge", on_point=jump, mark=float(first + step))


def labels_of(run: Run) -> list[str]:
    """The token that came after each position."""
    return [run.lm.token(int(i)).label for i in certainty(run).came]


def drawn(run: Run, first: int) -> go.Figure:
    """The line of a run, with a band over the given tokens. It is the same for all steps, so the browser keeps it."""
    colours = theme.current()

    def make() -> go.Figure:
        found = certainty(run)
        fig = entropy_line(
            array(found.entropy),
            array(found.surprisal),
            labels_of(run),
            theme=colours,
            width=LEAST_WIDTH_PX,
            height=210,
        )
        if first:
            band = {
                "type": "rect",
                "x0": -0.5,
                "x1": first - 0.5,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "fillcolor": colours.panel,
                "line": {"width": 0},
                "layer": "below",
            }
            fig.update_layout(shapes=[band])
        return fig

    return kept(run, ("certainty line", colours.name), go.Figure, make)


def as_csv(run: Run, found: Positionwise, labels: list[str]) -> str:
    """One row a token, the given tokens first."""
    first = len(found.came) - len(run.steps)
    return table_csv(
        {
            "step": [str(n - first) if n >= first else "given" for n in range(len(labels))],
            "id": [int(i) for i in found.came],
            "token": labels,
            "probability": [float(p) for p in np.asarray(found.probability.cpu())],
            "rank": [int(r) for r in found.rank],
            "surprisal_bits": [float(s) for s in found.surprisal],
            "entropy_bits": [float(e) for e in found.entropy],
        }
    )
