"""The KV cache on screen: its growth, what it saves counted and measured, and what sharing keys would save."""

import numpy as np
import streamlit as st

from analysis.kv_cache import Growth, Measured, by_sharing, growth, measured
from ui import figures
from ui.figures import theme
from ui.runs import on_demand
from ui.runs.store import Run
from viz.export import table_csv
from viz.kv_cache import held_bytes, sharing_bars, size, two_lines

MOST_TIMED_STEPS = 64
TIMED = ("KV cache timed",)


def labels_of(run: Run) -> list[str]:
    return [step.token.label for step in run.steps]


def draw_size(run: Run, at: int) -> None:
    """The bytes of the cache at each step, and those of the same model with more or less sharing of keys."""
    found, labels = growth(run.lm, run.steps), labels_of(run)
    figures.place(
        held_bytes(np.array(found.held), found.source, labels, theme=theme.current(), step=at, width=560),
        key="held",
        heading=f"The KV cache · {size(found.held[at])} after this step",
        explained="Keys and values of every token read, in all layers, kept so that no later step reads them again. "
        f"Each token adds {size(found.per_token)}.",
        filename="kv-cache",
        csv=lambda: as_csv(found, labels),
    )
    width = run.lm.net.tokens.weight.element_size()
    ways = by_sharing(run.lm.config, width)
    heads = run.lm.config.kv_heads
    own = next(name for name, (count, _) in ways.items() if count == heads)
    names = [f"{name} · {count} key head{'s' if count > 1 else ''}" for name, (count, _) in ways.items()]
    chosen = names[list(ways).index(own)]
    st.markdown(
        "**Bytes a token, were keys shared otherwise**",
        help="Multi-head: a key and value head for each query head. Grouped-query: several query heads share one (Ainslie et al. "
        "2023). Multi-query: all share one (Shazeer 2019). In bold what this model does.",
    )
    fig = sharing_bars(names, np.array([count for _, count in ways.values()]), chosen, theme=theme.current())
    figures.strip(fig, key="sharing")


def draw_operations(run: Run, at: int) -> None:
    """What each step costs with and without the cache."""
    found, labels = growth(run.lm, run.steps), labels_of(run)
    left, right = st.columns(2, gap="large")
    with left:
        figures.place(
            two_lines(
                np.array(found.cached, dtype=np.float64),
                np.array(found.again, dtype=np.float64),
                labels,
                theme=theme.current(),
                what="operations (log)",
                step=at,
                width=560,
            ),
            key="work",
            heading=f"Operations: {sum(found.again) / sum(found.cached):.1f} times as many without it",
            explained="Floating-point operations of each step's matrix products, two for each weight and for each number of a key "
            "and a value looked at, counted from the shapes. Without a cache every step reads the whole text again.",
            filename="kv-cache-operations",
            csv=lambda: as_csv(found, labels),
        )
    with right:
        draw_timing(run, at, labels)


def draw_timing(run: Run, at: int, labels: list[str]) -> None:
    """The times of both ways on this machine, measured when the button is pressed."""
    times = on_demand.held(run, TIMED, Measured)
    st.button(
        "Measure it here" if times is None else "Measure again",
        key="measure_cache",
        on_click=measure,
        args=(run,),
        help=f"Reads the first {min(MOST_TIMED_STEPS, len(run.steps))} steps both ways, one after another, on this machine now.",
    )
    if times is None:
        st.caption(
            "Not measured yet. Small models wait for Python more than for arithmetic, so the clock saves less than the count."
        )
        return
    shown = labels[: len(times.cached)]
    figures.place(
        two_lines(
            1000 * np.array(times.cached),
            1000 * np.array(times.again),
            shown,
            theme=theme.current(),
            what="ms",
            step=at,
            logarithmic=False,
            width=560,
        ),
        key="timed",
        heading=f"Time, measured: {sum(times.again) / sum(times.cached):.1f} times as long without it",
        explained=f"Milliseconds of each step on this machine, {readings(times.rounds)}; other work on it shows as spikes.",
        filename="kv-cache-times",
        csv=lambda: table_csv(
            {"token": shown, "cached_seconds": list(times.cached), "again_seconds": list(times.again)}
        ),
    )


def readings(rounds: int) -> str:
    return "one reading of each" if rounds == 1 else f"the median of {rounds} readings of each"


def measure(run: Run) -> None:
    """Times both ways. The result is kept as long as the run."""
    on_demand.keep(run, TIMED, measured(run.lm, run.steps, MOST_TIMED_STEPS))


def as_csv(found: Growth, labels: list[str]) -> str:
    """One row a step."""
    return table_csv(
        {
            "step": list(range(len(labels))),
            "token": labels,
            "cache_bytes": list(found.held),
            "operations_with_cache": list(found.cached),
            "operations_without": list(found.again),
        }
    )
