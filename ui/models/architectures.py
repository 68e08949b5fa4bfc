"""The architectures page, a column for each model: predictions, attention, influence of tokens, cost, and how it is built."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.errors import InputError
from ui import figures
from ui.components.head_grid.head_grid import HeadEvent, head_grid, thumbnails
from ui.figures import Matrix, array, markdown, tables, theme
from ui.figures.tables import Cell
from ui.models import block_drawing, cost_table, side_by_side
from ui.models.side_by_side import Side
from ui.runs import model_pool
from ui.runs.store import Run
from ui.shell import masks
from ui.state import address
from viz.export import matrix_csv, table_csv
from viz.influence import Curve, influence_bars, influence_by_distance
from viz.next_token import next_token_chart
from viz.parameters import many
from viz.strips import attention_small

TOP_TOKENS = 5
HEADS_IN_A_ROW = 4  # of pictures
MOST_BUTTONS = 12  # of layers; more are a menu
MOST_TOKENS = 96  # a side of the pictures of heads
BY_DISTANCE = (
    "The gradient of a prediction's log-probability towards each token's embedding: its length, as a share of all tokens read. "
    f"Solid: the mean over up to {side_by_side.MOST_PREDICTIONS} predictions of the text's second half. Dotted: the mean attention "
    "of the layer's heads for the same predictions. For an encoder-decoder, within what it wrote."
)


def columns(names: list[str], what: str) -> list[DeltaGenerator]:
    """A column for each model; where four would be too narrow to read, the style sheet puts them in two rows."""
    with st.container(key=f"sides_{what}"):
        return list(st.columns(len(names), gap="medium"))


def draw_predictions(names: list[str], run: Run) -> list[Side]:
    """Draws each model's name, kind and prediction. Runs are made one after another, and each is drawn when it is done.

    Returns the models with their runs.
    """
    return [
        draw_prediction(column, names[number], run, number)
        for number, column in enumerate(columns(names, "predictions"))
    ]


def draw_prediction(column: DeltaGenerator, name: str, run: Run, number: int) -> Side:
    """Draws one model's name, kind and prediction; returns the model with its run."""
    with column:
        with st.spinner("Running"):
            side = side_by_side.side(name, run)
        st.subheader(markdown.plain(side.label), anchor=False)
        if side.run is None:
            st.warning(markdown.sentence(side.problem), icon="⚠️")
            return side
        lm = side.run.lm
        st.caption(
            f"{model_pool.KINDS[lm.kind]}, {many(lm.parameters)} parameters  \n{len(side.run.original)} pieces read"
        )
        if lm.net.head is None:
            st.caption("A body without an output head: it predicts no tokens.")
        else:
            draw_next_tokens(side.run, number)
    return side


def draw_next_tokens(run: Run, number: int) -> None:
    """Draws the most probable tokens at the place that matters for this kind of model, and the text it wrote."""
    where = masks.predicted_at(run) if run.lm.kind == "encoder" else -1
    shares = run.steps[0].probabilities if run.steps else run.trace.probabilities(where)
    top = shares.topk(min(TOP_TOKENS, len(shares)))
    ids, values = [int(i) for i in top.indices], array(top.values)
    labels = [run.lm.token(i).label for i in ids]
    rest = len(shares) - len(ids)
    fig = next_token_chart(
        labels, values, rest, float(1 - top.values.sum()), theme=theme.current(), ids=ids, to_largest=True, height=210
    )
    heading, explained = what_is_predicted(run, where)
    figures.place(
        fig,
        key=f"predicted_{number}",
        heading=heading,
        explained=explained,
        filename=f"{run.spec.model.rpartition('/')[2]}-prediction",
        csv=lambda: table_csv({"token": labels, "id": ids, "probability": [float(p) for p in values]}),
    )
    text = run.lm.text([token.id for token in run.generated]) if run.generated else ""
    st.text(text and ("→ " + text if run.reader == "encoder" else "… " + text.strip() + " …"), help=None)


def what_is_predicted(run: Run, where: int) -> tuple[str, str]:
    """(heading, explanation) of one prediction."""
    if run.lm.kind == "encoder-decoder":
        return (
            "First token written",
            "An encoder-decoder reads the whole text and writes another; below, all that it wrote.",
        )
    if run.lm.kind == "encoder":
        told = "An encoder reads both sides and fills what is hidden. The last word is hidden here, unless the text holds a mask."
        if run.source[where].id != run.lm.special.mask:
            told = "This encoder names no mask token: its guess at a token that it can see."
        return f"Hidden word {markdown.plain('“' + run.original[where].label + '”')}", told
    return "Next token", f"What comes after the text; below, how it goes on for {side_by_side.WRITTEN_TOKENS} tokens."


def draw_attention(sides: list[Side]) -> int:
    """Draws each model's heads at one layer as pictures, with the picker of the layer; returns the layer."""
    attending = [side for side in sides if side.run is not None and side_by_side.kinds(side.run)]
    st.markdown("### Where it looks")
    if not attending:
        st.caption("None of these models has attention.")
        return 0
    most = max(
        max(side.run.lm.config.encoder_layers, side.run.lm.config.decoder_layers) for side in attending if side.run
    )
    address.keep_among("depth", range(most), most - 1, depth_name)
    layer = pick_depth(most)
    for number, (column, side) in enumerate(
        zip(columns([side.name for side in sides], "attention"), sides, strict=True)
    ):
        with column:
            if side.run is not None:
                draw_heads(side.run, layer, number)
    return layer


def pick_depth(most: int) -> int:
    """The layer whose heads are shown: buttons, or a menu where there are many layers."""
    told = (
        "Heads of this layer in every model; one with fewer layers shows its last. Queries down, keys across, darker is more. "
        "A click shows a head exactly."
    )
    picked: int | None
    if most > MOST_BUTTONS:
        picked = st.selectbox(
            "Layer", range(most), key="depth", bind="query-params", format_func=depth_name, help=told, width=150
        )
    else:
        picked = st.segmented_control(
            "Layer",
            range(most),
            key="depth",
            bind="query-params",
            required=True,
            format_func=depth_name,
            help=told,
        )
    return most - 1 if picked is None else picked


def depth_name(layer: int) -> str:
    return f"layer {layer}"


def draw_heads(run: Run, layer: int, number: int) -> None:
    """Draws one model's heads as pictures, and the head that was clicked as an exact map."""
    kinds = side_by_side.kinds(run)
    if not kinds:
        st.markdown("**No attention**")
        st.caption(
            "A recurrent model looks at nothing but its own state. What it still holds of each token stands below."
        )
    for kind in kinds:
        shown = side_by_side.clamp(run, layer, kind.stack)
        asking = run.trace.tokens(kind.stack)[: run.typed if kind.causal else MOST_TOKENS][:MOST_TOKENS]
        asked = run.trace.tokens("encoder")[:MOST_TOKENS] if kind.part == "cross" else asking
        rows = run.trace.attention(kind.stack, shown, kind.part).weights_from(0, len(asking))
        weights = array(rows[:, :, : len(asked)])
        st.markdown(f"**{kind.title}, layer {shown}**", help=kind.meaning)
        chosen = pick_head(weights, f"heads_{number}_{kind.key}", f"{kind.title} of {run.spec.model}", shown)
        queries, keys = [token.label for token in asking], [token.label for token in asked]
        fig = attention_small(weights[chosen], queries, keys, theme=theme.current(), height=230)
        figures.chart(fig, key=f"exact_{number}_{kind.key}", filename=f"{run.spec.model}-layer-{shown}-head-{chosen}")
        whole = max(len(run.trace.tokens(kind.stack)), len(run.trace.tokens("encoder")) if kind.part == "cross" else 0)
        if whole > MOST_TOKENS:
            st.caption(f"Of {whole:,} tokens the first {MOST_TOKENS}. The Attention page shows all, for one model.")


def pick_head(weights: Matrix, key: str, name: str, layer: int) -> int:
    """Draws a layer's heads as pictures; returns the head that was clicked, at first the one with the sharpest attention."""
    count = len(weights)
    in_a_row = max(n for n in range(1, HEADS_IN_A_ROW + 1) if count % n == 0)
    sharpest = int(weights.max(axis=-1).mean(axis=-1).argmax())
    chosen = min(int(st.session_state.get(f"{key}_open", sharpest)), count - 1)

    def choose(event: HeadEvent) -> None:
        st.session_state[f"{key}_open"] = event.layer * in_a_row + event.head

    small = thumbnails(weights)
    head_grid(
        small.reshape(-1, in_a_row, *small.shape[1:]),
        selected=divmod(chosen, in_a_row),
        key=key,
        row_labels=[""] * (count // in_a_row),
        column_labels=[""] * in_a_row,
        names=[[f"layer {layer} · head {r * in_a_row + c}" for c in range(in_a_row)] for r in range(count // in_a_row)],
        label=f"{name}, layer {layer}",
        on_head=choose,
    )
    st.caption(f"{markdown.plain(name)}: head {chosen}, exactly")
    return chosen


def draw_influence(sides: list[Side], layer: int) -> None:
    """Draws the influence of each token: by distance for all models in one figure, and for one prediction of each model."""
    st.markdown("### How long a token still counts")
    place = st.container()
    curves: list[Curve] = []
    ready = [side for side in sides if side.run is not None]
    for number, (column, side) in enumerate(
        zip(columns([side.name for side in sides], "influence"), sides, strict=True)
    ):
        if side.run is None:
            continue
        with column:
            colour = theme.current().series[ready.index(side) % len(theme.current().series)]
            curves += draw_token_influence(side, side.run, layer, number, colour)
    if not curves:
        return
    fig = influence_by_distance(curves, theme=theme.current())
    with place:
        figures.place(
            fig,
            key="influence",
            heading="Influence by distance",
            explained=BY_DISTANCE,
            filename="influence-by-distance",
            csv=lambda: by_distance_csv(curves),
        )


def by_distance_csv(curves: list[Curve]) -> str:
    """A row for each distance, a column for each curve; empty beyond the end of a curve."""
    reach = max(len(curve.shares) for curve in curves)
    held: dict[str, list[str] | list[int] | list[float]] = {"tokens back": list(range(reach))}
    for curve in curves:
        name = f"{curve.model}{', attention' if curve.attention else ''}"
        held[name] = [f"{x:.6g}" for x in curve.shares] + [""] * (reach - len(curve.shares))
    return table_csv(held)


def draw_token_influence(side: Side, run: Run, layer: int, number: int, colour: str) -> list[Curve]:
    """Draws the influence of one model's tokens as bars; returns its curves by distance."""
    try:
        if not side_by_side.may_work_out_influence(run):
            return []
        held = side_by_side.influence_of(run)
    except InputError as error:
        st.caption(f"{markdown.plain(side.label)}: " + markdown.sentence(str(error)))
        return []
    shares = array(held.shares)
    last = run.lm.token(held.about).label
    figures.place(
        influence_bars(shares, held.labels, theme=theme.current(), colour=colour),
        key=f"counts_{number}",
        heading=f"{markdown.plain(side.label)}: {markdown.plain('“' + last + '”')}",
        explained="What each token read counts for the prediction after the last of them: the length of the gradient, as a share.",
        filename=f"{run.spec.model.rpartition('/')[2]}-influence",
        csv=lambda: matrix_csv(shares[None], [last], held.labels),
    )
    if left_out := side_by_side.cut(run):
        st.caption(left_out)
    curves = [Curve(side.label, array(held.by_distance.mean), colour=colour)]
    seen = side_by_side.attention_by_distance(run, layer)
    return curves if seen is None else [*curves, Curve(side.label, array(seen.mean), attention=True, colour=colour)]


def draw_differences(sides: list[Side]) -> None:
    """Draws the table of what differs between the configs and what a token costs."""
    ready = [side for side in sides if side.run is not None]
    if not ready:
        return
    st.markdown("### What differs, and what it costs", help="Facts that all of them share are left out.")
    heads_row = [Cell(""), *(Cell(side.label) for side in ready)]
    rows = [*cost_table.differing(ready), *cost_table.costs(ready)]
    tables.table(heads_row, rows, label="What differs between the models", narrow="fit")


def draw_blocks(sides: list[Side]) -> None:
    """Draws a block of each stack of each model, from its config."""
    st.markdown("### How it is built")
    for number, (column, side) in enumerate(
        zip(columns([side.name for side in sides], "drawings"), sides, strict=True)
    ):
        if side.run is None:
            continue
        config = side.run.lm.config
        with column:
            for stack in block_drawing.stacks_of(config):
                block_drawing.draw_block(
                    config,
                    stack,
                    key=f"drawing_{number}_{stack}",
                    filename=f"{side.label}-{stack}",
                    of=f"{markdown.plain(side.label)}: ",
                )
