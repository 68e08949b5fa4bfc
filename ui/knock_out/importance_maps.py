"""Four numbers for every head beside each other, how alike they rank the heads, and knocking out every head in turn."""

import time
from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.agreement import rank_agreement, spearman
from analysis.head_importance import Table
from analysis.knock_out import Prediction, every_head
from ui import figures
from ui.compare import predictions
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import theme
from ui.knock_out import importance, notebook
from ui.knock_out.importance import NUMBERS, Name, Sweep, Tables
from ui.knock_out.page import Measured
from ui.maps import attention
from ui.maps.attention import AttentionKind
from ui.runs.on_demand import AT_ONCE
from ui.runs.runner import Run
from ui.state import address
from ui.state import edits as off
from viz.export import archive, table_csv
from viz.head_importance import agreement_map, head_map, heads_scatter

TICK = 0.25  # seconds between two slices of knock-outs, in which the page can hear a click
ABREAST: tuple[tuple[Name, Name], ...] = (("weight", "norm"), ("gradient", "knock_out"))
SHORT: dict[Name, str] = {"weight": "weight", "norm": "norm", "gradient": "gradient", "knock_out": "knock-out"}


def numbers(found: Measured, kind: AttentionKind, layer: int, head: int) -> None:
    """The four maps of the kind of attention on screen, their agreement, and one against another."""
    asked = predictions.asked(found.edited, found.which)
    st.subheader("What each head was worth", anchor=False)
    sweep_row(found, asked)
    tables = gathered(found, asked)
    for names in ABREAST:
        for column, name in zip(st.columns(2, gap="large"), names, strict=True):
            with column:
                one_map(found, name, tables.get(name, {}).get(kind), kind, (layer, head))
    if len(tables) > 1:
        agreement(found.edited, asked, tables, kind, layer, head)


def gathered(found: Measured, asked: Prediction) -> dict[Name, Tables]:
    """The numbers there are: those that cost little at once, gradients of a large model and knock-outs when asked for."""
    run, edits = found.edited, off.held(found.run)
    tables: dict[Name, Tables] = {}
    if importance.has_tables(run) or importance.weights_of(run) <= AT_ONCE:
        tables |= {"weight": importance.tables(run, "weight"), "norm": importance.tables(run, "norm")}
    if importance.has_gradients(run, asked) or gradient_seconds(run, asked) <= importance.AT_ONCE:
        tables["gradient"] = importance.gradients(run, asked, edits)
    sweep = importance.sweep(run, asked)
    if sweep is not None and sweep.lost:
        tables["knock_out"] = importance.knocked_out(run, sweep)
    return tables


def pattern_seconds(run: Run) -> float:
    """How long reading every pattern is likely to take, from one of them."""
    stack, part = attention.available(run)[0].place
    began = time.perf_counter()
    float(run.trace.attention(stack, 0, part).weights(0).amax(dim=-1).mean())
    return (time.perf_counter() - began) * len(every_head(run.lm.config))


def gradient_seconds(run: Run, asked: Prediction) -> float:
    return importance.GRADIENT_PASSES * importance.price(run, asked).seconds(1, 1)


def sweep_row(found: Measured, asked: Prediction) -> None:
    """The button that knocks out every head in turn, with its estimate; while it runs, how far it is and a way to stop."""
    run, edits = found.edited, off.held(found.run)
    sweep, count = importance.sweep(run, asked), len(every_head(found.run.lm.config))
    if sweep is not None and sweep.running:
        st.fragment(under_way, run_every=TICK)(found, asked, sweep, count)
        return
    done = 0 if sweep is None else len(sweep.lost)
    if sweep is not None and done == count:
        token = f"log2 p was {sweep.before:.2f} bits with every head on"
        st.caption(f"All {count} heads were knocked out in turn; {token}{', the parts above off' if edits else ''}.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        word = "Knock out every head in turn" if not done else f"Go on: {count - done} of {count} heads are left"
        st.button(word, key="sweep_start", type="primary", on_click=begin, args=(run, asked, edits))
        st.caption(
            f"{count} heads, {duration(importance.estimate(run, asked) * (count - done) / count)}.", width="content"
        )


def begin(run: Run, asked: Prediction, edits: tuple[off.Off, ...]) -> None:
    """Starts the knock-outs, or goes on with them."""
    importance.start(run, asked, edits)


def read_patterns(run: Run) -> None:
    """The numbers that every head's pattern gives, of a text too long to read them unasked."""
    importance.tables(run, "weight")


def take_gradients(run: Run, asked: Prediction, edits: tuple[off.Off, ...]) -> None:
    """Gradients of a model that is too large to take them unasked."""
    importance.gradients(run, asked, edits)


def duration(seconds: float) -> str:
    """An estimate in words."""
    if seconds < 1:
        return "in less than a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} minutes"


def under_way(found: Measured, asked: Prediction, sweep: Sweep, count: int) -> None:
    """A slice of knock-outs, drawn by itself; the whole page is drawn again once all are done."""
    ended = importance.advance(sweep, found.edited, asked, off.held(found.run))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        done = len(sweep.lost)
        left = sweep.cost.seconds(count - done, sweep.rows)
        st.progress(done / count, text=f"{done} of {count} heads, {duration(left)} left")
        st.button("Cancel", key="sweep_cancel", on_click=cancel, args=(sweep,))
    if ended:
        st.rerun()


def cancel(sweep: Sweep) -> None:
    """Stops after the batch under way; what was measured stays."""
    sweep.running = False


def one_map(found: Measured, name: Name, table: Table | None, kind: AttentionKind, selected: tuple[int, int]) -> None:
    """One number of every head of the kind of attention on screen."""
    number = NUMBERS[name]
    if table is None:
        st.markdown(f"**{number.title[:1].upper()}{number.title[1:]}**", help=number.explained)
        ask_for(found, name)
        return
    fig = head_map(
        table,
        theme=theme.current(),
        title=number.title,
        unit=number.unit,
        signed=number.signed,
        selected=selected,
        off=importance.silenced(off.held(found.run), kind),
        width=480,
        height=tall(table),
    )
    figures.place(
        fig,
        key=f"number_{name}",
        heading=f"{number.title[:1].upper()}{number.title[1:]}" + (f", {number.unit}" if number.unit else ""),
        explained=number.explained,
        filename=f"{name}-{kind.key}",
        csv=lambda: heads_csv(table, name),
        npz=lambda: archive({name: table}),
        python=lambda: notebook.of_number(
            found.edited,
            predictions.asked(found.edited, found.which),
            name,
            (kind, *selected),
            importance.silenced(off.held(found.run), kind),
            tall(table),
        ),
    )

    def opened(point: PointEvent) -> None:
        if point.column is not None and point.row < table.shape[0] and point.column < table.shape[1]:
            st.session_state["layer"], st.session_state["head"] = point.row, point.column

    plotly_bridge(f"number_{name}", key=f"number_{name}_bridge", on_point=opened)


def ask_for(found: Measured, name: Name) -> None:
    """The way to a number that takes long."""
    run = found.edited
    if name == "knock_out":
        st.caption("Press the button above: every head is then switched off in turn.")
    elif name == "gradient":
        asked = predictions.asked(run, found.which)
        args = (run, asked, off.held(found.run))
        st.button("Take the gradients", key="take_gradients", on_click=take_gradients, args=args)
        st.caption(f"{duration(gradient_seconds(run, asked)).capitalize()}.")
    else:
        count = importance.weights_of(run)
        st.button("Read every head", key=f"read_{name}", on_click=read_patterns, args=(run,))
        st.caption(f"This text has {count / 1e6:,.0f} million attention weights; {duration(pattern_seconds(run))}.")


def tall(table: Table) -> int:
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


def agreement(
    run: Run, asked: Prediction, tables: Mapping[Name, Tables], kind: AttentionKind, layer: int, head: int
) -> None:
    """Whether the numbers rank the heads alike, and two of them against each other."""
    kinds = attention.available(run)
    names: list[Name] = list(tables)
    rows = importance.columns(tables, kinds)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(rows).all(axis=0))
    if known.sum() < 3:
        return
    sizes = np.abs(rows[:, known])
    left, right = st.columns([2, 3], gap="large")
    with left:
        correlations = rank_agreement(sizes)
        shown = [SHORT[name] for name in names]
        fig = agreement_map(correlations, shown, theme=theme.current(), width=440)
        figures.place(
            fig,
            key="agreement",
            heading="Do they rank heads alike?",
            explained="Spearman's rank correlation over all heads of the model, signs aside: 1 where two numbers put the heads in "
            "the same order, 0 where one says nothing of the other. Attention weight alone need not say what a head is worth.",
            filename="rank-agreement",
            csv=lambda: table_csv(
                {"number": shown, **{name: [float(v) for v in correlations[:, i]] for i, name in enumerate(shown)}}
            ),
            npz=lambda: archive({"spearman": correlations, "numbers": np.array(shown, dtype=np.str_)}),
            python=lambda: notebook.of_agreement(run, asked, names, shown),
        )
        st.caption(said(tables, rows, known))
    with right:
        against(run, asked, names, rows, kind, layer, head)


def said(tables: Mapping[Name, Tables], rows: Table, known: NDArray[np.bool_]) -> str:
    """How far the signs agree, and how much of the model it is about."""
    text = f"Over {int(known.sum())} heads, of the whole model."
    if "knock_out" not in tables:
        return text + " Knock every head out to see which number foretells it."
    names = list(tables)
    if "gradient" in tables:
        a, b = rows[names.index("gradient")][known], rows[names.index("knock_out")][known]
        text += f" With their signs, gradient and knock-out: {spearman(a, b):.2f}."
    return text


def against(
    run: Run, asked: Prediction, names: list[Name], rows: Table, kind: AttentionKind, layer: int, head: int
) -> None:
    """A point for each head: one number across, another up."""
    upright = names[-1]
    across: list[Name] = [name for name in names if name != upright]
    address.keep_among("across", across, across[0], lambda name: SHORT[name])
    kinds = attention.available(run)
    groups, labels = importance.head_names(run, kinds)
    chosen: Name = st.session_state["across"]
    at = labels.index(f"{kind.short} L{layer} H{head}")
    x, y = rows[names.index(chosen)], rows[names.index(upright)]
    known = np.isfinite(x) & np.isfinite(y)
    title_x, title_y = (f"{NUMBERS[name].title}, {NUMBERS[name].unit}".rstrip(", ") for name in (chosen, upright))
    fig = heads_scatter(
        np.where(known, x, np.nan),
        np.where(known, y, np.nan),
        groups,
        labels,
        theme=theme.current(),
        title_x=title_x,
        title_y=title_y,
        agreement=spearman(np.abs(x[known]), np.abs(y[known])),
        selected=at,
        height=330,
    )
    figures.place(
        fig,
        key="scatter",
        heading=f"{NUMBERS[upright].title[:1].upper()}{NUMBERS[upright].title[1:]} against {NUMBERS[chosen].title}",
        explained="A point for each head of the model; the one on screen is ringed.",
        filename="heads-against-each-other",
        csv=lambda: table_csv({"head": labels, title_x: [float(v) for v in x], title_y: [float(v) for v in y]}),
        python=lambda: notebook.of_scatter(run, asked, chosen, upright, (title_x, title_y), at),
    )
    st.segmented_control(
        "Across",
        across,
        key="across",
        format_func=lambda name: SHORT[name],
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
