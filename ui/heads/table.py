"""All heads in a table."""

import numpy as np
import pandas as pd
import streamlit as st

from analysis.head_scores import SCORES, ScoreName
from analysis.head_summary import HeadSummary
from ui.figures import markdown
from ui.heads.all_heads import DISTANCE, ENTROPY, columns_of, maps_of
from ui.state import address
from ui.state.shown_head import show_head
from viz.head_maps import HeadMap

MEANS = {
    ENTROPY: "How spread each row of attention is: -sum of w log2 w in bits, mean over the queries that see two keys or more "
    "(Clark et al. 2019). 0 bits: one key gets all; each bit more, twice as many keys.",
    DISTANCE: "How many tokens away the keys are: sum of w |q - k|, mean over the same queries (Vig and Belinkov 2019).",
}


def draw_finder(found: HeadSummary) -> None:
    """All heads as a table, sorted and filtered by one number, with buttons for its highest and lowest head."""
    st.subheader("Find a head", anchor=False)
    maps = maps_of(found)
    address.keep_among(
        "measure", list(maps), "alignment" if found.scores.part == "cross" else "previous", lambda n: maps[n].title
    )
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    measure = row.selectbox(
        "Sort by",
        list(maps),
        key="measure",
        format_func=lambda name: maps[name].title,
        bind="query-params",
        width=200,
        help="Click a column's name to sort by another; the menu in a column's heading hides or pins it.",
    )
    name = measure if measure in maps else ENTROPY
    values = maps[name].values
    least = pick_least(row, maps[name])
    if np.isfinite(values).any():
        for label, place in (("Highest", np.nanargmax(values)), ("Lowest", np.nanargmin(values))):
            at = np.unravel_index(int(place), values.shape)
            row.button(
                label,
                key=label.lower(),
                on_click=show_head,
                args=(int(at[0]), int(at[1])),
                help=f"Chooses layer {at[0]}, head {at[1]}",
            )
    rows = listed(found, name, least)
    draw_table(rows, maps)
    st.caption(explained(name) + f" {len(rows)} of {values.size} heads are listed; a click on a row chooses its head.")


def pick_least(row: st.delta_generator.DeltaGenerator, one: HeadMap) -> float:
    """The smallest score that is listed."""
    if one.unit != "share":
        return 0.0
    least = row.slider(
        "At least",
        0,
        100,
        0,
        step=5,
        key="least",
        bind="query-params",
        format="%d%%",
        width=180,
        help="Hides heads below it.",
    )
    return least / 100


def explained(name: str) -> str:
    """What a number means, with its formula and its source."""
    if name in MEANS:
        return markdown.plain(MEANS[name])
    means = SCORES[_score(name)]
    return markdown.plain(
        f"{means.title}: {means.meaning} It is the {means.formula}, over {means.averaged_over} ({means.source})."
    )


def _score(name: str) -> ScoreName:
    return next(score for score in SCORES if score == name)


def listed(found: HeadSummary, name: str, least: float) -> pd.DataFrame:
    """The heads whose number is at least `least`, the largest first. If `least` is 0, heads without that number come last."""
    layers, count = found.entropy.shape
    places = {"layer": np.repeat(np.arange(layers), count), "head": np.tile(np.arange(count), layers)}
    everything = pd.DataFrame(places | columns_of(found))
    rows = everything.sort_values(name, ascending=False, kind="stable", na_position="last")
    return (rows if least == 0 else rows[rows[name] >= least]).reset_index(drop=True)


def draw_table(rows: pd.DataFrame, maps: dict[str, HeadMap]) -> None:
    """The table; a click on a row chooses its head."""
    formats = {"share": "percent", "bits": "%.2f", "tokens": "%.1f"}
    columns = {
        name: st.column_config.NumberColumn(
            one.title + ("" if one.unit == "share" else f", {one.unit}"), format=formats[one.unit], help=explained(name)
        )
        for name, one in maps.items()
        if np.isfinite(one.values).any()
    }

    def picked() -> None:
        selected = st.session_state["finder"].selection.rows
        if selected and selected[0] < len(rows):
            show_head(int(rows["layer"][selected[0]]), int(rows["head"][selected[0]]))

    st.dataframe(
        rows,
        key="finder",
        hide_index=True,
        column_order=["layer", "head", *columns],
        placeholder="–",
        height=min(38 + 35 * max(len(rows), 1), 330),
        column_config=columns,
        on_select=picked,
        selection_mode="single-row",
        alt="Every head with its entropy, distance and scores",
    )
