"""Branches on screen: a row for each future, switching, naming, pruning, and two of them side by side."""

from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from analysis.divergence import Divergence, decode_divergence
from model.errors import InputError
from ui import figures
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import attention as decoding_attention
from ui.decoding import branch_tree, page
from ui.figures import Matrix, array, markdown, theme
from ui.maps import attention
from ui.runs import runner
from ui.runs.runner import Run
from ui.state import address, branches, choices
from ui.state.branches import Branch
from viz.divergence import divergence_lines, heads_apart, pair_labels
from viz.export import matrix_csv, table_csv

ROWS_AT_ONCE = 64  # heads
_PARTED: WeakKeyDictionary[Run, WeakKeyDictionary[Run, Divergence]] = WeakKeyDictionary()


def parted(run: Run, other: Run) -> Divergence:
    """Where two branches part, worked out once for both: every step of the page asks for it."""
    held = _PARTED.setdefault(run, WeakKeyDictionary())
    if other not in held:
        held[other] = decode_divergence(run.steps, other.steps, attention.PARTS[decoding_attention.part_read(run)][1])
    return held[other]


def run_of(run: Run, branch: Branch) -> Run:
    """A branch's own run: in the store, or written on from a run of the same text."""
    return runner.get(replace(run.spec, choices=branch.choices))


def title(run: Run, branch: Branch) -> str:
    """What a branch is called: by its name, or by what was chosen last."""
    if branch.name:
        return branch.name
    if not branch.choices:
        return "the model's own"
    step, token = branch.choices[-1]
    return f"{run.lm.token(token).label} at {step}"


def tree(run: Run, at: int) -> list[branch_tree.Limb]:
    """A row for each branch, beginning where it leaves an earlier one. A click shows that branch at that step.

    Returns the tree; nothing where there is one branch.
    """
    held = branches.kept(run)
    left_out = branches.link(run)
    if len(held) < 2:
        return []
    limbs = branch_tree.grown(held, [run_of(run, branch) for branch in held])
    rows, shown = [], []
    for limb in limbs:
        here = limb.branch.choices == run.spec.choices
        chips, steps = limb_chips(limb, at, here=here)
        rows.append(Strip(f"▸ {title(run, limb.branch)}" if here else title(run, limb.branch), chips))
        shown.append(steps)

    def jump(event: ChipEvent) -> None:
        branches.switch(held[event.row], shown[event.row][event.index])

    token_strip(rows, key="branch_tree", label="Branches", on_token=jump)
    tend(run, held, left_out)
    return limbs


def limb_chips(limb: branch_tree.Limb, at: int, *, here: bool) -> tuple[list[Chip], list[int]]:
    """A branch's own tokens around step `at`, and the step that each chip leads to."""
    one, window = limb.run, page.WINDOW
    end = min(len(one.steps), max(at, limb.start) + window)
    begin = max(limb.start, min(at - window, end - window))
    chips = [page.chip(one, index, current=here and index == at) for index in range(begin, end)]
    steps = list(range(begin, end))
    if begin > limb.start:
        chips, steps = [page.more(begin - limb.start, "before"), *chips], [begin - 1, *steps]
    if limb.start:
        shared = Chip(f"⋯ {limb.start} shared", title="The same tokens as in a branch above", special=True)
        chips, steps = [shared, *chips], [limb.start - 1, *steps]
    if end < len(one.steps):
        chips, steps = [*chips, page.more(len(one.steps) - end, "more")], [*steps, end]
    return chips, steps


def tend(run: Run, held: tuple[Branch, ...], left_out: int) -> None:
    """Name, prune, and what the link does not hold."""
    here = next(branch for branch in held if branch.choices == run.spec.choices)
    st.session_state["branch_name"] = here.name
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Name of this branch",
            key="branch_name",
            placeholder="name this branch",
            max_chars=branches.LONGEST_NAME,
            label_visibility="collapsed",
            width=190,
            on_change=lambda: branches.name(run, str(st.session_state.get("branch_name") or "")),
        )
        st.button(
            "Prune it",
            key="prune",
            type="tertiary",
            on_click=branches.prune,
            args=(run,),
            help="Takes the branch on screen away. The others stay.",
        )
        if left_out:
            many = "branch is" if left_out == 1 else "branches are"
            st.caption(
                f"{left_out} {many} not in the link: it holds {choices.MOST_CHOICES} chosen tokens.", width="content"
            )


def compare(run: Run, at: int) -> None:
    """The branch on screen beside another: where their probabilities and their attention part."""
    held = branches.kept(run)
    others = [branch for branch in held if branch.choices != run.spec.choices]
    if not others:
        st.info(
            "There is one future so far. Click another candidate, or type a token: both futures stay, to be compared here."
        )
        return
    other = run_of(run, pick_other(run, others))
    try:
        side_by_side(run, other, at)
    except InputError as error:
        st.info(markdown.sentence(str(error)))


def pick_other(run: Run, others: list[Branch]) -> Branch:
    """Which of the other branches is compared."""
    options = [branches.write([branch]) for branch in others]
    address.keep_among("compare_with", options, options[0])
    picked = st.selectbox(
        "Compare with",
        options,
        key="compare_with",
        format_func=lambda code: title(run, others[options.index(code)]) if code in options else code,
        width=300,
    )
    return others[options.index(picked)] if picked in options else others[0]


def side_by_side(run: Run, other: Run, at: int) -> None:
    """Both texts, and the distance between them step by step."""
    found = parted(run, other)
    labels = pair_labels(*([step.token.label for step in one.steps] for one in (run, other)))
    divergence, apart = array(found.divergence), array(found.attention)
    rows = [Strip(name, around(one, at)) for name, one in (("this", run), ("the other", other))]
    token_strip(rows, key="two_branches", label="Two branches", clickable=False)
    parting_figure(divergence, apart, labels, at, "step")


def parting_figure(divergence: Matrix, apart: Matrix, labels: list[str], at: int, what: str) -> None:
    """How far apart two futures are, place by place; `what` names a place."""
    fig = divergence_lines(divergence, apart.mean(axis=(0, 1)), labels, theme=theme.current(), step=at, width=560)
    figures.place(
        fig,
        key="parting",
        heading="Where they part",
        explained="Jensen-Shannon divergence of the two softmaxes (Lin 1991): 0 bits where they expect the same, 1 where they have "
        "no token in common. And the share of attention that lies elsewhere (total variation), the mean of all heads.",
        filename="parting",
        csv=lambda: table_csv(
            {
                what: list(range(len(labels))),
                "token": labels,
                "divergence_bits": [float(v) for v in divergence],
                "attention_elsewhere": [float(v) for v in apart.mean(axis=(0, 1))],
            }
        ),
    )


def around(one: Run, at: int) -> list[Chip]:
    """The tokens of a branch around a step."""
    begin, end = max(0, at + 1 - page.WINDOW), min(len(one.steps), at + 1 + page.WINDOW)
    chips = [page.chip(one, n, current=n == at) for n in range(begin, end)]
    before = [page.more(begin, "before")] if begin else []
    return [*before, *chips, *([page.more(len(one.steps) - end, "more")] if end < len(one.steps) else [])]


def below(run: Run, at: int, limbs: list[branch_tree.Limb]) -> None:
    """All branches as a tree, and the comparison of two head by head."""
    if limbs:
        branch_tree.picture(run, at, limbs, [title(run, limb.branch) for limb in limbs])
    every_head(run)


def every_head(run: Run) -> None:
    """The comparison head by head."""
    held = branches.kept(run)
    others = {branches.write([b]): b for b in held if b.choices != run.spec.choices}
    picked = st.session_state.get("compare_with")
    if not isinstance(picked, str) or picked not in others:
        return
    other = run_of(run, others[picked])
    found = parted(run, other)
    labels = pair_labels(*([step.token.label for step in one.steps] for one in (run, other)))
    apart_figure(array(found.attention), labels)


def apart_figure(apart: Matrix, labels: list[str]) -> None:
    """Two futures head by head: `apart` (layers, heads, places)."""
    names = [f"L{layer} H{head}" for layer in range(apart.shape[0]) for head in range(apart.shape[1])]
    values = apart.reshape(len(names), -1)
    order = np.sort(np.argsort(-values.max(axis=1), kind="stable")[:ROWS_AT_ONCE])
    if len(order) < len(names):
        st.caption(f"The {len(order)} heads of {len(names)} that differ most.")
    shown, kept = values[order], [names[i] for i in order]
    figures.place(
        heads_apart(shown, kept, labels, theme=theme.current()),
        key="apart",
        heading="Whose attention parts",
        explained="For each head and place, the share of its attention that lies on other tokens than in the other branch.",
        filename="attention-parting",
        csv=lambda: matrix_csv(shown, kept, labels),
    )
