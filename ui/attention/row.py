"""One query's row: as tinted tokens beside the thumbnails, and as bars."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import Matrix, tokens
from ui.figures.markdown import quoted
from ui.maps import notebook, selected_pair
from ui.maps.attention import AttentionView, about_rows
from ui.maps.display_options import Toggles
from ui.maps.drawing import Drawing, Expression
from viz.attention import attention_rows
from viz.export import table_csv
from viz.percent import format_percent

MOST_BARS = 512
LISTED_TOKENS = 40  # of a long text


def chosen_query(view: AttentionView) -> int:
    """The chosen row; by default the last."""
    cell = selected_pair.of(view)
    return cell[0] if cell else len(view.queries) - 1


def draw_chips(view: AttentionView, weights: Matrix) -> None:
    """The weights of one query as tinted tokens. A click on a token chooses it."""
    cell, query = selected_pair.of(view), chosen_query(view)
    st.markdown(
        f"**What {quoted(view.asks[query])} attends to**",
        help="One row of the heatmap: the share of attention each key gets. Click a query to see its row, or a cell of the "
        "heatmap. " + about_rows(view.kind),
    )
    row = weights[query]
    asking, asked = near(query, len(view.queries)), most_of(row, None if cell is None else cell[1])
    queries = [Chip(view.asks[i], current=i == query, title=f"position {i}: {view.queries[i]}") for i in asking]
    keys = [
        Chip(
            view.keys[i],
            note=format_percent(float(row[i])),
            intensity=float(min(max(row[i], 0.0), 1.0)),
            current=cell is not None and cell[1] == i,
            title=f"position {i}",
        )
        for i in asked
    ]

    def choose(event: ChipEvent) -> None:
        if event.row == 0:
            selected_pair.choose(view, asking[event.index], int(weights[asking[event.index]].argmax()))
        else:
            selected_pair.choose(view, query, asked[event.index])

    token_strip(
        [Strip("query", queries), Strip("attends to", keys)], key="row", label="One query's row", on_token=choose
    )
    if left := left_out(asking, len(view.queries), asked, row):
        st.caption(left)


def near(query: int, size: int) -> range:
    """The queries that are listed: all; of a long text those around the chosen one."""
    if size <= tokens.STRIP_TOKENS:
        return range(size)
    first = max(0, min(query - LISTED_TOKENS // 2, size - LISTED_TOKENS))
    return range(first, first + LISTED_TOKENS)


def most_of(row: NDArray[np.float32], chosen: int | None) -> list[int]:
    """The keys that are listed, in the order of the text: all; of a long text those with the largest weights and the chosen one."""
    if len(row) <= tokens.STRIP_TOKENS:
        return list(range(len(row)))
    most = {int(i) for i in np.argsort(-row, kind="stable")[:LISTED_TOKENS]}
    return sorted(most | (set() if chosen is None else {chosen}))


def left_out(asking: range, queries: int, asked: list[int], row: NDArray[np.float32]) -> str:
    """How much of a long text is listed; empty if all is."""
    parts = []
    if len(asking) < queries:
        parts.append(f"Listed are queries {asking[0]:,} to {asking[-1]:,} of {queries:,}.")
    if len(asked) < len(row):
        share = format_percent(float(row[asked].sum()))
        parts.append(
            f"Of {len(row):,} keys the {len(asked)} that this query attends to most are listed, with {share} of its attention."
        )
    return " ".join([*parts, "The heatmap and its CSV hold all."]) if parts else ""


def draw_bars(view: AttentionView, toggles: Toggles, layer: int, head: int, weights: Matrix) -> None:
    """The weights of one query as bars, one for each key."""
    query = chosen_query(view)
    cell = selected_pair.of(view)
    row = weights[query]
    first, after = around(cell[1] if cell else int(row.argmax()), len(row))
    part = "" if after - first == len(row) else f"[{first}:{after}]"
    drawing = Drawing(
        attention_rows,
        [
            Expression(row[first:after], f"weights[{query}]{part}"),
            Expression(view.keys[first:after], f"keys{part}"),
        ],
        {
            "query": Expression(view.queries[query], f"queries[{query}]"),
            "zmax": "own" if toggles.range == "own" else None,
            "selected": cell[1] - first if cell else None,
            "title_key": "key (attended to)",
            "height": 360,
        },
        lambda: notebook.weights(view, toggles, layer, head),
    )
    figures.place(
        drawing.figure(),
        key="bars",
        heading=f"What {quoted(view.asks[query])} attends to, layer {layer}, head {head}",
        explained="One row of the heatmap as bars: they sum to 100%. Click a bar to choose its key. "
        + about_rows(view.kind),
        filename=f"attention-{view.kind.key}-layer-{layer}-head-{head}-query-{query}",
        csv=lambda: table_csv({"key_index": list(range(len(row))), "key": list(view.keys), "weight": row.tolist()}),
        python=drawing.python,
    )

    def choose(point: PointEvent) -> None:
        selected_pair.choose(view, query, first + point.row)

    plotly_bridge("bars", key="bars_bridge", on_point=choose)
    st.caption(selected_pair.in_words(view, weights) + beyond(first, after, row.tolist()))


def around(key: int, size: int) -> tuple[int, int]:
    """First key and end of the bars: all keys, or MOST_BARS of them with one key in the middle."""
    first = max(0, min(key - MOST_BARS // 2, size - MOST_BARS))
    return first, min(first + MOST_BARS, size)


def beyond(first: int, after: int, row: list[float]) -> str:
    """A sentence about the keys of a long row that have no bar; empty if all have one."""
    if after - first == len(row):
        return ""
    rest = format_percent(sum(row[:first]) + sum(row[after:]))
    return (
        f" Bars for keys {first:,} to {after - 1:,} of {len(row):,}; the others hold {rest}, and the CSV has them all."
    )
