"""The lower half of the page Heads: a head weighted by its values, the tokens it promotes, its layer, and rollout and flow."""

from functools import partial

import streamlit as st

from analysis.attention_graph import over_heads
from analysis.rollout import Rollout, rollout, seconds
from analysis.value_weighted import value_norms, value_weighted, value_weighted_layer, value_weighted_shown
from ui.figures import Matrix, array, markdown
from ui.heads import flow, notebook, promoted_tokens, token_maps
from ui.heads.token_maps import NARROW, Shown
from ui.maps import attention, display_options
from ui.maps.attention import AttentionView
from ui.maps.attention_map import Caption
from ui.maps.display_options import Toggles
from ui.runs import on_demand
from ui.runs.on_demand import asked, duration, is_kept, kept
from ui.state import address

LOOKS = ("value", "tokens", "layer", "through")
NAMES = {
    "value": "Weighted by value",
    "tokens": "Tokens it writes",
    "layer": "Mean and max of its layer",
    "through": "Rollout and flow",
}
SAYS = (
    "Weighted by value: how much each key hands over, beside its attention weight. Tokens it writes: the head's output read "
    "through the output table. Mean and max of its layer: all heads of the layer in two maps. Rollout and flow: all layers up to "
    "this one in one map."
)


def pick() -> str:
    """Which view of the head is shown."""
    address.keep_among("look", LOOKS, LOOKS[0], lambda name: NAMES[name])
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


def draw(view: AttentionView, layer: int, head: int) -> None:
    """The chosen view. Hiding and merging act on the two views that are maps of attention, as on the page Attention."""
    toggles = display_options.chosen()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        look = pick()
        display_options.draw_options(toggles, causal=view.causal, colours=False)
    if look in ("value", "layer"):
        view = attention.shown(view.run, view.kind, toggles.special, toggles.words == "on")
        (draw_by_value if look == "value" else draw_layer)(view, toggles, layer, head)
        if said := display_options.in_words(view, toggles, layer, head):
            st.caption(said)
        return
    if toggles.reshaping:
        st.caption(WHOLE[look])
    if look == "tokens":
        promoted_tokens.draw(view, layer, head)
    else:
        draw_through(view, layer)


WHOLE = {
    "tokens": "All pieces, special tokens too: a head writes into the stream of one piece at a time.",
    "through": "All pieces, special tokens too: they are places the graph leads through, and without them it would be another.",
}


def draw_by_value(view: AttentionView, toggles: Toggles, layer: int, head: int) -> None:
    """The attention weights of a head beside its value-weighted attention."""
    stack, part = view.kind.place
    raw = view.head_weights(layer, head)
    if view.reshaping is None:
        handed = array(value_weighted(view.run.trace, stack, layer, part, head))
    else:
        handed = value_weighted_shown(view.run.trace, stack, layer, part, [head], view.reshaping)
    shown = Shown(view, toggles, layer, head)
    weights = shown.weights(raw, lambda: notebook.weights(view, toggles, layer, head))
    lengths = shown.lengths(handed, lambda: notebook.value_weighted(view, toggles, layer, head))
    left, right = st.columns(2, gap="large")
    name = f"{view.kind.key}-layer-{layer}-head-{head}"
    with left:
        token_maps.draw(
            weights, Caption("raw", f"Attention weight, layer {layer}, head {head}", RAW, f"attention-{name}")
        )
    with right:
        token_maps.draw(lengths, Caption("valued", "Weighted by value, ‖α v W_O‖", VALUED, f"value-weighted-{name}"))
    st.caption(change_in_words(view, raw, handed, array(value_norms(view.run.trace, stack, layer, part, head))))
    token_maps.draw_position(weights)


RAW = "A row is a query: how it shares its attention among the keys. Each row sums to 1."
VALUED = (
    "The length of what a query takes from a key: its weight times the norm of the key's value as the head writes it, v W_O "
    "(Kobayashi et al. 2020). The value's bias is inside, the output projection's own bias is not, nor a norm that follows. A key "
    "with a short value hands over little however large its weight. Rows do not sum to 1."
)


def change_in_words(view: AttentionView, raw: Matrix, handed: Matrix, norms: Matrix) -> str:
    """For how many queries the largest weight and the largest value-weighted cell differ, and the longest and shortest value."""
    other = int((raw.argmax(axis=1) != handed.argmax(axis=1)).sum())
    text = f"For {other} of {len(raw)} queries the key with the largest weight is not the one that hands over most."
    if view.reshaping is not None:
        return text
    short, long = int(norms.argmin()), int(norms.argmax())
    return (
        f"{text} Longest value: {label(view.keys[long])}, {norms[long]:.3g}; shortest: {label(view.keys[short])}, "
        f"{norms[short]:.3g}."
    )


def label(token: str) -> str:
    """A token in quotation marks, safe inside Markdown."""
    return "“" + markdown.plain(token) + "”"


def draw_layer(view: AttentionView, toggles: Toggles, layer: int, head: int) -> None:
    """Mean and max over the heads of the layer that a head is in, and all its heads weighted by their values."""
    stack, part = view.kind.place
    count = view.heads * view.attention(layer).q.shape[1] * view.attention(layer).k.shape[1]
    memory = f"{12 * count / 2**20:,.0f} MiB for a moment"
    says = f"A layer's {view.heads} heads have {count / 1e6:,.0f} million weights: about {memory}."
    if count > on_demand.WEIGHTS_AT_ONCE and not asked(view.run, (view.kind, layer), says, key="work_out_layer"):
        return
    mean, most = over_heads(view.attention(layer), view.reshaping)
    if view.reshaping is None:
        handed = array(value_weighted_layer(view.run.trace, stack, layer, part))
    else:
        handed = value_weighted_shown(view.run.trace, stack, layer, part, range(view.heads), view.reshaping)
    shown, name = Shown(view, toggles, layer, head, NARROW), f"{view.kind.key}-layer-{layer}"
    largest = shown.weights(most, lambda: notebook.mean_and_max(view, toggles, layer, 1))
    left, middle, right = st.columns(3, gap="medium")
    with left:
        means = shown.weights(mean, lambda: notebook.mean_and_max(view, toggles, layer, 0))
        token_maps.draw(means, Caption("mean", f"Mean of layer {layer}", MEAN, f"mean-{name}"))
    with middle:
        token_maps.draw(largest, Caption("most", f"Max of layer {layer}", MOST, f"max-{name}"))
    with right:
        lengths = shown.lengths(handed, lambda: notebook.value_weighted(view, toggles, layer, None))
        heading = f"Layer {layer} weighted by value"
        token_maps.draw(lengths, Caption("valued_layer", heading, TOGETHER, f"value-weighted-{name}"))
    token_maps.draw_position(largest)


MEAN = "The mean of the layer's heads. Each row sums to 1."
MOST = "The largest weight that any head of the layer gives. Rows sum to 1 or more."
TOGETHER = (
    "The length of what all heads of the layer together take from a key, the norm of the sum over heads of α v W_O (Kobayashi et "
    "al. 2020). Heads can add up or cancel out."
)


def draw_through(view: AttentionView, layer: int) -> None:
    """Rollout up to a layer, and the flow into one position of the last layer."""
    stack, _ = view.kind.place
    key = ("rollout", stack)
    if not is_kept(view.run, key) and weights_read(view) > on_demand.WEIGHTS_AT_ONCE:
        takes = duration(kept(view.run, ("rollout takes", stack), float, partial(seconds, view.run.trace, stack)))
        says = f"Rollout multiplies maps of {len(view.queries):,} tokens a side, one for each layer: about {takes}."
        if not asked(view.run, stack, says, key="work_out_rollout"):
            return
    found = kept(view.run, key, Rollout, lambda: rollout(view.run.trace, stack))
    left, right = st.columns(2, gap="large")
    with left:
        draw_rollout(view, found, layer)
    with right:
        flow.draw(view, found)


def weights_read(view: AttentionView) -> int:
    return view.layers * view.heads * len(view.queries) ** 2


def draw_rollout(view: AttentionView, found: Rollout, layer: int) -> None:
    """The map of one layer's rollout."""
    across = view.kind.part == "cross"
    held = found.across if across else found.within
    assert held is not None
    cells = held[layer]
    shown = Shown(view, Toggles(), layer).rollout(cells, lambda: notebook.rollout(view, layer))
    heading = f"Rollout, up to layer {layer}"
    token_maps.draw(shown, Caption("rollout", heading, ROLLOUT, f"rollout-{view.kind.key}-layer-{layer}"))
    token_maps.draw_position(shown)
    if found.across is not None:
        source = float(found.across[layer].sum(axis=1).mean())
        st.caption(f"On average {source:.0%} of a row comes from the source, the rest from the target's own tokens.")


ROLLOUT = (
    "How much of each input token a position would hold, were attention all that moves it: each layer's mean weights and the "
    "residual stream count half each, and layers multiply (Abnar and Zuidema 2020). Values, feed-forward layers and norms are left "
    "out. In an encoder-decoder a row is shared between the target's tokens and the source's, through the encoder's layers: "
    "both together sum to 1. Colour follows the square root."
)
