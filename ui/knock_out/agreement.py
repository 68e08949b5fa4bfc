"""How far the measures of importance agree: their rank correlations, and one measure against another."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.agreement import rank_agreement, spearman
from analysis.head_importance import Table
from analysis.knock_out import Prediction
from ui import figures
from ui.knock_out import importance, notebook
from ui.knock_out.importance import NUMBERS, Name, Tables
from ui.maps import attention
from ui.maps.attention import AttentionKind
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs.store import Run
from ui.state import address
from viz.export import archive, table_csv
from viz.head_importance import agreement_map, heads_scatter


def draw(
    run: Run, asked: Prediction, tables: Mapping[Name, Tables], kind: AttentionKind, layer: int, head: int
) -> None:
    """The rank correlations of all measures, and two measures against each other."""
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
        shown = [NUMBERS[name].short for name in names]
        drawing = Drawing(
            agreement_map,
            [Expression(correlations, "rank_agreement(np.abs(rows[:, known]))"), shown],
            {"width": 440},
            lambda: notebook.tables(run, asked, names, kinds) + AGREEMENT_SOURCE,
        )
        figures.place(
            drawing.figure(),
            key="agreement",
            heading="Do they rank heads alike?",
            explained="Spearman's rank correlation over all heads of the model, signs aside: 1 where two numbers put the heads in "
            "the same order, 0 where one says nothing of the other. Attention weight alone need not say what a head is worth.",
            filename="rank-agreement",
            csv=lambda: table_csv(
                {"number": shown, **{name: [float(v) for v in correlations[:, i]] for i, name in enumerate(shown)}}
            ),
            npz=lambda: archive({"spearman": correlations, "numbers": np.array(shown, dtype=np.str_)}),
            python=drawing.python,
        )
        st.caption(in_words(tables, rows, known))
    with right:
        draw_scatter(run, asked, names, rows, kind, layer, head)


AGREEMENT_SOURCE = Source(
    [
        "rows = np.stack([np.concatenate([table.ravel() for table in found]) for found in tables.values()])",
        "known = np.isfinite(rows).all(axis=0)",
    ],
    ["from analysis.agreement import rank_agreement"],
)


def in_words(tables: Mapping[Name, Tables], rows: Table, known: NDArray[np.bool_]) -> str:
    """How many heads are compared, and the correlation of gradient and knock-out with their signs."""
    text = f"Over {int(known.sum())} heads, of the whole model."
    if "knock_out" not in tables:
        return text + " Knock every head out to see which number foretells it."
    names = list(tables)
    if "gradient" in tables:
        a, b = rows[names.index("gradient")][known], rows[names.index("knock_out")][known]
        text += f" With their signs, gradient and knock-out: {spearman(a, b):.2f}."
    return text


def draw_scatter(
    run: Run, asked: Prediction, names: list[Name], rows: Table, kind: AttentionKind, layer: int, head: int
) -> None:
    """A point for each head: the measure that is picked across, the last measure up."""
    upright = names[-1]
    across: list[Name] = [name for name in names if name != upright]
    address.keep_among("across", across, across[0], lambda name: NUMBERS[name].short)
    kinds = attention.available(run)
    _, labels = importance.head_names(run, kinds)
    chosen: Name = st.session_state["across"]
    at = labels.index(f"{kind.short} L{layer} H{head}")
    x, y = rows[names.index(chosen)], rows[names.index(upright)]
    drawing = scatter(run, asked, (chosen, upright), x, y, at)
    title_x, title_y = axis_title(chosen), axis_title(upright)
    figures.place(
        drawing.figure(),
        key="scatter",
        heading=f"{NUMBERS[upright].title[:1].upper()}{NUMBERS[upright].title[1:]} against {NUMBERS[chosen].title}",
        explained="A point for each head of the model; the one on screen is ringed.",
        filename="heads-against-each-other",
        csv=lambda: table_csv({"head": labels, title_x: [float(v) for v in x], title_y: [float(v) for v in y]}),
        python=drawing.python,
    )
    st.segmented_control(
        "Across",
        across,
        key="across",
        format_func=lambda name: NUMBERS[name].short,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )


def axis_title(name: Name) -> str:
    """A number with its unit."""
    return f"{NUMBERS[name].title}, {NUMBERS[name].unit}".rstrip(", ")


def scatter(run: Run, asked: Prediction, names: tuple[Name, Name], x: Table, y: Table, at: int) -> Drawing:
    """Two numbers of every head, `x` and `y` (heads,); `at` is the head on screen."""
    kinds = attention.available(run)
    groups, labels = importance.head_names(run, kinds)
    known = np.isfinite(x) & np.isfinite(y)
    agreement = spearman(np.abs(x[known]), np.abs(y[known]))
    return Drawing(
        heads_scatter,
        [
            Expression(np.where(known, x, np.nan), "np.where(known, x, np.nan)"),
            Expression(np.where(known, y, np.nan), "np.where(known, y, np.nan)"),
            Expression(groups, "[name for name, _, _ in places]"),
            Expression(labels, '[f"{name} L{i} H{j}" for name, i, j in places]'),
        ],
        {
            "title_x": axis_title(names[0]),
            "title_y": axis_title(names[1]),
            "agreement": Expression(agreement, "spearman(np.abs(x[known]), np.abs(y[known]))"),
            "selected": at,
            "height": 330,
        },
        lambda: notebook.tables(run, asked, names, kinds) + scatter_source(*names, kinds),
    )


def scatter_source(across: Name, upright: Name, kinds: Sequence[AttentionKind]) -> Source:
    """Lines up to `x`, `y`, `known` and `places`, a name, layer and head for each point."""
    shorts = [kind.short for kind in kinds]
    lines = [
        f'x, y = (np.concatenate([table.ravel() for table in tables[name]]) for name in ("{across}", "{upright}"))',
        "known = np.isfinite(x) & np.isfinite(y)",
        f"shapes = [(name, table.shape) for name, table in zip({shorts}, tables[{upright!r}])]",
        "places = [(name, i, j) for name, (layers, count) in shapes for i in range(layers) for j in range(count)]",
    ]
    return Source(lines, ["from analysis.agreement import spearman"])
