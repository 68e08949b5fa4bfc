"""A beam search as work: estimated, asked for where it is long, stopped by a newer choice, and kept with its run."""

from collections.abc import Callable

import streamlit as st

from model.decoding.beam import BeamHistory, beam_history
from ui.runs import estimate, on_demand, runner
from ui.runs.store import Run

TOKENS_UNASKED = 400  # over fewer tokens nothing is estimated
AT_ONCE_SECONDS = 8.0  # a longer search is done when a person asks for it


def history(run: Run, beams: int, penalty: float) -> BeamHistory | None:
    """The search itself, kept with the run. A long one is done when a person asks for it, and another choice on the page stops it.

    None while nobody asked. Raises InputError where there is not enough memory for it.
    """
    key = ("beam search", beams, penalty)
    held = on_demand.held(run, key, BeamHistory)
    return held if held is not None else searched(run, key, beams, penalty)


def searched(run: Run, key: tuple[object, ...], beams: int, penalty: float) -> BeamHistory | None:
    """The search, made now."""
    lm = run.lm
    read = len(run.steps[0].read["decoder"])
    source = len(run.source) if lm.kind == "encoder-decoder" else 0
    if source + read > TOKENS_UNASKED:
        work = estimate.of_beams(lm, read, source, beams, run.limit)
        fewer = "choose fewer beams or shorten the text"
        estimate.check_memory(lm, work.bytes, f"a search with {beams} beams over {source + read:,} tokens", fewer)
        says = f"A search with {beams} beams over {source + read:,} tokens takes {work.said}."
        if work.seconds > AT_ONCE_SECONDS and not on_demand.asked(run, key, says, key="search"):
            return None

    def search(seen: Callable[[float], object]) -> BeamHistory:
        def after_step(steps: int) -> None:
            st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
            seen(min(steps / run.limit, 1.0))

        return beam_history(
            lm,
            runner.source_of(run.spec, lm),
            beams=beams,
            length_penalty=penalty,
            max_new_tokens=run.limit,
            after_step=after_step,
        )

    return on_demand.keep(run, key, on_demand.in_turn(search, "One step after another"))
