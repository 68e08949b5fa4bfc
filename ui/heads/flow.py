"""Attention flow into one position beside its rollout, and on request the flow into every position."""

from functools import partial

import numpy as np
import streamlit as st

from analysis.flow import Flow, Graph, flow, graph, seconds_a_row
from analysis.rollout import Rollout
from ui import figures
from ui.figures import Matrix, markdown
from ui.heads import notebook
from ui.maps.attention import AttentionView
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs.on_demand import asked, duration, is_kept, kept
from ui.state import address
from viz.export import matrix_csv, matrix_npz, table_csv
from viz.paired_bars import paired_bars
from viz.token_maps import token_map

MOST_TOKENS = 256  # as inputs of the graph; a row of 512 tokens and twelve layers takes minutes
SECONDS_UNASKED = 2.0  # of work that nobody needs to ask for
WIDTH = 560  # px
FLOW = (
    "The most that could pass from an input token up to this position if every attention weight, averaged over heads and with half "
    "left to the residual stream, were the width of a pipe: a maximum flow (Abnar and Zuidema 2020), divided so that it sums to 1. "
    "It is computed exactly, with Dinic's algorithm."
)


def draw(view: AttentionView, rolled: Rollout) -> None:
    """The flow into a position that is picked, beside its rollout; and the button for every position."""
    stack, _ = view.kind.place
    tokens = sum(len(of) for name, of in view.run.trace.read.items() if name == stack or stack == "decoder")
    address.start_with("flow_into", len(view.queries) - 1)
    address.settle("flow_into", len(view.queries))
    at = st.selectbox(
        "Into",
        range(len(view.queries)),
        key="flow_into",
        format_func=lambda i: f"{i}  {view.queries[i]}",
        bind="query-params",
        help="A position at the top of the stack.",
        width=220,
    )
    if tokens > MOST_TOKENS:
        st.info(
            f"Flow is worked out for up to {MOST_TOKENS} tokens; here there are {tokens:,}. Its cost grows faster than the square "
            "of the length. Rollout, on the left, has no such limit."
        )
        return
    pipes = kept(view.run, ("graph", stack), Graph, lambda: graph(view.run.trace, stack))
    takes = kept(view.run, ("a row", stack), float, lambda: seconds_a_row(pipes, stack))
    key = ("flow", stack, at)
    if not is_kept(view.run, key) and takes > SECONDS_UNASKED:
        says = f"The flow into one position, through {pipes.edges:,} pipes, takes about {duration(takes)}."
        if not asked(view.run, (stack, at), says, key="work_out_flow"):
            return
    found = kept(view.run, key, Flow, partial(flow, pipes, stack, [at]))
    draw_bars(view, found, rolled, at)
    draw_whole(view, pipes, takes)


def cells_of(view: AttentionView, found: Flow) -> Matrix:
    """The part of a flow that this kind of attention shows: from the source tokens, or from the stack's own."""
    held = found.across if view.kind.part == "cross" else found.within
    assert held is not None
    return held.astype(np.float32)


def draw_bars(view: AttentionView, found: Flow, rolled: Rollout, at: int) -> None:
    """Flow and rollout into one position as bars, side by side."""
    flows = cells_of(view, found)[0]
    held = rolled.across if view.kind.part == "cross" else rolled.within
    assert held is not None
    rolls = held[-1, at]
    drawing = Drawing(
        paired_bars,
        [
            Expression(view.keys, "keys"),
            Expression({"flow": flows, "rollout": rolls}, '{"flow": flows[0], "rollout": rolls}'),
        ],
        {"said": f'What "{view.queries[at]}" holds at the top of the stack', "width": WIDTH},
        lambda: notebook.flow(view, f"[{at}]") + rollout_source(view, at),
    )
    figures.place(
        drawing.figure(),
        key="flow",
        heading=f"Flow and rollout into “{markdown.plain(view.queries[at])}”",
        explained=FLOW,
        filename=f"flow-{view.kind.key}-{at}",
        csv=lambda: table_csv(
            {"token": list(view.keys), "flow": [float(x) for x in flows], "rollout": [float(x) for x in rolls]}
        ),
        python=drawing.python,
    )


def rollout_source(view: AttentionView, at: int) -> Source:
    """A line that gives `rolls`, the rollout into one position."""
    made = f'rolls = rollout(trace, "{view.kind.stack}").{notebook.side(view)}[-1, {at}]'
    return Source([made], ["from analysis.rollout import rollout"])


def draw_whole(view: AttentionView, pipes: Graph, takes: float) -> None:
    """The flow into every position, on request. It is computed row by row; another action on the page stops it between two rows."""
    stack, _ = view.kind.place
    count = len(view.queries)
    missing = [at for at in range(count) if not is_kept(view.run, ("flow", stack, at))]
    wanted = st.session_state.get("flow_of") == (view.run.spec, stack)
    if missing and not wanted:
        st.button(
            f"All {count} positions, about {duration(takes * len(missing))}",
            key="all_flow",
            on_click=lambda: st.session_state.update(flow_of=(view.run.spec, stack)),
            help="One maximum flow for each pair of a position and an input token.",
        )
        return
    if missing:
        bar = st.progress(0.0, text="One row after another; any other choice on the page stops it.")
        for done, at in enumerate(missing, start=1):
            kept(view.run, ("flow", stack, at), Flow, partial(flow, pipes, stack, [at]))
            bar.progress(done / len(missing))
        bar.empty()
    rows = [kept(view.run, ("flow", stack, at), Flow, partial(flow, pipes, stack, [at])) for at in range(count)]
    cells = np.concatenate([cells_of(view, row) for row in rows])
    drawing = whole_drawing(view, cells)
    figures.place(
        drawing.figure(),
        key="flow_map",
        heading="Flow, the whole stack",
        explained=FLOW,
        filename=f"flow-{view.kind.key}",
        csv=lambda: matrix_csv(cells, view.queries, view.keys),
        npz=lambda: matrix_npz(cells, view.queries, view.keys),
        python=drawing.python,
        fill=len(view.keys) > 20,
    )


def whole_drawing(view: AttentionView, cells: Matrix) -> Drawing:
    """The flow into every position (row) from every input token (column)."""
    return Drawing(
        token_map,
        [Expression(cells, "flows"), Expression(view.queries, "queries"), Expression(view.keys, "keys")],
        {
            "name": "flow",
            "verb": "can hold of",
            "title_rows": "at the top",
            "title_columns": "came in as",
            "scale": "sqrt",
            "zmax": "own",
            "hide_future": view.causal,
            "width": WIDTH,
        },
        lambda: notebook.flow(view, f"range({len(cells)})"),
    )
