"""Inside a step: what each layer would have predicted, and the direct logit attribution of the new token."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis.logit_attribution import Attribution, attribution, by_source
from analysis.logit_lens import lens
from model.decoding.step import Step
from model.errors import InputError
from model.trace import AttentionPart
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.components.token_strip.token_strip import Chip, Strip, token_strip
from ui.figures import array, markdown, theme
from ui.runs.store import Run
from ui.state import address
from viz.export import matrix_csv, table_csv
from viz.logit_attribution import parts_in_order, parts_map, signed
from viz.logit_lens import depths, lens_table
from viz.percent import format_percent

CANDIDATES = 4
RIVALS = 20
LARGEST = 9
LETTERS: dict[AttentionPart, str] = {"self": "S", "cross": "C"}
FEED_FORWARD = "FF"


def draw_lens(run: Run, step: Step) -> None:
    """The logit lens at one step."""
    found = lens(step.trace, step.token.id, n=CANDIDATES)
    labels = [[run.lm.token(int(i)).label for i in row] for row in found.top_ids]
    at = [next((n for n, i in enumerate(row) if int(i) == step.token.id), None) for row in found.top_ids]
    ranks = [int(rank) for rank in found.rank]
    shares = array(found.top_probabilities)
    fig = lens_table(
        labels,
        shares,
        step.token.label,
        ranks,
        array(found.probability),
        theme=theme.current(),
        columns_of_came=at,
        width=430,
    )
    normed = run.lm.net.decoder is not None and run.lm.net.decoder.final_norm is not None
    figures.place(
        fig,
        key="lens",
        heading="What each layer would have written",
        explained="The logit lens (nostalgebraist 2020): the output head on the stream between the layers"
        + (", after the final norm." if normed else "; this model norms within its layers and has no final norm.")
        + " At the right, rank and share of the token that came, which is framed where it is among the candidates.",
        filename=f"logit-lens-step-{step.index}",
        csv=lambda: table_csv(
            {
                "depth": depths(len(labels) - 1),
                **{f"top{n + 1}": [row[n] for row in labels] for n in range(len(labels[0]))},
                **{f"top{n + 1}_probability": [float(row[n]) for row in shares] for n in range(len(labels[0]))},
                "rank_of_what_came": ranks,
                "probability_of_what_came": [float(p) for p in found.probability],
                "entropy_bits": [float(e) for e in found.entropy],
            }
        ),
    )


def draw_attribution(run: Run, step: Step) -> None:
    """Direct logit attribution of the new token against a rival token that a picker offers."""
    try:
        found = attribution(step.trace, step.token.id, pick_rival(run, step))
    except InputError as error:
        st.info(markdown.sentence(str(error)))
        return
    token, rival = step.token.label, run.lm.token(found.rival).label
    values, columns = as_map(found)
    chosen = chosen_head(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_map(step, values, columns, token, rival, chosen)
    with right:
        draw_largest(step, found, values, columns, token, rival)
    draw_sum(found, token, rival)
    draw_sources(step, found, chosen, token, rival)


def pick_rival(run: Run, step: Step) -> int:
    """Against which token: one of the most probable others."""
    likely = {token.id: share for token, share in step.top(RIVALS + 1) if token.id != step.token.id}
    options = list(likely)[:RIVALS]
    address.keep_among("rival", options, options[0])
    picked = st.selectbox(
        f"Why “{markdown.plain(step.token.label)}” and not:",
        options,
        key="rival",
        format_func=lambda i: f"{run.lm.token(i).label}   {format_percent(likely[i])}" if i in likely else str(i),
        width=360,
        help="Direct logit attribution: the difference of the two tokens' logits, taken apart into what each head and each "
        "feed-forward added to the stream (Elhage et al. 2021). Direct means direct: what a head does by way of later layers "
        "counts as theirs.",
    )
    return int(picked) if picked is not None else options[0]


def as_map(found: Attribution) -> tuple[NDArray[np.float64], list[str]]:
    """(layers, heads and feed-forward) and a name for each column."""
    blocks = [part.cpu().numpy() for part in found.heads.values()]
    columns = [f"{LETTERS[part]}{head}" for part, values in found.heads.items() for head in range(values.shape[1])]
    return np.concatenate([*blocks, found.feed_forward.cpu().numpy()[:, None]], axis=1), [*columns, FEED_FORWARD]


@dataclass(frozen=True)
class Head:
    layer: int
    part: AttentionPart
    head: int
    column: int


def head_at(found: Attribution, layer: int, column: int) -> Head | None:
    """The head of a cell; None for a feed-forward or for no cell at all."""
    at = column
    for part, values in found.heads.items():
        if 0 <= at < values.shape[1] and 0 <= layer < len(values):
            return Head(layer, part, at, column)
        at -= values.shape[1]
    return None


def chosen_head(found: Attribution) -> Head:
    """The head that was clicked; at first the one with the largest part, positive or negative."""
    held = st.session_state.get("pushed_at")
    chosen = head_at(found, *held) if isinstance(held, tuple) else None
    if chosen is not None:
        return chosen
    values, _ = as_map(found)
    layer, column = np.unravel_index(int(np.abs(values[:, :-1]).argmax()), values[:, :-1].shape)
    first = head_at(found, int(layer), int(column))
    assert first is not None, "the largest cell is a head's"
    return first


def draw_map(step: Step, values: NDArray[np.float64], columns: list[str], token: str, rival: str, chosen: Head) -> None:
    """Every head and feed-forward; a click on a head splits it over what it read."""
    fig = parts_map(values, columns, token, rival, theme=theme.current(), chosen=(chosen.layer, chosen.column))
    figures.place(
        fig,
        key="pushed",
        heading="Every head and feed-forward",
        explained="In logits. Above 0 pushes for the token that came, below 0 for its rival. Norms are held at the scale they "
        "had in this run. S: a head of self-attention, C: of cross-attention, FF: the feed-forward, its biases included. Click a "
        "head to see which tokens it used.",
        filename=f"logit-attribution-step-{step.index}",
        csv=lambda: matrix_csv(values, [f"layer {i}" for i in range(len(values))], columns),
    )

    def clicked(point: PointEvent) -> None:
        if point.column is not None:
            st.session_state["pushed_at"] = (point.row, point.column)

    plotly_bridge("pushed", key="pushed_bridge", on_point=clicked)


def parts(found: Attribution, values: NDArray[np.float64], columns: list[str]) -> list[tuple[str, float]]:
    """Every part with its name, the largest first."""
    each = [
        (f"layer {layer} {columns[column]}", float(values[layer, column]))
        for layer in range(values.shape[0])
        for column in range(values.shape[1])
    ]
    around = [("embedding", found.embedding), ("position", found.position), ("segment", found.segment)]
    each += [(name, value) for name, value in [*around, ("edited", found.edited)] if value]
    return sorted([*each, ("biases", found.biases)], key=lambda part: -abs(part[1]))


def draw_largest(
    step: Step, found: Attribution, values: NDArray[np.float64], columns: list[str], token: str, rival: str
) -> None:
    """The parts in order of size."""
    every = parts(found, values, columns)
    first, rest = every[:LARGEST], every[LARGEST:]
    fig = parts_in_order(
        [name for name, _ in first],
        np.array([value for _, value in first]),
        sum(value for _, value in rest),
        len(rest),
        token,
        rival,
        theme=theme.current(),
    )
    figures.place(
        fig,
        key="largest",
        heading="The largest parts",
        explained="The same numbers in order of size, with the embedding, the position's vector and all biases beside them.",
        filename=f"largest-parts-step-{step.index}",
        csv=lambda: table_csv({"part": [name for name, _ in every], "logits": [value for _, value in every]}),
    )


def draw_sum(found: Attribution, token: str, rival: str) -> None:
    """The sum of all parts beside the difference of the logits in the run: they are equal up to rounding."""
    pieces = [("heads", sum(float(values.sum()) for values in found.heads.values()))]
    pieces += [("feed-forwards", float(found.feed_forward.sum())), ("embedding", found.embedding)]
    pieces += [(name, value) for name, value in (("position", found.position), ("segment", found.segment)) if value]
    pieces += [("biases", found.biases)] + ([("edited", found.edited)] if found.edited else [])
    said = " · ".join(f"{name} {signed(value)}" for name, value in pieces)
    st.caption(
        markdown.plain(
            f"{said}: together {found.total:.5f}. Logit of “{token}” less logit of “{rival}” in the run: {found.recorded:.5f}. "
            f"Off by {abs(found.total - found.recorded):.0e}."
        )
    )


def draw_sources(step: Step, found: Attribution, chosen: Head, token: str, rival: str) -> None:
    """The part of one head, split over the tokens it read."""
    split = by_source(step.trace, found, chosen.layer, chosen.part, chosen.head).cpu().numpy()
    read = step.trace.tokens("encoder" if chosen.part == "cross" else "decoder")
    largest = float(np.abs(split).max()) or 1.0
    chips = [
        Chip(
            one.label,
            note=signed(float(value)),
            intensity=min(1.0, float(abs(value)) / largest),
            role="key" if value >= 0 else "query",
            title=f"{float(value):+.4f} logits",
            special=one.special,
        )
        for one, value in zip(read, split, strict=True)
    ]
    st.markdown(
        f"**Which tokens that head used: layer {chosen.layer}, {chosen.part}-attention head {chosen.head}, "
        f"{signed(float(split.sum()))} logits**",
        help="The head's part split over the tokens it read: each token's value vector, by its weight, along the direction from "
        "the rival to the token. Teal pushes for the token that came, orange for its rival.",
    )
    token_strip(
        [Strip("it read", chips)],
        key="pushed_sources",
        label="What the head read, and how much it pushed",
        clickable=False,
    )
