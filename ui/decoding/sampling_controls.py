"""How a token is chosen: greedy or sampling, the seed, and the sampling stages."""

from dataclasses import replace

import streamlit as st

from model.decoding.step import Step
from ui import figures
from ui.decoding.candidates import narrowed
from ui.figures.tables import Cell, table
from ui.runs.store import Run
from ui.shell import streaming
from ui.state import sampling
from ui.state.sampling import DIALS, HIGHEST_SEED, Choosing, Dial
from viz.percent import format_percent

GREEDY, DRAWN = "greedy", "draw"
WAYS = {GREEDY: "Greedy", DRAWN: "Sampling"}
EXPLAINED = {
    "constraints": "What the checkpoint's generation_config.json forbids or forces, before any strategy.",
    **{dial.label.lower(): dial.explained for dial in DIALS},
}
BY_LABEL = {dial.key: dial.label.lower() for dial in DIALS}


def draw_controls(run: Run) -> None:
    """Greedy or sampling, the seed, the number of tokens, and a switch with a slider for each sampling stage."""
    held = sampling.chosen()
    st.session_state["choose_way"] = DRAWN if held.drawn else GREEDY
    st.session_state["choose_seed"] = held.seed
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="choosing"):
        st.segmented_control(
            "How a token is chosen",
            list(WAYS),
            key="choose_way",
            format_func=WAYS.__getitem__,
            required=True,
            on_change=way_changed,
            help="Greedy: always the most probable. Sampling: drawn by its share, after the stages below. The same seed draws the "
            "same text, also after going back.",
        )
        if held.drawn:
            st.number_input("Seed", 0, HIGHEST_SEED, key="choose_seed", width=130, on_change=seed_changed)
            st.button("New sample", key="draw_anew", help="The next seed", on_click=draw_anew)
        streaming.pick_length(run)
    on = " · ".join(f"{BY_LABEL[key]} {value:g}" for key, value in held.dials)
    fold = st.expander(f"Sampling settings: {on}" if on else "Sampling settings", key="narrow_open", on_change="rerun")
    if not figures.is_open(fold):
        return
    with fold:
        st.caption(
            "In the order in which they act. Hollow bars show at once what each does to this step; nothing is run again for them"
            + ("." if held.drawn else ", and greedy decoding keeps its token.")
        )
        for dial in DIALS:
            draw_dial(dial, held)


def draw_dial(dial: Dial, held: Choosing) -> None:
    """The switch of a stage, and its slider."""
    values = dict(held.dials)
    on = dial.key in values
    st.session_state[f"on_{dial.key}"] = on
    value = values.get(dial.key, st.session_state.get(f"last_{dial.key}", dial.at_first))
    st.session_state[f"dial_{dial.key}"] = int(value) if dial.step == 1 else float(value)
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.toggle(dial.label, key=f"on_{dial.key}", help=dial.explained, on_change=turn, args=(dial,))
    whole = dial.step == 1
    right.slider(
        dial.label,
        int(dial.low) if whole else dial.low,
        int(dial.high) if whole else dial.high,
        step=1 if whole else dial.step,
        key=f"dial_{dial.key}",
        disabled=not on,
        label_visibility="collapsed",
        on_change=turn,
        args=(dial,),
    )


def turn(dial: Dial) -> None:
    """A switch or slider was moved."""
    value = st.session_state[f"dial_{dial.key}"]
    st.session_state[f"last_{dial.key}"] = value
    on = st.session_state[f"on_{dial.key}"]
    sampling.choose(sampling.chosen().turned(dial.key, float(value) if on else None))


def way_changed() -> None:
    sampling.choose(replace(sampling.chosen(), drawn=st.session_state["choose_way"] == DRAWN))


def seed_changed() -> None:
    sampling.choose(replace(sampling.chosen(), seed=int(st.session_state["choose_seed"] or 0)))


def draw_anew() -> None:
    held = sampling.chosen()
    sampling.choose(replace(held, seed=(held.seed + 1) % (HIGHEST_SEED + 1)))


def draw_stages(run: Run, step: Step) -> None:
    """A table of what each stage that is on does to this step, in the order in which they act."""
    found = narrowed(run, step)
    if not found:
        return
    heads = [
        Cell("Stage", "In the order in which they act; each reads what the one before it left."),
        Cell("Tokens left", "How many can still be drawn."),
        Cell("Ruled out", "The share that the tokens it ruled out had before it."),
        Cell("Entropy", "Bits of what is left: how undecided the draw is."),
    ]
    rows = [[Cell("softmax"), Cell(f"{run.lm.config.vocab_size:,}"), Cell("0%"), Cell(f"{step.entropy:.2f}")]]
    for stage in found:
        cut = format_percent(min(1.0, stage.cut))
        rows.append(
            [Cell(stage.name, EXPLAINED[stage.name]), Cell(f"{stage.left:,}"), Cell(cut), Cell(f"{stage.entropy:.2f}")]
        )
    table(heads, rows, label="What each stage does to this step", narrow="wrap")
