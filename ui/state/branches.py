"""The futures a person has tried for one text: kept side by side, named, pruned, and written into the link."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from ui.runs.runner import Run, RunSpec
from ui.state import address
from ui.state import choices as state_choices
from ui.state.choices import MOST_CHOICES, read_choices, write_choices

MOST_BRANCHES = 12
LONGEST_NAME = 24
BETWEEN, AFTER_NAME = ";", "~"
Choices = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Branch:
    """One future: the tokens a person chose on its way. Without any it is the model's own."""

    choices: Choices = ()
    name: str = ""


def kept(run: Run) -> tuple[Branch, ...]:
    """The branches of this text, the one on screen among them, in the order in which they were first seen."""
    held = _held(run)
    if all(branch.choices != run.spec.choices for branch in held):
        held = (*held, Branch(run.spec.choices))
        if len(held) > MOST_BRANCHES:  # the oldest that nobody named gives way, else the oldest
            others = [branch for branch in held if branch.choices not in ((), run.spec.choices)]
            gone = next((branch for branch in others if not branch.name), others[0])
            held = tuple(branch for branch in held if branch is not gone)
        _keep(run.spec, held)
    return held


def _held(run: Run) -> tuple[Branch, ...]:
    """From the session where it is about this text, at first from the link."""
    if "branches" not in st.session_state:
        found = read(st.query_params.get("branches", ""))
        size = run.lm.config.vocab_size
        known = tuple(branch for branch in found if all(token < size for _, token in branch.choices))
        st.session_state["branches"] = (_about(run.spec), known)
    about, held = st.session_state["branches"]
    return tuple(held) if about == _about(run.spec) else ()


def _keep(spec: RunSpec, branches: Sequence[Branch]) -> None:
    st.session_state["branches"] = (_about(spec), tuple(branches))


def name(run: Run, text: str) -> None:
    """Names the branch on screen; what would not survive a link is left out of the name."""
    clean = " ".join(text.replace(BETWEEN, " ").replace(AFTER_NAME, " ").split())[:LONGEST_NAME]
    here = run.spec.choices
    _keep(run.spec, [replace(b, name=clean) if b.choices == here else b for b in kept(run)])


def prune(run: Run) -> None:
    """Takes the branch on screen away and goes to the one that stands before it."""
    held = kept(run)
    at = next(n for n, branch in enumerate(held) if branch.choices == run.spec.choices)
    rest = [*held[:at], *held[at + 1 :]]
    if rest:
        _keep(run.spec, rest)
        state_choices.choose(rest[max(0, at - 1)].choices)


def switch(branch: Branch, step: int | None = None) -> None:
    """Shows another branch, at a step of it."""
    state_choices.choose(branch.choices)
    if step is not None:
        st.session_state["step"] = step


def link(run: Run) -> int:
    """Puts the branches into the address, as many as its bound on choices allows; how many are
    left out."""
    room = MOST_CHOICES - len(run.spec.choices)
    taken = list[Branch]()
    branches = kept(run)
    for branch in sorted(branches, key=lambda branch: (not branch.name, len(branch.choices))):
        cost = 0 if branch.choices == run.spec.choices else len(branch.choices)
        if cost <= room:
            room -= cost
            taken.append(branch)
    alone = len(branches) == 1 and not branches[0].name
    address.link("branches", "" if alone else write([branch for branch in branches if branch in taken]))
    return sum(branch not in taken for branch in branches)


def write(branches: Sequence[Branch]) -> str:
    """Branches as they stand in an address: "name~2:345,5:17;3:12"."""
    return BETWEEN.join(f"{b.name}{AFTER_NAME if b.name else ''}{write_choices(b.choices) or '-'}" for b in branches)


def read(text: str) -> tuple[Branch, ...]:
    """Branches from an address; parts that are none are left out."""
    found: dict[Choices, Branch] = {}
    for part in text.split(BETWEEN)[:MOST_BRANCHES] if text else []:
        called, mark, rest = part.rpartition(AFTER_NAME)
        choices = read_choices(rest)
        if choices or rest == "-":
            found.setdefault(choices, Branch(choices, called[:LONGEST_NAME] if mark else ""))
    return tuple(found.values())


def _about(spec: RunSpec) -> tuple[str, str, str | None, tuple[int, ...]]:
    return spec.model, spec.text, spec.pair, spec.masks
