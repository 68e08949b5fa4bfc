"""The heads page's lower half: one head weighted by its values and read as tokens, a layer's heads together, and whole stacks."""

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from analysis.attention_graph import over_heads
from analysis.rollout import Rollout, rollout, seconds
from analysis.value_weighted import value_norms, value_weighted, value_weighted_layer
from ui import figures, flow_view, header, heads, heads_view, settings, theme, writes_view
from ui.figures import Matrix, array
from ui.heads import Shown
from ui.worked_out import asked, duration, is_kept, kept
from viz.attention import attention_heatmap
from viz.export import matrix_csv, matrix_npz
from viz.token_maps import CellKind, token_map
from viz.windows import MOST_CELLS

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


def by_value(view: Shown, layer: int, head: int) -> None:
    """Raw weights beside what is handed over."""
    stack, part = heads.PARTS[view.part]
    raw = view.head_weights(layer, head)
    handed = array(value_weighted(view.run.trace, stack, layer, part, head))
    left, right = st.columns(2, gap="large")
    name = f"{view.part}-layer-{layer}-head-{head}"
    with left:
        shares(view, raw, "raw", f"Attention weight, layer {layer}, head {head}", RAW, f"attention-{name}")
    with right:
        lengths(view, handed, "valued", "Weighted by value, ‖α v W_O‖", VALUED, f"value-weighted-{name}")
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
    left, middle, right = st.columns(3, gap="medium")
    name = f"{view.part}-layer-{layer}"
    with left:
        says = "The mean of the layer's heads. Each row sums to 1."
        shares(view, mean, "mean", f"Mean of layer {layer}", says, f"mean-{name}", 460)
    with middle:
        says = "The largest weight that any head of the layer gives. Rows sum to 1 or more."
        shares(view, most, "most", f"Max of layer {layer}", says, f"max-{name}", 460)
    with right:
        handed = array(value_weighted_layer(view.run.trace, stack, layer, part))
        says = (
            "The length of what all heads of the layer together take from a key, the norm of the sum over heads of α v W_O "
            "(Kobayashi et al. 2020, equation 7). Heads can add up or cancel out."
        )
        lengths(view, handed, "valued_layer", f"Layer {layer} weighted by value", says, f"value-weighted-{name}", 460)


def shares(view: Shown, cells: Matrix, key: str, heading: str, says: str, filename: str, width: int = 560) -> None:
    """Weights as a heatmap; a long text pooled, with the numbers of all in its files."""
    if max(cells.shape) > MOST_CELLS:
        lengths(view, cells, key, heading, says, filename, width, "share")
        return
    fig = attention_heatmap(
        cells,
        view.queries,
        view.keys,
        theme=theme.current(),
        title_query="looks",
        title_key="is looked at",
        hide_future=view.causal,
        width=width,
    )
    place(view, fig, cells, key, heading, says, filename)


def lengths(
    view: Shown,
    cells: Matrix,
    key: str,
    heading: str,
    says: str,
    filename: str,
    width: int = 560,
    kind: CellKind = "length",
) -> None:
    """Lengths as a heatmap, pooled where the text is long."""
    fig = token_map(
        cells,
        view.queries,
        view.keys,
        theme=theme.current(),
        name="length handed over" if kind == "length" else "attention weight",
        verb="takes from" if kind == "length" else "looks at",
        kind=kind,
        title_rows="takes" if kind == "length" else "looks",
        title_columns="hands over" if kind == "length" else "is looked at",
        hide_future=view.causal,
        width=width,
    )
    place(view, fig, cells, key, heading, says, filename)


def place(view: Shown, fig: go.Figure, cells: Matrix, key: str, heading: str, says: str, filename: str) -> None:
    figures.place(
        fig,
        key=key,
        heading=heading,
        explained=says + pooled_note(cells),
        filename=filename,
        csv=lambda: matrix_csv(cells, view.queries, view.keys),
        npz=lambda: matrix_npz(cells, view.queries, view.keys),
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
        width=560,
    )
    place(view, fig, cells, "rollout", f"Rollout, up to layer {layer}", ROLLOUT, f"rollout-{view.part}-layer-{layer}")
    if found.across is not None:
        source = float(found.across[layer].sum(axis=1).mean())
        st.caption(f"On average {source:.0%} of a row comes from the source, the rest from the target's own tokens.")


ROLLOUT = (
    "How much of each input token a position would hold, were attention all that moves it: each layer's mean weights and the "
    "residual stream count half each, and layers multiply (Abnar and Zuidema 2020). Values, feed-forward layers and norms are left "
    "out. In an encoder-decoder a row is shared between the target's tokens and the source's, through the encoder's layers: "
    "both together sum to 1. Colour follows the square root."
)
