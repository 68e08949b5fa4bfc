"""Everything on the prompting page as one file."""

import json

import streamlit as st

from analysis.prompting import PARTS
from analysis.prompting_shares import BITS
from ui.figures import offer
from ui.prompting.own_answers import given
from ui.prompting.page import as_csv
from ui.prompting.scores import Measured, attention, influence
from ui.shell.requirements import has_attention


def draw_buttons(found: Measured) -> None:
    """Draws the buttons of the two files; a file is made when someone asks for it."""
    with st.container(horizontal=True, key="save_prompts", gap=None, vertical_alignment="center"):
        st.caption("All prompts and answers:", width="content")
        says = "Every prompt, answer and token, in full precision"
        offer("JSON", lambda: as_json(found), "prompts.json", "application/json", key="prompts_json", says=says)
        says = "A row for each answer under each prompt"
        offer("CSV", lambda: as_csv(found, "whole"), "prompts.csv", "text/csv", key="prompts_csv", says=says)


def as_json(found: Measured) -> str:
    """A JSON document: the prompts, and each answer's tokens, probabilities and shares of attention and influence."""
    document = {
        "model": found.run.spec.model,
        "fingerprint": found.run.lm.fingerprint,
        "input": given(found.run),
        "joined_by": found.draft.joint,
        "prompts": [_prompt(found, i) for i in range(len(found.prompts))],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _prompt(found: Measured, place: int) -> dict[str, object]:
    named, prompt = found.prompts[place], found.prompt(place)
    shares = found.shares("whole")[place]
    answers = [_answer(found, place, j) | {"share_among_answers": float(shares[j])} for j in range(len(found.answers))]
    return {
        "number": named.number,
        "kind": named.kind,
        "instruction": prompt.instruction,
        "examples": list(prompt.examples),
        "answers": answers,
    }


def _answer(found: Measured, place: int, answer: int) -> dict[str, object]:
    one = found.scored[place][answer]
    tokens = [
        {"id": token.id, "token": token.label, "text": token.text, "log_probability_nats": float(log)}
        for token, log in zip(one.posed.answer, one.logs, strict=True)
    ]
    shares: dict[str, object] = {"influence": dict(zip(PARTS, influence(found, place, answer).tolist(), strict=True))}
    if has_attention(found.run.lm):
        mean = attention(found, place, answer).mean(axis=(0, 1)).tolist()
        shares["attention"] = dict(zip(PARTS, mean, strict=True))
    total = float(one.logs.sum())
    return {
        "text": found.answers[answer],
        "log_probability_nats": total,
        "surprisal_bits": -total * BITS,
        "tokens": tokens,
    } | shares
