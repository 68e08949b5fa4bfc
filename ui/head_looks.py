"""The heads page's lower half: one head weighted by its values and read as tokens, a layer's heads together, and whole stacks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from analysis.attention_graph import over_heads
from analysis.rollout import Rollout, rollout, seconds
from analysis.value_weighted import value_norms, value_weighted, value_weighted_layer
from ui import figures, flow_view, head_code, header, heads, heads_view, settings, theme, writes_view
from ui.figures import Matrix, array
from ui.heads import Shown
from ui.worked_out import asked, duration, is_kept, kept
from viz.attention import attention_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.token_maps import token_map
from viz.windows import MOST_CELLS

WIDE, NARROW = 560, 460  # px
LOOKS = ("value", "tokens", "layer", "through")
NAMES = {
    "value": "Weighted by value",
    "tokens": "Tokens it writes",
    "layer": "Mean and max of its layer",
    "through": "Rollout and flow",
}
SAYS = (
    "Weighted by value: how much each key hands over, beside how much it is looked at. Tokens it writes: the head's output read "
    "through the output table. Mean and max of its layer: all heads of the layer in two maps. Rollout and flow: all layers up to "
    "this one in one map."
)


def pick() -> str:
    """Which of the views of a head is open."""
    settings.keep_among("look", LOOKS, LOOKS[0], lambda name: NAMES[name])
    look = st.segmented_control(
        "Look closer",
        LOOKS,
        key="look",
        format_func=lambda name: NAMES[name],
        bind="query-params",
        required=True,
        help=SAYS,
    )
    return look or LOOKS[0]


def draw(view: Shown, layer: int, head: int) -> None:
    """The chosen view."""
    look = pick()
    if look == "value":
        by_value(view, layer, head)
    elif look == "tokens":
        writes_view.draw(view, layer, head)
    elif look == "layer":
        together(view, layer)
    else:
        through(view, layer)


@dataclass(frozen=True)
class Named:
    """What stands around a map."""

    key: str
    heading: str
    says: str
    filename: str
    python: Callable[[], str] | None = None
    width: int = WIDE


def by_value(view: Shown, layer: int, head: int) -> None:
    """Raw weights beside what is handed over."""
    stack, part = heads.PARTS[view.part]
    raw = view.head_weights(layer, head)
    handed = array(value_weighted(view.run.trace, stack, layer, part, head))
    left, right = st.columns(2, gap="large")
    name = f"{view.part}-layer-{layer}-head-{head}"
    code = partial(head_code.of_weights, view, layer, head)
    with left:
        shares(view, raw, Named("raw", f"Attention weight, layer {layer}, head {head}", RAW, f"attention-{name}", code))
    code = partial(head_code.of_value, view, layer, head, WIDE)
    with right:
        lengths(view, handed, Named("valued", "Weighted by value, ‖α v W_O‖", VALUED, f"value-weighted-{name}", code))
    st.caption(moved(view, raw, handed, array(value_norms(view.run.trace, stack, layer, part, head))))


RAW = "A row is a query: how it shares its attention among the keys. Each row sums to 1."
VALUED = (
    "The length of what a query takes from a key: its weight times the norm of the key's value as the head writes it, v W_O "
    "(Kobayashi et al. 2020). The value's bias is inside, the output projection's own bias is not, nor a norm that follows. A key "
    "with a short value hands over little however much it is looked at. Rows do not sum to 1."
)


def moved(view: Shown, raw: Matrix, handed: Matrix, norms: Matrix) -> str:
    """How the picture changes once values count, in words."""
    other = int((raw.argmax(axis=1) != handed.argmax(axis=1)).sum())
    short, long = int(norms.argmin()), int(norms.argmax())
    return (
        f"For {other} of {len(raw)} queries the key looked at most is not the one that hands over most. Longest value: "
        f"{label(view.keys[long])}, {norms[long]:.3g}; shortest: {label(view.keys[short])}, {norms[short]:.3g}."
    )


def label(token: str) -> str:
    """A token inside a sentence."""
    return "“" + header.plain(token) + "”"


def together(view: Shown, layer: int) -> None:
    """Mean and max over the heads of a layer, and all its heads weighted by their values."""
    stack, part = heads.PARTS[view.part]
    count = view.heads * len(view.queries) * len(view.keys)
    memory = f"{12 * count / 2**20:,.0f} MiB for a moment"
    says = f"A layer's {view.heads} heads have {count / 1e6:,.0f} million weights: about {memory}."
    if count > heads_view.AT_ONCE and not asked(view.run, (view.part, layer), says, key="work_out_layer"):
        return
    mean, most = over_heads(view.attention(layer))
    handed = array(value_weighted_layer(view.run.trace, stack, layer, part))
    name, code = f"{view.part}-layer-{layer}", partial(head_code.of_layer, view, layer, NARROW)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        shares(view, mean, Named("mean", f"Mean of layer {layer}", MEAN, f"mean-{name}", partial(code, 0), NARROW))
    with middle:
        shares(view, most, Named("most", f"Max of layer {layer}", MOST, f"max-{name}", partial(code, 1), NARROW))
    with right:
        code = partial(head_code.of_value, view, layer, None, NARROW)
        title = f"Layer {layer} weighted by value"
        lengths(view, handed, Named("valued_layer", title, TOGETHER, f"value-weighted-{name}", code, NARROW))


MEAN = "The mean of the layer's heads. Each row sums to 1."
MOST = "The largest weight that any head of the layer gives. Rows sum to 1 or more."
TOGETHER = (
    "The length of what all heads of the layer together take from a key, the norm of the sum over heads of α v W_O (Kobayashi et "
    "al. 2020). Heads can add up or cancel out."
)


def shares(view: Shown, cells: Matrix, named: Named) -> None:
    """Weights as a heatmap; a long text pooled, with the numbers of all in its files."""
    if max(cells.shape) > MOST_CELLS:
        fig = token_map(
            cells,
            view.queries,
            view.keys,
            theme=theme.current(),
            name="attention weight",
            verb="looks at",
            hide_future=view.causal,
            width=named.width,
        )
        named = replace(named, python=None)
    else:
        fig = attention_heatmap(
            cells,
            view.queries,
            view.keys,
            theme=theme.current(),
            title_query="looks",
            title_key="is looked at",
            hide_future=view.causal,
            width=named.width,
        )
    place(view, fig, cells, named)


def lengths(view: Shown, cells: Matrix, named: Named) -> None:
    """Lengths as a heatmap, pooled where the text is long."""
    fig = token_map(
        cells,
        view.queries,
        view.keys,
        theme=theme.current(),
        name="length handed over",
        verb="takes from",
        kind="length",
        title_rows="takes",
        title_columns="hands over",
        hide_future=view.causal,
        width=named.width,
    )
    place(view, fig, cells, named)


def place(view: Shown, fig: go.Figure, cells: Matrix, named: Named) -> None:
    figures.place(
        fig,
        key=named.key,
        heading=named.heading,
        explained=named.says + pooled_note(cells),
        filename=named.filename,
        csv=lambda: matrix_csv(cells, view.queries, view.keys),
        npz=lambda: matrix_npz(cells, view.queries, view.keys),
        python=named.python,
        fill=len(view.keys) > 20,
    )


def pooled_note(cells: Matrix) -> str:
    """What is said of a map too large to draw cell by cell."""
    if max(cells.shape) <= MOST_CELLS:
        return ""
    return (
        f" {cells.shape[0]:,} by {cells.shape[1]:,} cells are drawn as at most {MOST_CELLS} a side, each the largest of its block; "
        "the files hold every one."
    )


def through(view: Shown, layer: int) -> None:
    """Rollout up to a layer, and the flow into one position at the top."""
    stack, _ = heads.PARTS[view.part]
    key = ("rollout", stack)
    if not is_kept(view.run, key) and size(view) > heads_view.AT_ONCE:
        takes = duration(kept(view.run, ("rollout takes", stack), float, partial(seconds, view.run.trace, stack)))
        says = f"Rollout multiplies maps of {len(view.queries):,} tokens a side, one for each layer: about {takes}."
        if not asked(view.run, stack, says, key="work_out_rollout"):
            return
    found = kept(view.run, key, Rollout, lambda: rollout(view.run.trace, stack))
    left, right = st.columns(2, gap="large")
    with left:
        rolled(view, found, layer)
    with right:
        flow_view.draw(view, found)


def size(view: Shown) -> int:
    return view.layers * view.heads * len(view.queries) ** 2


def rolled(view: Shown, found: Rollout, layer: int) -> None:
    """The map of one layer's rollout."""
    across = view.part == "cross"
    held = found.across if across else found.within
    assert held is not None
    cells = held[layer]
    fig = token_map(
        cells,
        view.queries,
        view.keys,
        theme=theme.current(),
        name="rollout",
        verb="holds of",
        title_rows=f"after layer {layer}",
        title_columns="came in as",
        scale="sqrt",
        zmax="own",
        hide_future=view.causal,
        width=WIDE,
    )
    code = partial(head_code.of_rollout, view, layer, WIDE)
    named = Named("rollout", f"Rollout, up to layer {layer}", ROLLOUT, f"rollout-{view.part}-layer-{layer}", code)
    place(view, fig, cells, named)
    if found.across is not None:
        source = float(found.across[layer].sum(axis=1).mean())
        st.caption(f"On average {source:.0%} of a row comes from the source, the rest from the target's own tokens.")


ROLLOUT = (
    "How much of each input token a position would hold, were attention all that moves it: each layer's mean weights and the "
    "residual stream count half each, and layers multiply (Abnar and Zuidema 2020). Values, feed-forward layers and norms are left "
    "out. In an encoder-decoder a row is shared between the target's tokens and the source's, through the encoder's layers: "
    "both together sum to 1. Colour follows the square root."
)
