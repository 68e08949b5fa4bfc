"""The page Compare: thumbnails of every head's difference, the heads that changed most, and the chosen head exactly."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.alignment import How
from ui import figures
from ui.compare import comparison, notebook
from ui.compare.comparison import PAIRED, Changes, Comparison, Paired, Side, same_shape
from ui.compare.other_run import Other, kinds_of_both
from ui.components.head_grid.head_grid import head_grid
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import Matrix, TakeAway, theme
from ui.maps import attention, head_grid_export, pickers, windows
from ui.maps.attention import ROWS_WRITE, AttentionKind
from ui.maps.attention_map import AROUND_ZERO, TITLES, WEIGHTS, AttentionMap, Caption, draw_map
from ui.maps.drawing import Drawing, Expression
from ui.runs.on_demand import asked, duration, in_turn, kept
from ui.runs.store import Run
from ui.state import address
from ui.state.shown_head import is_head_chosen, show_head
from viz.changes import moved_ranking
from viz.export import table_csv
from viz.percent import format_percent
from viz.theme import DIVERGING

RANKED = 12  # heads
CHANGE = "change of attention"
VIEWS = ("difference", "first", "second")
BY: dict[How, str] = {
    "pieces": "Pieces are aligned with equal ones at the least cost",
    "characters": "Two tokenizers cut this text differently; a slot is the shortest stretch that both cut out",
    "words": "Texts of two tokenizers are aligned by words",
}
PAIRED_NAMES: dict[Paired, str] = {"number": "same number", "likeness": "most alike"}


def pick_kinds(run: Run, other: Other) -> tuple[AttentionKind, AttentionKind]:
    """The kind of attention of each run; kinds that both have are offered."""
    offered = dict(kinds_of_both(run, other))
    first = pickers.pick_kind(list(offered), labelled=True)
    return first, offered[first]


def pick_pairing(first: Side, second: Side) -> tuple[Paired, bool]:
    """How heads are paired, and whether rows are renormalised over the keys that both sides have."""
    offered = [how for how in PAIRED if how == "likeness" or same_shape(first, second)]
    paired: Paired = "number"
    if first.run.lm is not second.run.lm:
        address.keep_among("paired", offered, offered[0], lambda how: PAIRED_NAMES[how])
        chosen = st.segmented_control(
            "Heads paired by",
            offered,
            key="paired",
            format_func=lambda how: PAIRED_NAMES[how],
            bind="query-params",
            required=True,
            help="Heads of two models do not correspond by number, unless one was trained from the other. Most alike: each head "
            "of the first is set against the head of the second that differs least from it on this text.",
        )
        paired = chosen or offered[0]
    renormalise = st.toggle(
        "Shared keys only",
        key="shared_only",
        bind="query-params",
        help="Off: a key that one side does not have counts as a weight of 0 there, which is what it got; every row's "
        "differences sum to 0. On: such keys are left out and each row is divided by what is left, as if the softmax had "
        "run over the shared keys alone.",
    )
    return paired, bool(renormalise)


def all_heads(
    first: Side, second: Side, paired: Paired, renormalise: bool
) -> tuple[Comparison, Changes] | tuple[Comparison | None, None]:
    """The comparison and the differences of all heads. For long texts the differences are computed on request and None until
    then; the comparison is None too where pairing heads by likeness needs them."""
    if not comparison.costly(first, second, paired, renormalise):
        return in_turn(lambda seen: comparison.changes(first, second, paired, renormalise, seen))
    count = first.layers * first.heads
    sizes = [max(len(side.queries), len(side.keys)) for side in (first, second)]
    says = f"Comparing all {count} heads over {sizes[0]:,} and {sizes[1]:,} tokens"
    alone = None
    if paired == "number":
        alone = comparison.compared(first, second, paired, renormalise)
        takes = kept(first.run, ("comparing", first.kind, second.run.spec), float, lambda: comparison.seconds(alone))
        says += f" takes about {duration(takes)}, once; the chosen head is worked out at once."
    else:
        says += (
            ", and finding for each the one most like it, takes long; paired by number one head is compared at once."
        )
    if not asked(first.run, (second.run.spec, first.kind, paired, renormalise), says, key="compare_all"):
        return alone, None
    return in_turn(lambda seen: comparison.changes(first, second, paired, renormalise, seen))


def pick_head(run: Run, kind: AttentionKind, small: Changes | None) -> tuple[int, int]:
    """Layer and head; the default is the head whose attention moved most."""
    if small is not None and not is_head_chosen():
        most = int(np.nan_to_num(small.moved, nan=-1.0).argmax())
        show_head(*divmod(most, small.moved.shape[1]))
    return pickers.pick_head(attention.shown(run, kind))


def draw_all_heads(made: Comparison, small: Changes, layer: int, head: int) -> None:
    """Thumbnails of every head's difference, and the heads that changed most."""
    with st.container(horizontal=True, key="head_all", gap="small", vertical_alignment="center"):
        st.markdown(
            "**All heads**",
            help="One picture a head: queries down, keys across, on the row of both texts. One colour where the second gives a key "
            "more, the other where it gives less; the strongest colour is a whole row's attention. Grey: no query in common.",
            width="stretch",
        )
        figures.take_away(files(made, small, layer, head), key="all")
    head_grid(
        small.pictures,
        selected=(layer, head),
        key="difference_grid",
        captions=small.captions,
        label="How every head's attention differs",
        diverging=DIVERGING[theme.current().name],
        on_head=pickers.choose,
    )
    draw_ranking(made, small, layer, head)


def files(made: Comparison, small: Changes, layer: int, head: int) -> TakeAway:
    """All heads' differences as files."""
    return head_grid_export.files(
        small.pictures,
        small.captions,
        made.labels,
        selected=(layer, head),
        name="How every head's attention differs",
        about=made.first.run.spec.text,
        filename=f"difference-{made.first.kind.key}-all-heads",
        source=lambda: notebook.all_heads(made, max(small.pictures.shape[2:])),
        exact=comparison.exact(made),
        signed=True,
    )


def draw_ranking(made: Comparison, small: Changes, layer: int, head: int) -> None:
    """Heads ranked by the share of a query's attention that moved."""
    flat = small.moved.ravel()
    order = [int(i) for i in np.argsort(-np.nan_to_num(flat, nan=-1.0), kind="stable") if np.isfinite(flat[i])]
    if not order:
        st.caption("The two have no query in common, so no head can be compared.")
        return
    shown = order[:RANKED]
    heads_a_layer = small.moved.shape[1]
    names = [f"L{i // heads_a_layer} H{i % heads_a_layer}" for i in order]
    here = layer * heads_a_layer + head
    drawing = Drawing(
        moved_ranking,
        [
            Expression(names[: len(shown)], "names"),
            Expression(flat[shown].astype(np.float32), "shares[order].astype(np.float32)"),
        ],
        {"selected": shown.index(here) if here in shown else None},
        lambda: notebook.ranking(made, RANKED),
    )
    figures.place(
        drawing.figure(),
        key="ranking",
        heading="Which heads changed most",
        explained="The share of a query's attention that moved: half the sum of the sizes of a row's differences (total "
        "variation), averaged over the queries that both have. 0%: equal rows; 100%: nothing in common. Click a bar to open it.",
        filename="heads-by-change",
        csv=lambda: ranking_csv(made, flat, order),
        python=drawing.python,
    )

    def opened(point: PointEvent) -> None:
        if point.row < len(shown):
            show_head(*divmod(shown[point.row], heads_a_layer))

    plotly_bridge("ranking", key="ranking_bridge", on_point=opened)
    rest = f" of {len(order)}; its CSV holds all" if len(order) > len(shown) else ""
    mean = format_percent(float(np.nanmean(flat)))
    st.caption(f"The first {len(shown)}{rest}. Over all heads {mean} of a query's attention moved.")


def ranking_csv(made: Comparison, flat: NDArray[np.float64], order: Sequence[int]) -> str:
    """All heads in ranked order, each with its partner."""
    places = [divmod(i, made.first.heads) for i in order]
    partners = [made.partner(*place) for place in places]
    return table_csv(
        {
            "layer": [layer for layer, _ in places],
            "head": [head for _, head in places],
            "second_layer": [layer for layer, _ in partners],
            "second_head": [head for _, head in partners],
            "mean_total_variation": [float(flat[i]) for i in order],
        }
    )


def draw_head(made: Comparison, layer: int, head: int) -> None:
    """The exact map of one head: the difference, or either side on the common slots."""
    address.keep_among("side", VIEWS, VIEWS[0])
    how = st.segmented_control("Shown", VIEWS, key="side", bind="query-params", required=True) or VIEWS[0]
    one, other = made.head(layer, head)
    number, against = f"layer {layer}, head {head}", made.partner(layer, head)
    if made.paired == "likeness":
        number += f", against layer {against[0]}, head {against[1]}"
    shown = head_map(made, layer, head, how, {"difference": other - one, "first": one, "second": other}[how])
    heading = f"{made.first.kind.title}, {number}" + ("" if how == "difference" else f": the {how}")
    draw_map(
        shown,
        Caption(
            "difference",
            heading,
            EXPLAINED + (ROWS_WRITE if made.writes else ""),
            f"{how}-{made.first.kind.key}-layer-{layer}-head-{head}",
        ),
    )
    if shown.sides.long:
        windows.bridge("difference", shown.sides, shown.window)
        windows.draw_position(shown.sides, shown.window, shown.small, cell=CELL[how])
    st.caption(what_was_done(made, layer, head))


EXPLAINED = (
    "Second minus first, exactly, on the row of both texts: a→b stands where the two differ, +b only in the second, "
    "−a only in the first. Rows without a partner are blank. "
)
CELL = {"difference": "the change furthest from zero", "first": "the largest weight", "second": "the largest weight"}


def head_map(made: Comparison, layer: int, head: int, how: str, cells: Matrix) -> AttentionMap:
    """The map of the difference of one head, or of one side; `cells` (query slots, key slots)."""
    sides = windows.Sides(*made.labels)
    name = {"name": CHANGE} if how == "difference" else {}
    titles = made.first.kind.titles if made.writes or not made.first.kind.writes else TITLES
    return AttentionMap(
        cells,
        sides,
        windows.shown(sides),
        lambda: notebook.cells(made, layer, head, how),
        AROUND_ZERO if how == "difference" else WEIGHTS,
        settings=name | titles,
        small_settings=name,
    )


def what_was_done(made: Comparison, layer: int, head: int) -> str:
    """How the two texts were aligned, in sentences."""
    rows, columns = made.grid.queries, made.grid.keys
    shared, there = int(rows.shared.sum()), int(columns.shared.sum())
    said = (
        f"{BY[rows.how]}: {shared} of {len(rows.slots)} queries and {there} of {len(columns.slots)} keys are in both."
    )
    if rows.how != "pieces":
        said += " Pieces that share a slot are summed as keys and averaged as queries."
    if made.grid.renormalise:
        said += f" Keys of one side alone are left out and rows divided by what is left: {left(made, layer, head)}."
    elif there < len(columns.slots):
        said += " A key that one side lacks counts as 0 there, so each row's differences sum to 0."
    if made.first.kind != made.second.kind:
        said += " One is an encoder, the other a decoder, which attends only to what came before: part of any difference is that."
    if made.step > 1:
        said += f" Which heads are most alike was found on every {made.step}th query."
    return said


def left(made: Comparison, layer: int, head: int) -> str:
    """A clause: the mean share of each side's attention that goes to the shared keys."""
    other, number = made.partner(layer, head)
    both = (made.first.weights(layer, head), 0), (made.second.weights(other, number), 1)
    shares = [float(np.nanmean(made.grid.kept(weights, 1 if side else 0))) for weights, side in both]
    return f"{format_percent(shares[0])} of the first's and {format_percent(shares[1])} of the second's attention"
