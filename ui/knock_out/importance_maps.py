"""Four measures of every head's importance as maps, and the controls for knocking every head out in turn."""

import time

import streamlit as st

from analysis.head_importance import Table
from analysis.knock_out import Prediction, every_head
from ui import figures
from ui.compare import predictions
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.knock_out import agreement, importance, notebook
from ui.knock_out.importance import NUMBERS, Name, Sweep, Tables
from ui.knock_out.page import Measured
from ui.maps import attention, pickers
from ui.maps.attention import AttentionKind, AttentionView
from ui.maps.drawing import Drawing, Expression
from ui.runs.on_demand import WEIGHTS_AT_ONCE, duration
from ui.runs.store import Run
from ui.state import edits
from ui.state.shown_head import begin_with, is_head_chosen, show_head
from viz.export import archive, table_csv
from viz.head_importance import head_map

TICK_SECONDS = 0.25  # between two slices of knock-outs, in which the page can hear a click
ABREAST: tuple[tuple[Name, Name], ...] = (("weight", "norm"), ("gradient", "knock_out"))


def draw(found: Measured, kind: AttentionKind, layer: int, head: int) -> None:
    """The four maps of the kind of attention on screen, and how far the measures agree."""
    asked = predictions.asked(found.edited, found.which)
    st.subheader("How much each head matters", anchor=False)
    draw_sweep(found, asked)
    tables = gathered(found, asked)
    for names in ABREAST:
        for column, name in zip(st.columns(2, gap="large"), names, strict=True):
            with column:
                draw_number(found, name, tables.get(name, {}).get(kind), kind, (layer, head))
    if len(tables) > 1:
        agreement.draw(found.edited, asked, tables, kind, layer, head)


def pick_head(found: Measured, view: AttentionView) -> tuple[int, int]:
    """Layer and head. The default is the head with the largest effect by its gradient; where that takes long, the one that hands
    over most, or else the sharpest."""
    if not is_head_chosen("knock_out"):
        begins = importance.beginning(found.run, view.kind, found.moments)
        if begins is not None:
            begin_with(begins.layer, begins.head, "knock_out")
        elif importance.has_tables(found.edited) or importance.weights_of(found.edited) <= WEIGHTS_AT_ONCE:
            most = int(importance.tables(found.edited, "norm")[view.kind].argmax())
            begin_with(*divmod(most, view.heads), "knock_out")
    return pickers.pick_head(view)


def gathered(found: Measured, asked: Prediction) -> dict[Name, Tables]:
    """The measures that are available: cheap ones at once, slow gradients and knock-outs once someone asked for them."""
    run, off = found.edited, edits.held(found.run)
    tables: dict[Name, Tables] = {}
    if importance.has_tables(run) or importance.weights_of(run) <= WEIGHTS_AT_ONCE:
        tables |= {"weight": importance.tables(run, "weight"), "norm": importance.tables(run, "norm")}
    if importance.has_gradients(run, asked) or gradient_seconds(run, asked) <= importance.GRADIENT_SECONDS_UNASKED:
        tables["gradient"] = importance.gradients(run, asked, off)
    sweep = importance.sweep(run, asked)
    if sweep is not None and sweep.lost:
        tables["knock_out"] = importance.knocked_out(run, sweep)
    return tables


def pattern_seconds(run: Run) -> float:
    """Estimated seconds for reading every attention pattern, from the time that one takes."""
    stack, part = attention.available(run)[0].place
    began = time.perf_counter()
    float(run.trace.attention(stack, 0, part).weights(0).amax(dim=-1).mean())
    return (time.perf_counter() - began) * len(every_head(run.lm.config))


def gradient_seconds(run: Run, asked: Prediction) -> float:
    return importance.GRADIENT_PASSES * importance.price(run, asked).seconds(1, 1)


def draw_sweep(found: Measured, asked: Prediction) -> None:
    """The button that knocks out every head in turn, with an estimated time; while it runs, its progress and a button to cancel."""
    run, off = found.edited, edits.held(found.run)
    sweep, count = importance.sweep(run, asked), len(every_head(found.run.lm.config))
    if sweep is not None and sweep.running:
        st.fragment(draw_progress, run_every=TICK_SECONDS)(found, asked, sweep, count)
        return
    done = 0 if sweep is None else len(sweep.lost)
    if sweep is not None and done == count:
        token = f"log2 p was {sweep.before:.2f} bits with every head on"
        st.caption(f"All {count} heads were knocked out in turn; {token}{', the parts above off' if off else ''}.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        word = "Knock out every head in turn" if not done else f"Go on: {count - done} of {count} heads are left"
        st.button(word, key="sweep_start", type="primary", on_click=begin, args=(run, asked, off))
        st.caption(
            f"{count} heads, about {duration(importance.estimate(run, asked) * (count - done) / count)}.",
            width="content",
        )


def begin(run: Run, asked: Prediction, off: tuple[edits.Off, ...]) -> None:
    """Starts or continues the knock-outs."""
    importance.start(run, asked, off)


def read_patterns(run: Run) -> None:
    """Computes the measures that need every pattern, on request, for a long text."""
    importance.tables(run, "weight")


def take_gradients(run: Run, asked: Prediction, off: tuple[edits.Off, ...]) -> None:
    """Computes the gradients, on request, for a large model."""
    importance.gradients(run, asked, off)


def draw_progress(found: Measured, asked: Prediction, sweep: Sweep, count: int) -> None:
    """Runs and draws one slice of knock-outs, as a fragment; the whole page is drawn again once all are done."""
    ended = importance.advance(sweep, found.edited, asked, edits.held(found.run))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        done = len(sweep.lost)
        left = sweep.cost.seconds(count - done, sweep.rows)
        st.progress(done / count, text=f"{done} of {count} heads, about {duration(left)} left")
        st.button("Cancel", key="sweep_cancel", on_click=cancel, args=(sweep,))
    if ended:
        st.rerun()


def cancel(sweep: Sweep) -> None:
    """Stops after the current batch; what was measured is kept."""
    sweep.running = False


def draw_number(
    found: Measured, name: Name, table: Table | None, kind: AttentionKind, selected: tuple[int, int]
) -> None:
    """The map of one measure for the kind of attention on screen."""
    number = NUMBERS[name]
    if table is None:
        st.markdown(f"**{number.title[:1].upper()}{number.title[1:]}**", help=number.explained)
        draw_request(found, name)
        return
    asked = predictions.asked(found.edited, found.which)
    drawing = Drawing(
        head_map,
        [Expression(table, f'tables["{name}"][0]')],
        {
            "title": number.title,
            "unit": number.unit,
            "signed": number.signed,
            "selected": selected,
            "off": importance.silenced(edits.held(found.run), kind),
            "width": 480,
            "height": map_height(table),
        },
        lambda: notebook.tables(found.edited, asked, (name,), (kind,)),
    )
    figures.place(
        drawing.figure(),
        key=f"number_{name}",
        heading=f"{number.title[:1].upper()}{number.title[1:]}" + (f", {number.unit}" if number.unit else ""),
        explained=number.explained,
        filename=f"{name}-{kind.key}",
        csv=lambda: heads_csv(table, name),
        npz=lambda: archive({name: table}),
        python=drawing.python,
    )

    def opened(point: PointEvent) -> None:
        if point.column is not None and point.row < table.shape[0] and point.column < table.shape[1]:
            show_head(point.row, point.column)

    plotly_bridge(f"number_{name}", key=f"number_{name}_bridge", on_point=opened)


def draw_request(found: Measured, name: Name) -> None:
    """How to get a measure that takes long, with an estimated time."""
    run = found.edited
    if name == "knock_out":
        st.caption("Press the button above: every head is then switched off in turn.")
    elif name == "gradient":
        asked = predictions.asked(run, found.which)
        args = (run, asked, edits.held(found.run))
        st.button("Take the gradients", key="take_gradients", on_click=take_gradients, args=args)
        st.caption(f"About {duration(gradient_seconds(run, asked))}.")
    else:
        count = importance.weights_of(run)
        st.button("Read every head", key=f"read_{name}", on_click=read_patterns, args=(run,))
        st.caption(
            f"This text has {count / 1e6:,.0f} million attention weights; about {duration(pattern_seconds(run))}."
        )


def map_height(table: Table) -> int:
    """Height of a map of heads, px."""
    return int(84 + 26 * table.shape[0])


def heads_csv(table: Table, name: str) -> str:
    layers, count = table.shape
    return table_csv(
        {
            "layer": [layer for layer in range(layers) for _ in range(count)],
            "head": [head for _ in range(layers) for head in range(count)],
            name: [float(value) for value in table.ravel()],
        }
    )
