"""The whole decode as a file: tokens, probabilities, candidates, choices, and the branches beside it."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from model.decoding.step import Step
from model.decoding.strategies import Sample
from model.tokenizers.tokens import Token
from ui.decoding import branch_tree
from ui.decoding.branches import run_of
from ui.decoding.timeline import certainty
from ui.figures import offer
from ui.runs.store import Run
from ui.state import branches
from ui.state.branches import Branch
from viz.export import table_csv

CANDIDATES = 10  # of each step
Columns = dict[str, list[str] | list[int] | list[float]]
Top = list[tuple[Token, float]]  # the most probable tokens, best first


def draw_buttons(run: Run) -> None:
    """Two buttons that save the decode. A file is made when its button is pressed, by a call that cannot read the session."""
    held = branches.kept(run, run.spec.choices)
    with st.container(horizontal=True, key="save_decode", gap=None, vertical_alignment="center"):
        st.caption("The whole decode:", width="content")
        says = "Every step with its candidates, how each token was chosen, and the branches beside this one"
        offer("JSON", lambda: as_json(run, held), "decode.json", "application/json", key="decode_json", says=says)
        says = f"A row a step, with its {CANDIDATES} most probable tokens, in full precision"
        offer("CSV", lambda: as_csv(run), "decode.csv", "text/csv", key="decode_csv", says=says)


def chosen_by(run: Run, step: Step) -> str:
    """Who chose a token: a person, a draw, or greed."""
    if any(index == step.index for index, _ in run.spec.choices):
        return "person"
    return "draw" if isinstance(run.spec.strategy, Sample) else "greedy"


def as_csv(run: Run) -> str:
    """A row a step."""
    read = certainty(run)
    first = len(read.came) - len(run.steps)
    n = min(CANDIDATES, run.lm.config.vocab_size)
    tops = [step.top(n) for step in run.steps]
    columns: Columns = {
        "step": [step.index for step in run.steps],
        "id": [step.token.id for step in run.steps],
        "token": [step.token.label for step in run.steps],
        "text": [step.token.text for step in run.steps],
        "chosen_by": [chosen_by(run, step) for step in run.steps],
        "probability": [float(p) for p in read.probability[first:]],
        "rank": [int(r) for r in read.rank[first:]],
        "surprisal_bits": [float(s) for s in read.surprisal[first:]],
        "entropy_bits": [float(e) for e in read.entropy[first:]],
    }
    return table_csv(columns | candidate_columns(tops))


def candidate_columns(tops: Sequence[Top]) -> Columns:
    """Three columns for each place among the candidates."""
    columns: Columns = {}
    for place, row in enumerate(zip(*tops, strict=True), start=1):
        columns[f"candidate{place}_id"] = [token.id for token, _ in row]
        columns[f"candidate{place}"] = [token.label for token, _ in row]
        columns[f"candidate{place}_probability"] = [p for _, p in row]
    return columns


def as_json(run: Run, held: Sequence[Branch]) -> str:
    """One document; probabilities are of the full softmax, before any strategy narrowed it."""
    spec = run.spec
    strategy = {"name": "sample", **asdict(spec.strategy)} if isinstance(spec.strategy, Sample) else {"name": "greedy"}
    ended = run.steps[-1].ended
    document = {
        "model": spec.model,
        "fingerprint": run.lm.fingerprint,
        "text": spec.text,
        "read": [token_entry(run, token.id) for token in run.source],
        "strategy": strategy,
        "limit": run.limit,
        "ended": ended,
        "written": run.lm.text([step.token.id for step in run.steps]),
        "steps": [_step(run, step) for step in run.steps],
        "branches": branch_tree.as_document(branch_tree.tree_of(held, [run_of(run, one) for one in held]), run),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _step(run: Run, step: Step) -> dict[str, object]:
    return {
        **token_entry(run, step.token.id),
        "probability": float(step.probabilities[step.token.id]),
        "entropy_bits": step.entropy,
        "chosen_by": chosen_by(run, step),
        "candidates": candidate_entries(run, step.top(CANDIDATES)),
    }


def candidate_entries(run: Run, top: Top) -> list[dict[str, object]]:
    """Candidates as they stand in a document."""
    return [{**token_entry(run, token.id), "probability": p} for token, p in top]


def token_entry(run: Run, id: int) -> dict[str, object]:
    """A token as it stands in a document."""
    token = run.lm.token(id)
    return {"id": id, "token": token.label, "text": token.text}
