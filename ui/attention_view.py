"""The attention page's two halves: all heads as thumbnails with one query's row, and one head as heatmap or lines."""

from typing import get_args

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from model.errors import InputError
from ui import figures, header, heads, runs, settings, theme
from ui.components.attention_lines.attention_lines import attention_lines
from ui.components.head_grid.head_grid import head_grid
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.figures import Matrix
from ui.heads import Shown
from ui.runs import Run, RunSpec
from viz.attention import attention_heatmap
from viz.export import matrix_csv
from viz.labels import visible
from viz.probabilities import format_percent
from viz.shares import ShareScale

VIEWS = ("heatmap", "lines")
SCALES: tuple[ShareScale, ...] = get_args(ShareScale)
LINES_MOST = 256


def with_target(run: Run) -> Run:
    """For an encoder-decoder: the run, or one whose decoder reads what the person typed."""
    if run.lm.kind != "encoder-decoder" or not st.session_state.get("own_target"):
        return run
    settings.start_with("target", run.lm.text([token.id for token in run.written]))
    target = st.text_input(
        "What the decoder reads", key="target", live="50ms", bind="query-params", placeholder="Type a target sentence"
    )
    if not (target or "").strip():
        st.info("No target yet: the decoder reads its start token alone. Type a sentence.", icon="✏️")
    try:
        return runs.get(RunSpec(run.spec.model, run.spec.device, run.spec.text, target=target or ""))
    except InputError as error:
        st.warning(header.sentence(str(error)) + " Shown below: what the model itself wrote.", icon="⚠️")
        return run


def pick_part(run: Run) -> str:
    """Which attention: encoder, decoder or cross; and for whose target."""
    parts = heads.available(run)
    settings.keep_among("part", parts, parts[-1], lambda name: heads.SHORT[name])
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        part = st.segmented_control(
            "Attention",
            parts,
            key="part",
            format_func=lambda name: heads.SHORT[name],
            label_visibility="collapsed",
            bind="query-params",
            required=True,
        )
        if run.lm.kind == "encoder-decoder":
            st.toggle(
                "Type the target myself",
                key="own_target",
                bind="query-params",
                help="Off: the decoder reads what the model itself wrote. On: it reads the sentence you type.",
            )
        heads.pick_pairs(run)
    return part or parts[-1]


def overview(view: Shown, layer: int, head: int) -> None:
    """All layers and heads."""
    pictures, captions = heads.overview(view)
    st.markdown(
        "**All heads**",
        help="One picture a head: queries down, keys across, darker is more. Click one, or move with the arrow keys.",
    )
    head_grid(
        pictures,
        selected=(layer, head),
        key="head_grid",
        captions=captions,
        label=f"{heads.NAMES[view.part]}, all heads",
        on_head=heads.pick,
    )
    st.caption(heads.MEANING[view.part] + shared_keys(view) + "  Keys: , . change the head, [ ] the layer.")


def shared_keys(view: Shown) -> str:
    """A sentence where several heads ask the same keys."""
    config = view.run.lm.config
    group = config.n_heads // config.kv_heads
    if group == 1:
        return ""
    return f" Heads share their keys and values {group} at a time: {config.kv_heads} for {config.n_heads}."


def detail(view: Shown, layer: int, head: int, weights: Matrix) -> None:
    """One head, exactly."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    settings.keep_among("view", VIEWS, VIEWS[0])
    how = row.segmented_control("Shown as", VIEWS, key="view", bind="query-params", required=True)
    if how == "lines":
        lines(view, layer, head)
        return
    settings.keep_among("scale", SCALES, SCALES[0])
    scale = row.segmented_control(
        "Colour",
        SCALES,
        key="scale",
        bind="query-params",
        required=True,
        help="How weight becomes colour. Square root and logarithm bring out small weights; the numbers stay exact.",
    )
    heatmap(view, layer, head, weights, scale or SCALES[0])


def heatmap(view: Shown, layer: int, head: int, weights: Matrix, scale: ShareScale) -> None:
    """Exact weights; a click on a cell chooses its query and key."""
    fig = attention_heatmap(
        view.only_kept(weights, blank=np.nan),
        view.queries,
        view.keys,
        theme=theme.current(),
        title_query="looks",
        title_key="is looked at",
        scale=scale,
        hide_future=view.causal,
        selected=selected_cell(view),
        width=620,
    )
    if view.second is not None:
        between_sentences(fig, view.second, len(view.keys))
    figures.place(
        fig,
        key="heatmap",
        heading=f"{heads.NAMES[view.part]}, layer {layer}, head {head}",
        explained="A row is a query: how it shares its attention among the keys. Each row sums to 1. Click a cell to read its "
        "row below the thumbnails.",
        filename=f"attention-{view.part}-layer-{layer}-head-{head}",
        csv=lambda: matrix_csv(weights, view.queries, view.keys),
        fill=len(view.keys) > 40,
    )
    plotly_bridge("heatmap", key="heatmap_bridge", on_point=choose_cell)
    st.caption(said(view, weights))


def between_sentences(fig: go.Figure, second: int, count: int) -> None:
    """Thin lines where the second sentence starts."""
    edge, ends = second - 0.5, (-0.5, count - 0.5)
    line = {"color": theme.current().muted, "width": 1, "dash": "dot"}
    fig.add_shape(type="line", x0=edge, x1=edge, y0=ends[0], y1=ends[1], line=line)
    fig.add_shape(type="line", x0=ends[0], x1=ends[1], y0=edge, y1=edge, line=line)


def choose_cell(point: PointEvent) -> None:
    """A click on the heatmap."""
    if point.column is not None:
        st.session_state["cell"] = (point.row, point.column)


def selected_cell(view: Shown) -> tuple[int, int] | None:
    """The cell chosen last, where this map has it."""
    cell = st.session_state.get("cell")
    if cell is None or cell[0] >= len(view.queries) or cell[1] >= len(view.keys):
        return None
    return int(cell[0]), int(cell[1])


def lines(view: Shown, layer: int, head: int) -> None:
    """Lines between tokens, for this head and, by its buttons, its neighbours in the layer."""
    st.markdown(f"**{heads.NAMES[view.part]}, layer {layer}**")
    longest = max(len(view.queries), len(view.keys))
    if longest > LINES_MOST:
        st.info(
            f"Lines are drawn for up to {LINES_MOST} tokens; this text has {longest}. The heatmap shows all of them."
        )
        return
    attention_lines(
        view.only_kept(view.weights(layer)),
        view.queries,
        view.keys,
        key=f"lines_{view.part}_{layer}_{head}",
        head_names=[f"head {i}" for i in range(view.heads)],
        active=[head],
        label=f"{heads.NAMES[view.part]}, layer {layer}, as lines",
    )


def one_row(view: Shown, weights: Matrix) -> None:
    """The row of one query: where it looks, as tinted tokens. A click on a token chooses it."""
    cell = selected_cell(view)
    query = cell[0] if cell else len(view.queries) - 1
    st.markdown(
        f"**Where {quoted(view.queries[query])} looks**",
        help="One row of the heatmap: the share of attention each key gets. Click a query to see its row, or a cell of the "
        "heatmap.",
    )
    queries = [Chip(label, current=i == query) for i, label in enumerate(view.queries[: header.STRIP_TOKENS])]
    keys = [
        Chip(
            label,
            note=format_percent(float(share)),
            intensity=float(min(max(share, 0.0), 1.0)),
            current=cell is not None and cell[1] == i,
        )
        for i, (label, share) in enumerate(zip(view.keys, weights[query], strict=True))
    ][: header.STRIP_TOKENS]

    def choose(event: ChipEvent) -> None:
        best = int(weights[event.index].argmax()) if event.row == 0 else event.index
        st.session_state["cell"] = (event.index if event.row == 0 else query, best)

    token_strip([Strip("query", queries), Strip("looks at", keys)], key="row", label="One query's row", on_token=choose)
    if max(len(view.queries), len(view.keys)) > header.STRIP_TOKENS:
        st.caption(f"The first {header.STRIP_TOKENS} tokens are listed; the heatmap and its CSV hold all of them.")


def quoted(label: str) -> str:
    """A token inside a heading, where markup would be read as such."""
    return "“" + header.plain(visible(label)) + "”"


def said(view: Shown, weights: Matrix) -> str:
    """The chosen cell, or the strongest pair, in words."""
    cell = selected_cell(view)
    lead = "" if cell else "Strongest: "
    if cell is None:
        seen = view.only_kept(weights)
        query = int(seen.max(axis=1).argmax())
        cell = query, int(seen[query].argmax())
    query, key = cell
    best = int(weights[query].argmax())
    share = format_percent(float(weights[query, key]))
    text = f"{lead}{quoted(view.queries[query])} looks at {quoted(view.keys[key])} with {share} of its attention"
    if best != key:
        text += f"; most goes to {quoted(view.keys[best])}, {format_percent(float(weights[query, best]))}"
    return text + "."
