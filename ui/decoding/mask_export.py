"""A whole filling as a file: each mask in its turn, with its candidates and who chose the token."""

import json
from collections.abc import Sequence

import streamlit as st

from ui.decoding.export import CANDIDATES, Columns, Top, candidate_columns, candidate_entries, token_entry
from ui.decoding.filled_masks import Filled, run_after
from ui.figures import offer
from ui.runs.store import Run
from ui.state.branches import Branch
from viz.export import table_csv

Branches = Sequence[tuple[Branch, Sequence[Filled]]]


def draw_buttons(run: Run, every: Sequence[Filled], branches: Branches) -> None:
    """Two buttons that save the filling. A file is made when its button is pressed."""
    with st.container(horizontal=True, key="save_filling", gap=None, vertical_alignment="center"):
        st.caption("The whole filling:", width="content")
        says = "Every mask in its turn, with its candidates and who chose, and the futures beside this one"
        offer(
            "JSON", lambda: as_json(run, every, branches), "fills.json", "application/json", key="fills_json", says=says
        )
        says = f"A row a mask, with its {CANDIDATES} most probable tokens, in full precision"
        offer("CSV", lambda: as_csv(run, every), "fills.csv", "text/csv", key="fills_csv", says=says)


def top(run: Run, fill: Filled) -> Top:
    """The most probable tokens of the full softmax at a mask, with all that was filled before it read."""
    best = run_after(run, fill.before).trace.probabilities(fill.at).topk(min(CANDIDATES, run.lm.config.vocab_size))
    return [(run.lm.token(id), p) for id, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def as_csv(run: Run, every: Sequence[Filled]) -> str:
    """A row a mask."""
    columns: Columns = {
        "turn": list(range(len(every))),
        "position": [fill.at for fill in every],
        "id": [fill.token.id for fill in every],
        "token": [fill.token.label for fill in every],
        "chosen_by": [chosen_by(fill) for fill in every],
        "probability": [fill.probability for fill in every],
    }
    return table_csv(columns | candidate_columns([top(run, fill) for fill in every]))


def as_json(run: Run, every: Sequence[Filled], branches: Branches) -> str:
    """One document."""
    document = {
        "model": run.spec.model,
        "fingerprint": run.lm.fingerprint,
        "text": run.spec.text,
        "read": [token_entry(run, token.id) for token in run.source],
        "filled": _text(run, every),
        "masks": [_mask(run, fill) for fill in every],
        "branches": [
            {
                "name": branch.name,
                "choices": [{"position": at, **token_entry(run, id)} for at, id in branch.tokens],
                "filled": _text(run, fills),
            }
            for branch, fills in branches
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _text(run: Run, every: Sequence[Filled]) -> str:
    """The text with its masks filled."""
    ids = {fill.at: fill.token.id for fill in every}
    return run.lm.text([ids.get(at, token.id) for at, token in enumerate(run.source)])


def chosen_by(fill: Filled) -> str:
    return "person" if fill.by_person else "model"


def _mask(run: Run, fill: Filled) -> dict[str, object]:
    return {
        "position": fill.at,
        **token_entry(run, fill.token.id),
        "probability": fill.probability,
        "chosen_by": chosen_by(fill),
        "candidates": candidate_entries(run, top(run, fill)),
    }
