"""The heads of a layer as lines between tokens."""

import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui import figures
from ui.components.attention_lines.attention_lines import (
    HTML,
    LEAST_MASS,
    Lines,
    LineView,
    Lock,
    Side,
    attention_lines,
)
from ui.components.standalone import standalone_html
from ui.figures import Matrix, TakeAway, theme
from ui.maps import heatmap, notebook, selected_pair, windows
from ui.maps.attention import AttentionView, about_rows
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source
from ui.runs.notebook import call
from ui.state.linked import Linked
from viz.export import archive, table_csv
from viz.labels import visible
from viz.lines import edges_to_mass
from viz.strongest import strongest
from viz.windows import MOST_CELLS, Window, within

AT_FIRST = LineView(0.7, (), ())
WRITTEN = re.compile(r"(\d{1,3});([\d.]{0,400});((?:[qk]\d{1,4}\.?){0,64})")
SAYS = (
    "From each query the strongest links, until they carry the share of its attention that the slider says. Buttons add heads, "
    "each in its own colour; a double click leaves one, another brings the others back. "
)


def draw(view: AttentionView, toggles: Toggles, layer: int, head: int) -> None:
    """Lines between tokens, for this head and, by its buttons, its neighbours in the layer."""
    sides = windows.Sides(view.queries, view.keys)
    window = windows.shown(sides)
    if not window.exact:
        window = at_first(view, sides)
    weights = in_window(view, layer, window)
    queries, keys = sides.of(window)
    kept = remembered(layer, head)
    lines = Lines(
        weights,
        queries,
        keys,
        head_names=[str(i) for i in range(view.heads)],
        active=[one for one in kept.active if one < view.heads] or [head],
        mass=kept.mass,
        locked=[lock for lock in kept.locked if lock[1] < len(queries if lock[0] == "query" else keys)],
        transposed=toggles.transposed == "on",
        label=f"{view.kind.title}, layer {layer}, as lines",
        filename=f"lines-{view.kind.key}-layer-{layer}",
    )
    with st.container(horizontal=True, key="head_lines", gap="small", vertical_alignment="center"):
        st.markdown(f"**{view.kind.title}, layer {layer}**", help=SAYS + about_rows(view.kind), width="stretch")
        figures.take_away(files(view, toggles, lines, layer, window), key="lines")
    attention_lines(lines, key=f"lines_{view.kind.key}", on_view=lambda seen: remember(seen, layer, head))
    windows.draw_position(sides, window, lambda: in_small(view, toggles, layer, head, window), moving=MOVING)


MOVING = "as many as lines can be told apart. A click on the small map draws others; the heatmap shows all at once"


def at_first(view: AttentionView, sides: windows.Sides) -> Window:
    """The window for a text too long for lines: around the chosen pair, or at the beginning."""
    half = MOST_CELLS // 2
    query, key = selected_pair.of(view) or (0, 0)
    return within(Window(query - half // 2, query + half // 2, key - half // 2, key + half // 2), *sides.size)


def in_small(view: AttentionView, toggles: Toggles, layer: int, head: int, window: Window) -> go.Figure:
    """The chosen head's whole map, to move the window by."""
    whole = heatmap.heatmap(view, toggles, layer, head, view.head_weights(layer, head))
    return replace(whole, window=window).small()


def in_window(view: AttentionView, layer: int, window: Window) -> Matrix:
    """(heads, query, key) of a window. The heads of a long text are computed one by one."""
    if max(len(view.queries), len(view.keys)) <= MOST_CELLS:
        return view.only_kept(view.weights(layer))
    each = [window.of(view.only_kept(view.head_weights(layer, head))) for head in range(view.heads)]
    return np.stack(each).astype(np.float32)


def write(seen: LineView) -> str:
    """As it stands in an address: "70;0.3;q2.k5"."""
    heads_on = ".".join(map(str, seen.active))
    locked = ".".join(f"{side[0]}{index}" for side, index in seen.locked)
    return f"{round(seen.mass * 100)};{heads_on};{locked}"


def read(text: str) -> LineView:
    """From an address; AT_FIRST if the text is not of that form."""
    found = WRITTEN.fullmatch(text)
    if not found or not LEAST_MASS * 100 <= int(found[1]) <= 100:
        return AT_FIRST
    on = tuple(int(part) for part in found[2].split(".") if part)
    sides: dict[str, Side] = {"q": "query", "k": "key"}
    locked: list[Lock] = [(sides[part[0]], int(part[1:])) for part in found[3].split(".") if part]
    return LineView(int(found[1]) / 100, on, tuple(locked))


LINES = Linked("lines", AT_FIRST, read, write)


def remember(seen: LineView, layer: int, head: int) -> None:
    LINES.set(seen)
    st.session_state["lines_of"] = (layer, head)


def remembered(layer: int, head: int) -> LineView:
    """What was set in the browser; the heads count while the head they were chosen beside is on screen."""
    held = LINES.get()
    if st.session_state.setdefault("lines_of", (layer, head)) != (layer, head):
        held = LineView(held.mass, (), held.locked)
    LINES.link(held)
    return held


def files(view: AttentionView, toggles: Toggles, lines: Lines, layer: int, window: Window) -> TakeAway:
    """The lines as files. The component itself saves the picture on screen."""
    shown = theme.current()
    active = [head for head in lines.active or () if head < len(lines.weights)]
    return TakeAway(
        filename=lines.filename,
        words=lambda: in_words(lines, active),
        csv=lambda: links_csv(lines, active),
        html=lambda: standalone_html(
            "attention_lines", HTML, lines.payload(), title=lines.label, said=in_words(lines, active), theme=shown
        ),
        npz=lambda: arrays(lines),
        python=lambda: python(view, toggles, layer, active, window, lines.mass),
        picture=False,
    )


def python(view: AttentionView, toggles: Toggles, layer: int, active: list[int], window: Window, mass: float) -> str:
    """A notebook cell that draws the same links with `viz.lines`; on the page the browser draws them."""
    sides = ("weights", "queries", "keys")
    if window != windows.Sides(view.queries, view.keys).whole:
        rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
        sides = (f"weights[:, {rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]")
    shown = f"np.nan_to_num({sides[0]})" if view.kept is not None else sides[0]
    drawn = call("lines_figure", [shown, *sides[1:], "theme=LIGHT", f"heads={active}", f"mass={mass}"])
    source = notebook.weights(view, toggles, layer, None) + Source([drawn], ["from viz.lines import lines_figure"])
    return source.cell()


def in_words(lines: Lines, active: list[int]) -> str:
    """One paragraph: how many links each active head has, and its strongest."""
    edges = edges_to_mass(lines.weights, lines.mass)
    text = f"{lines.label}: of each query's row the largest weights that make up {lines.mass:.0%} of it."
    for head in active:
        query, key = strongest(lines.weights[head])
        text += (
            f" Head {head}: {int(edges[head].sum())} links, the strongest from “{visible(lines.queries[query])}” to "
            f"“{visible(lines.keys[key])}” with {lines.weights[head, query, key]:.1%}."
        )
    return text


def links_csv(lines: Lines, active: list[int]) -> str:
    """A row for each link that is drawn."""
    edges = edges_to_mass(lines.weights, lines.mass)
    places = [(head, int(q), int(k)) for head in active for q, k in zip(*np.nonzero(edges[head]), strict=True)]
    return table_csv(
        {
            "head": [head for head, _, _ in places],
            "query_index": [query for _, query, _ in places],
            "query": [lines.queries[query] for _, query, _ in places],
            "key_index": [key for _, _, key in places],
            "key": [lines.keys[key] for _, _, key in places],
            "weight": [float(lines.weights[place]) for place in places],
        }
    )


def arrays(lines: Lines) -> bytes:
    """All heads' weights (heads, query, key) and the labels."""
    queries, keys = (np.array(side, dtype=np.str_) for side in (lines.queries, lines.keys))
    return archive({"weights": lines.weights, "queries": queries, "keys": keys})
