"""Rotary positions: the angle of each pair of dimensions, a query and key before and after rotation, their score by distance."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from analysis import rotation
from model.tap import StackName
from ui import figures
from ui.figures import Matrix, array, markdown, theme
from ui.maps import pickers
from ui.maps.row_pages import RowPage
from ui.runs.store import Run
from ui.state import address
from viz import positions as chart
from viz.embedding import vectors_heatmap
from viz.export import matrix_csv, table_csv
from viz.labels import visible

LEAST_REACH = 64  # positions the curve of distance covers, however short the text
VECTORS = ("query before", "query after", "key before", "key after")


@dataclass(frozen=True, eq=False)
class RotatedPair:
    """A query and a key of one head, before and after they are rotated."""

    vectors: Tensor  # (4, d_head), in the order of VECTORS
    pairs: int  # of dimensions that are rotated; the rest of the head stays
    names: tuple[str, str]  # the query's token and the key's
    distance: int  # positions from key to query
    scale: float
    shared: range  # the query heads that use this key head
    place: str  # for file names


def draw_rotary(run: Run, stack: StackName, focus: int, page: RowPage) -> None:
    """Draws the section about rotary positions; `focus` is the position of the query. Maps of all tokens show those of the page."""
    names = [token.label for token in run.trace.tokens(stack)]
    layer, head, pair, key = pick_places(run, stack, names, focus)
    angles = array(rotation.angles(run.trace, stack, layer))
    left, right = st.columns(2, gap="large")
    with left:
        draw_angles(angles[page.rows], names[page.rows], page.start)
    with right:
        draw_circle(angles[page.rows], names[page.rows], pair, focus, page.start)
    found = rotated_pair(run, stack, layer, head, focus, key)
    if len(found.shared) > 1:
        st.caption(f"Query heads {found.shared[0]} to {found.shared[-1]} share this key: one key head serves them all.")
    left, right = st.columns(2, gap="large")
    with left:
        draw_plane(found, pair)
    with right:
        draw_score_by_distance(found, rotation.speeds(run.trace, layer), max(LEAST_REACH, len(names)))
    draw_vectors(found)


def pick_places(run: Run, stack: StackName, names: list[str], focus: int) -> tuple[int, int, int, int]:
    """(layer, head, pair of dimensions, key)."""
    config = run.lm.config
    sizes = {"layer": config.layers(stack), "head": config.n_heads, "turning": config.rotary_dims // 2}
    address.start_with("against", focus // 2)  # a key that turns too, and not the query itself
    for key, size in {**sizes, "against": len(names)}.items():
        address.settle(key, size)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    layer, head, pair = (
        pickers.pick_number(row, label, key, sizes[key])
        for label, key in (("Layer", "layer"), ("Head", "head"), ("Pair of dimensions", "turning"))
    )
    against = row.selectbox(
        "Key to compare with",
        range(len(names)),
        key="against",
        bind="query-params",
        format_func=lambda i: f"{i}  {visible(names[i])}",
        help="The query is the token chosen above; this is the token whose key it meets.",
        width=220,
    )
    return layer, head, pair, against or 0


def draw_angles(angles: Matrix, names: list[str], start: int) -> None:
    """Draws the angle of every pair of dimensions at every token."""
    figures.place(
        chart.angles_heatmap(angles, names, theme=theme.current(), first=start, width=620),
        key="angles",
        heading="How far each pair has turned",
        explained="Position times the pair's own speed, in radians. Colour shows where the turn ends; the first pairs turn fast, "
        "the last hardly at all.",
        filename="rotary-angles",
        csv=lambda: matrix_csv(angles, names, [str(i) for i in range(angles.shape[1])]),
    )


def draw_circle(angles: Matrix, names: list[str], pair: int, focus: int, start: int) -> None:
    """Draws one pair's angle at every token, on a circle."""
    around = np.ascontiguousarray(angles[:, pair])
    figures.place(
        chart.rotation_circle(
            around, names, theme=theme.current(), pair=pair, selected=focus - start, first=start, height=380
        ),
        key="circle",
        heading=f"Pair {pair}, round the circle",
        explained="A dot a token: where its place turns this pair to. Position 0 does not turn. The large dot is the token "
        "chosen above.",
        filename=f"rotary-angles-pair-{pair}",
        csv=lambda: table_csv({"token": names, "radians": [float(angle) for angle in around]}),
    )


def rotated_pair(run: Run, stack: StackName, layer: int, head: int, query: int, key: int) -> RotatedPair:
    """The query of one token and the key of another in one head, as recorded and as before the rotation."""
    attention = run.trace.attention(stack, layer)
    q, k = rotation.before_rotation(run.trace, stack, layer)
    group = len(q) // len(k)  # query heads to a key head
    own, tokens = head // group, run.trace.tokens(stack)
    return RotatedPair(
        vectors=torch.stack((q[head, query], attention.q[head, query], k[own, key], attention.k[own, key])),
        pairs=run.lm.config.rotary_dims // 2,
        names=(tokens[query].label, tokens[key].label),
        distance=query - key,
        scale=attention.scale,
        shared=range(own * group, (own + 1) * group),
        place=f"layer-{layer}-head-{head}",
    )


def draw_plane(found: RotatedPair, pair: int) -> None:
    """Draws one pair of dimensions of query and key as arrows."""
    arrows = array(rotation.pair_of(found.vectors, pair, found.pairs))
    colours = theme.current()
    fig = chart.rotation_plane(
        arrows[0::2], arrows[1::2], ("query", "key"), (colours.query, colours.key), theme=colours, height=380
    )
    query, key = (markdown.quoted(name) for name in found.names)
    figures.place(
        fig,
        key="plane",
        heading=f"Pair {pair} of the query {query} and the key {key}",
        explained="Dotted: before turning. Solid: after. Each turns by its own place and keeps its length; what this pair adds to "
        "the score depends on the angle between the solid ones.",
        filename=f"rotary-pair-{pair}-{found.place}",
        csv=lambda: matrix_csv(arrows, VECTORS, ("first", "second")),
    )


def draw_score_by_distance(found: RotatedPair, speeds: Tensor, reach: int) -> None:
    """Draws the score that the same query and key would have at other distances."""
    distances = torch.arange(reach, device=found.vectors.device)
    q, k = found.vectors[0], found.vectors[2]
    scores = array(rotation.by_distance(q, k, speeds.to(q.device), distances) * found.scale)
    fig = chart.distance_curve(scores, theme=theme.current(), at=found.distance, name="score", height=380)
    figures.place(
        fig,
        key="price",
        heading="The same two, further apart",
        explained="The score q·k of this query and this key, scaled as in attention, were the key that many positions back. Only "
        "the distance counts. The dot marks where they really stand; a key ahead of its query has none.",
        filename=f"rotary-distance-{found.place}",
        csv=lambda: table_csv({"distance": list(range(reach)), "score": [float(s) for s in scores]}),
    )


def draw_vectors(found: RotatedPair) -> None:
    """Draws all numbers of the four vectors."""
    values = array(found.vectors)
    still = found.vectors.shape[1] - 2 * found.pairs
    rest = f" The last {still} dimensions of each head do not turn." if still else ""
    figures.place(
        vectors_heatmap(values, VECTORS, theme=theme.current(), name="value", tokens=False, width=1000, height=190),
        key="whole",
        heading="The whole query and key, before and after",
        explained="Turned back from what the run recorded. Dimension i turns together with the one half the turning part further "
        f"on.{rest}",
        filename=f"rotary-vectors-{found.place}",
        csv=lambda: matrix_csv(values, VECTORS, [str(i) for i in range(values.shape[1])]),
    )
