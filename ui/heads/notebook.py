"""Python that computes the maps of the page Heads again, from the same run."""

from collections.abc import Sequence

from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source
from ui.maps.notebook import head_weights, labels, place


def cells(view: AttentionView, toggles: Toggles, made: str, imports: Sequence[str] = ()) -> Source:
    """Lines up to `cells`, `queries` and `keys`; `made` is the expression for the cells."""
    return labels(view, toggles) + Source([f"cells = {made}"], imports)


def weights(view: AttentionView, toggles: Toggles, layer: int, head: int) -> Source:
    """The weights of one head."""
    made = head_weights(view.kind, layer, head)
    return cells(view, toggles, made if view.reshaping is None else f"reshape({made})")


def mean_and_max(view: AttentionView, toggles: Toggles, layer: int, which: int) -> Source:
    """The mean (0) or the largest (1) over the heads of a layer."""
    reshape = "" if view.reshaping is None else ", reshape"
    made = f"over_heads(trace.attention({place(view.kind, layer)}){reshape})[{which}]"
    return cells(view, toggles, made, ["from analysis.attention_graph import over_heads"])


def value_weighted(view: AttentionView, toggles: Toggles, layer: int, head: int | None) -> Source:
    """Value-weighted attention of one head, or of a layer's heads together."""
    if view.reshaping is not None:
        name = "value_weighted_shown"
        heads = f"range({view.heads})" if head is None else f"[{head}]"
        made = f"{name}(trace, {place(view.kind, layer, heads, 'reshape')})"
    else:
        name = "value_weighted_layer" if head is None else "value_weighted"
        made = f"{name}(trace, {place(view.kind, layer, *([] if head is None else [head]))}).cpu().numpy()"
    return cells(view, toggles, made, [f"from analysis.value_weighted import {name}"])


def rollout(view: AttentionView, layer: int) -> Source:
    """Rollout up to a layer."""
    made = f'rollout(trace, "{view.kind.stack}").{side(view)}[{layer}]'
    return cells(view, Toggles(), made, ["from analysis.rollout import rollout"])


def flow(view: AttentionView, into: str) -> Source:
    """Lines up to `flows`, the flow into the positions of an expression, float32."""
    stack = view.kind.stack
    lines = [
        f'pipes = graph(trace, "{stack}")',
        f'flows = flow(pipes, "{stack}", {into}).{side(view)}.astype(np.float32)',
    ]
    return labels(view, Toggles()) + Source(lines, ["from analysis.flow import flow, graph"])


def side(view: AttentionView) -> str:
    """Which half of a rollout or a flow this kind of attention shows."""
    return "across" if view.kind.part == "cross" else "within"
