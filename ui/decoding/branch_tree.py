"""The branches of a text as one tree: as a figure, as CSV and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.decoding.timeline import certainty
from ui.figures import theme
from ui.runs.store import Run
from ui.state import branches
from ui.state.branches import Branch
from viz.branches import Twig, branch_tree
from viz.export import table_csv
from viz.percent import format_percent


@dataclass(frozen=True, eq=False)
class Limb:
    """A branch in the tree."""

    branch: Branch
    run: Run
    start: int  # how many tokens it shares with its parent
    parent: int | None  # which of the branches before it, the one that shares most

    def probability(self, step: int) -> float:
        """The probability of the token of a step, in the full softmax."""
        read = certainty(self.run)
        return float(read.probability[len(read.came) - len(self.run.steps) + step])

    @property
    def bits(self) -> float:
        """Minus the base-2 logarithm of the probability of the whole generated text."""
        read = certainty(self.run)
        return float(read.surprisal[len(read.came) - len(self.run.steps) :].double().sum())


def common(one: Run, other: Run) -> int:
    """The number of first tokens that two runs share."""
    pairs = zip(one.steps, other.steps, strict=False)
    return next(
        (n for n, (a, b) in enumerate(pairs) if a.token.id != b.token.id), min(len(one.steps), len(other.steps))
    )


def tree_of(held: Sequence[Branch], every: Sequence[Run]) -> list[Limb]:
    """Branches and their runs as a tree. The parent of a branch is the earlier one with which it shares most tokens."""
    limbs = list[Limb]()
    for branch, run in zip(held, every, strict=True):
        shared = [common(run, limb.run) for limb in limbs]
        most = max(shared, default=0)
        limbs.append(Limb(branch, run, most, shared.index(most) if shared else None))
    return limbs


def draw_tree(run: Run, at: int, limbs: Sequence[Limb], names: Sequence[str]) -> None:
    """The tree as a figure; a click on a token shows its branch at that step."""
    twigs = [twig(run, limb, name) for limb, name in zip(limbs, names, strict=True)]
    fig = branch_tree(twigs, theme=theme.current(), step=at)
    figures.head(
        fig,
        key="branches_picture",
        heading="All futures of this text",
        explained="A row for each branch, beginning where it leaves an earlier one; there both tokens carry their probability "
        "in the full softmax, and ✎ marks your choice. At the end the branch's name and how improbable its whole text is: minus "
        "the base-2 logarithm of its probability. The dotted line is the step on screen. Click a token to go there.",
        filename="branch-tree",
        csv=lambda: as_csv(limbs, names),
    )
    with st.container(key="branch_scroll"):
        figures.chart(fig, key="branches_picture", filename="branch-tree", fill=False)

    def jump(point: PointEvent) -> None:
        place = point.customdata
        step, row = (place[0], place[1]) if isinstance(place, list) and len(place) == 2 else (None, None)
        if isinstance(step, int) and isinstance(row, int) and 0 <= row < len(limbs):
            branches.switch(limbs[row].branch, max(0, min(step, len(limbs[row].run.steps) - 1)))

    plotly_bridge("branches_picture", key="branches_picture_bridge", on_point=jump)


def twig(run: Run, limb: Limb, name: str) -> Twig:
    """The input of the figure for one branch."""
    own = limb.run.steps[limb.start :]
    chosen = {step for step, _ in limb.branch.tokens}
    return Twig(
        name,
        f"{limb.bits:.1f} bits",
        limb.start,
        limb.parent,
        [step.token.label for step in own],
        [format_percent(limb.probability(step.index)) for step in own],
        [step.index in chosen for step in own],
        limb.run.steps[-1].ended == "end",
        limb.branch.tokens == run.spec.choices,
    )


def as_csv(limbs: Sequence[Limb], names: Sequence[str]) -> str:
    """A row for each token that a branch does not share with its parent."""
    rows = [(n, limb, step) for n, limb in enumerate(limbs) for step in limb.run.steps[limb.start :]]
    return table_csv(
        {
            "branch": [n for n, _, _ in rows],
            "name": [names[n] for n, _, _ in rows],
            "leaves_branch": ["" if limb.parent is None else str(limb.parent) for _, limb, _ in rows],
            "step": [step.index for _, _, step in rows],
            "id": [step.token.id for _, _, step in rows],
            "token": [step.token.label for _, _, step in rows],
            "probability": [limb.probability(step.index) for _, limb, step in rows],
        }
    )


def as_document(limbs: Sequence[Limb], here: Run) -> list[dict[str, object]]:
    """The tree for JSON: each branch with its parent, and the tokens that it does not share with it."""
    return [
        {
            "name": limb.branch.name,
            "on_screen": limb.branch.tokens == here.spec.choices,
            "leaves_branch": limb.parent,
            "at_step": limb.start if limb.parent is not None else None,
            "choices": [
                {"step": step, "id": token, "token": limb.run.lm.token(token).label}
                for step, token in limb.branch.tokens
            ],
            "written": limb.run.lm.text([step.token.id for step in limb.run.steps]),
            "log2_probability": -limb.bits if math.isfinite(limb.bits) else None,
            "own_tokens": [
                {
                    "step": step.index,
                    "id": step.token.id,
                    "token": step.token.label,
                    "probability": limb.probability(step.index),
                }
                for step in limb.run.steps[limb.start :]
            ],
        }
        for limb in limbs
    ]
