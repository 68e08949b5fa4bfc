"""How one weight is computed: each step with its number, the vectors, the row of scores, and the code that ran."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from analysis.anatomy import Anatomy, anatomy, code
from model.config import Scheme
from model.trace import Trace
from ui import figures
from ui.attention.row import around
from ui.figures import tables
from ui.figures.markdown import quoted
from ui.figures.tables import Cell
from ui.maps import notebook, selected_pair
from ui.maps.attention import AttentionView, about_rows
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs.notebook import of_run
from viz.anatomy import Row, score_row, score_strips
from viz.export import archive, table_csv
from viz.percent import format_percent

NOTHING_ADDED: dict[Scheme, str] = {
    "none": "this model is told nothing about positions",
    "sinusoidal": "positions came in with the embeddings; nothing is added here",
    "learned": "positions came in with the embeddings; nothing is added here",
    "rotary": "nothing is added: positions turned the two vectors",
    "alibi": "nothing is added between two texts",
    "relative": "nothing is added between two texts",
}


def draw(view: AttentionView, layer: int, head: int) -> None:
    """The score of the chosen pair. It belongs to two pieces, since scores are computed before anything is hidden or merged."""
    kind, trace = view.kind, view.run.trace
    query, key = pair(view, layer, head)
    found = anatomy(trace, kind.stack, layer, kind.part, head, query, key)
    asked = trace.tokens(kind.key_stack)
    names = quoted(trace.written(kind.stack, view.last)[query]), quoted(asked[key].label)
    source = partial(found_source, view, layer, head, query, key)
    vectors = Expression(rows(found), ROWS_CODE if found.turn is None else TURNED_ROWS_CODE)
    product = Expression(found.product, "found.product")
    strips = Drawing(score_strips, [vectors, product], {"width": 620}, lambda: source() + ROW_IMPORT)
    figures.place(
        strips.figure(),
        key="anatomy",
        heading=f"Why {names[0]} looks at {names[1]} with {format_percent(found.weight)}: layer {layer}, head {head}",
        explained="Query and key of this head as they meet, coordinate by coordinate. Their products add up to q·k. Choose "
        "another query or key below the thumbnails, or click a cell of the heatmap. " + about_rows(kind),
        filename=f"anatomy-{view.kind.key}-layer-{layer}-head-{head}-{query}-{key}",
        csv=lambda: steps_csv(found),
        python=strips.python,
    )
    with st.container(key="anatomy_steps"):
        tables.table(
            [Cell("step"), Cell("what happens"), Cell("number")],
            [
                [Cell(step, means=says), Cell(formula), Cell(result)]
                for step, formula, result, says in steps(found, trace)
            ],
            label="The score, step by step",
            narrow="wrap",
        )
    labels = tuple(token.label for token in asked)
    draw_row(view, query, key, found, labels, source)
    st.caption(checked(found, trace, view))
    draw_code(found)


def found_source(view: AttentionView, layer: int, head: int, query: int, key: int) -> Source:
    """Lines up to `found`, the numbers of one score."""
    made = f"found = anatomy(trace, {notebook.place(view.kind, layer, head)}, query={query}, key={key})"
    steps = "print(found.scale, '*', found.dot, '+', found.added, '=', found.score, '->', found.weight)"
    return Source([*of_run(view.run), made, steps], ["from analysis.anatomy import anatomy"])


def pair(view: AttentionView, layer: int, head: int) -> tuple[int, int]:
    """The chosen query and key; by default the last query and the key with its largest weight."""
    seen = view.attention(layer)
    held = selected_pair.pieces()
    if held is not None and held[0] < seen.q.shape[1] and held[1] < seen.k.shape[1]:
        return held
    last = seen.q.shape[1] - 1
    return last, int(seen.weights(head)[last].argmax())


ROW_IMPORT = Source(imports=["from viz.anatomy import Row"])
ROWS_CODE = '[Row("query q", found.q), Row("key k", found.k), Row("q × k", found.product, scale=1)]'
TURNED_ROWS_CODE = '[Row("q before turning", found.turn.q), Row("k before turning", found.turn.k), ' + ROWS_CODE[1:]


def rows(found: Anatomy) -> list[Row]:
    """The vectors; with rotary positions those before the rotation come first."""
    met = [Row("query q", found.q), Row("key k", found.k), Row("q × k", found.product, scale=1)]
    if found.turn is None:
        return met
    return [Row("q before turning", found.turn.q), Row("k before turning", found.turn.k), *met]


Step = tuple[str, str, str, str]  # name, formula, number, what it means


def steps(found: Anatomy, trace: Trace) -> list[Step]:
    """Each step from two vectors to a weight."""
    visible = "the query may see this key" if found.visible else "the key lies outside what this query may see"
    masked = "A decoder's token sees itself and earlier ones; some layers see only a window."
    return [
        *turning(found),
        *scaling(found),
        added(found, trace),
        ("mask", visible, "+ 0" if found.visible else "−∞", masked),
        ("score", "scale × q·k + what position adds", number(found.score), "What the softmax is taken of."),
        *sharing(found),
    ]


def turning(found: Anatomy) -> list[Step]:
    """What rotary positions changed; no step without them."""
    if found.turn is None:
        return []
    before = "q·k of the vectors as they were before their positions turned them"
    means = "Rotary positions turn pairs of coordinates by an angle that grows with position, so that q·k depends on distance."
    changed = signed(found.dot - found.turn.dot)
    return [
        ("before turning", before, number(found.turn.dot), means),
        ("turning", "what that changed", changed, "Su et al. 2021"),
    ]


def scaling(found: Anatomy) -> list[Step]:
    """The dot product and its scale."""
    size = len(found.q)
    times = f"× {found.scale:.6g}{root(found.scale, size)}"
    means = "How well what the query looks for fits what the key offers."
    return [
        ("q·k", f"the sum of {size} products", number(found.dot), means),
        ("scale", times, number(found.scale * found.dot), "Keeps scores of long vectors from growing."),
    ]


def sharing(found: Anatomy) -> list[Step]:
    """The softmax over the row."""
    seen = int(sum(math.isfinite(score) for score in found.scores))
    sum_of = f"÷ {found.total:.4f}, the sum over {seen} visible {'key' if seen == 1 else 'keys'}"
    same = "Taking the same number off every score of a row changes no share, and keeps exp from overflowing."
    share = "The share of this query's attention that the key gets; the row sums to 1."
    off = f"exp(score − {found.highest:.4f}), the row's largest score taken off".replace("− -", "+ ")
    return [
        ("exp", off, number(found.exponential), same),
        ("weight", f"{sum_of}: {format_percent(found.weight)}", f"{found.weight:.6f}", share),
    ]


def added(found: Anatomy, trace: Trace) -> Step:
    """What the position scheme adds to the scaled product."""
    name, means = "position", "What the position scheme adds to the score."
    if found.added is None:
        return name, NOTHING_ADDED[trace.config.positions], "+ 0", means
    away = abs(found.added.distance)
    apart = f"{away} {'token' if away == 1 else 'tokens'} apart"
    if found.added.slope is not None:
        return name, f"ALiBi: − slope {found.added.slope:.4g} × distance {away}", signed(found.added.value), means
    if found.added.bucket is not None:
        return name, f"T5: {apart}, entry {found.added.bucket} of this head's table", signed(found.added.value), means
    return name, f"{apart}", signed(found.added.value), means


def root(scale: float, size: int) -> str:
    return f" = 1/√{size}" if math.isclose(scale, size**-0.5, rel_tol=1e-6) else ""


def number(value: float) -> str:
    return "−∞" if value == -math.inf else f"{value:.4f}".replace("-", "−")


def signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'} {abs(value):.4f}"


def steps_csv(found: Anatomy) -> str:
    """The vectors, coordinate by coordinate."""
    columns: dict[str, list[str] | list[int] | list[float]] = {"coordinate": list(range(len(found.q)))}
    if found.turn is not None:
        columns |= {"q_before_turning": found.turn.q.tolist(), "k_before_turning": found.turn.k.tolist()}
    columns |= {"q": found.q.tolist(), "k": found.k.tolist(), "product": found.product.tolist()}
    return table_csv(columns)


def draw_row(
    view: AttentionView, query: int, key: int, found: Anatomy, labels: tuple[str, ...], source: Callable[[], Source]
) -> None:
    """The softmax over the row of one query. A long row is cut to as many bars as can be told apart."""
    first, after = around(key, len(labels))
    drawing = row_drawing(view, query, key, found, labels, source)
    figures.place(
        drawing.figure(),
        key="score_row",
        heading="The row it competes in",
        explained="The scores of this query with every key, and the shares that the softmax makes of them.",
        filename="score-row",
        csv=lambda: table_csv(
            {
                "key_index": list(range(len(labels))),
                "key": list(labels),
                "score": found.scores.tolist(),
                "weight": found.weights.tolist(),
            }
        ),
        npz=lambda: archive(
            {"scores": found.scores, "weights": found.weights, "keys": np.array(labels, dtype=np.str_)}
        ),
        python=drawing.python,
    )
    if after - first < len(labels):
        st.caption(
            f"Bars for keys {first:,} to {after - 1:,} of {len(labels):,}; the softmax is over all, and the CSV has them."
        )


def row_drawing(
    view: AttentionView, query: int, key: int, found: Anatomy, labels: tuple[str, ...], source: Callable[[], Source]
) -> Drawing:
    """The scores and shares around a key, as bars."""
    first, after = around(key, len(labels))
    part, kind = f"[{first}:{after}]", view.kind
    asking = view.run.trace.row_labels(kind.stack, view.last)[query]
    named = f'trace.row_labels("{kind.stack}", last={view.last!r})[{query}]'
    settings = {
        "query": Expression(asking, named),
        "selected": key - first,
        "width": 620,
    }
    return Drawing(
        score_row,
        [
            Expression(found.scores[first:after], f"found.scores{part}"),
            Expression(found.weights[first:after], f"found.weights{part}"),
            Expression(labels[first:after], f"keys{part}"),
        ],
        settings,
        lambda: source() + Source([f'keys = [token.label for token in trace.tokens("{kind.key_stack}")]']),
    )


def checked(found: Anatomy, trace: Trace, view: AttentionView) -> str:
    """How far these numbers are from those of the forward pass."""
    kernel = f"the largest difference from what the forward pass mixed with its fused kernel is {found.difference:.1e}"
    own = f"The model's own functions give this weight as {found.own_weight:.6f}, {abs(found.own_weight - found.weight):.0e} away"
    text = f"{own}; over all of this head's answers {kernel}."
    if found.edited:
        text = "An edit changed this layer's scores or weights: the run used the edited ones, these are the unedited."
    group = trace.config.n_heads // trace.config.kv_heads
    if group > 1:
        text += f" This head asks key head {found.kv_head}, which {group} heads share."
    if view.reshaping is not None:
        text += " A score is one of two pieces: hiding and merging come after it."
    return text


def draw_code(found: Anatomy) -> None:
    """The lines of code that computed the score, in an expander; they are read from the files when it is opened."""
    box = st.expander("The lines of model/ that computed it", key="anatomy_code", on_change="rerun")
    if not figures.is_open(box):
        return
    with box:
        for part in code(found):
            st.markdown(f"**{part.step}**")
            st.caption(part.where)
            st.code(part.lines, language="python")
