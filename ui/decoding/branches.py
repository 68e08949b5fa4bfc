"""Branches on screen: a row for each, switching, naming, pruning, and two of them side by side."""

from dataclasses import replace

import numpy as np
import streamlit as st

from analysis.divergence import Divergence, decode_divergence
from model.errors import InputError
from ui import figures
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import branch_tree, page, tokens_read
from ui.figures import Matrix, array, markdown, theme
from ui.maps import attention
from ui.runs import runner
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state import address, branches
from ui.state.branches import Branch
from ui.state.choices import MOST_CHOICES, PlacedTokens
from viz.divergence import divergence_lines, heads_apart, pair_labels
from viz.export import matrix_csv, table_csv

MOST_HEADS = 64  # rows of a figure


def diverged(run: Run, other: Run) -> Divergence:
    """How far apart two branches are at each step, worked out once for both."""
    part = attention.KINDS[tokens_read.part_read(run)].part
    return kept(run, ("diverged", other.spec), Divergence, lambda: decode_divergence(run.steps, other.steps, part))


def run_of(run: Run, branch: Branch) -> Run:
    """The run of a branch: from the store, or decoded on from a run of the same text."""
    return runner.get(replace(run.spec, choices=branch.tokens))


def title(run: Run, branch: Branch) -> str:
    """The name of a branch; without one, the token that was chosen last."""
    if branch.name:
        return branch.name
    if not branch.tokens:
        return "the model's own"
    step, token = branch.tokens[-1]
    return f"{run.lm.token(token).label} at {step}"


def draw_rows(run: Run, at: int) -> list[branch_tree.Limb]:
    """A row for each branch, beginning where it leaves an earlier one. A click on a token shows that branch at that step.

    Returns the tree; an empty list where there is only one branch.
    """
    here = run.spec.choices
    held = branches.kept(run, here)
    left_out = branches.link(run, here)
    if len(held) < 2:
        return []
    limbs = branch_tree.tree_of(held, [run_of(run, branch) for branch in held])
    rows, shown = [], []
    for limb in limbs:
        on_screen = limb.branch.tokens == here
        chips, steps = limb_chips(limb, at, on_screen=on_screen)
        rows.append(Strip(f"▸ {title(run, limb.branch)}" if on_screen else title(run, limb.branch), chips))
        shown.append(steps)

    def jump(event: ChipEvent) -> None:
        branches.switch(held[event.row], shown[event.row][event.index])

    token_strip(rows, key="branch_tree", label="Branches", on_token=jump)
    draw_tools(run, held, here, left_out)
    return limbs


def limb_chips(limb: branch_tree.Limb, at: int, *, on_screen: bool) -> tuple[list[Chip], list[int]]:
    """A branch's own tokens around step `at`, and the step that each chip leads to."""
    one, window = limb.run, page.WINDOW_TOKENS
    end = min(len(one.steps), max(at, limb.start) + window)
    begin = max(limb.start, min(at - window, end - window))
    chips = [page.chip(one, index, current=on_screen and index == at) for index in range(begin, end)]
    steps = list(range(begin, end))
    if begin > limb.start:
        chips, steps = [page.more(begin - limb.start, "before"), *chips], [begin - 1, *steps]
    if limb.start:
        shared = Chip(f"⋯ {limb.start} shared", title="The same tokens as in a branch above", special=True)
        chips, steps = [shared, *chips], [limb.start - 1, *steps]
    if end < len(one.steps):
        chips, steps = [*chips, page.more(len(one.steps) - end, "more")], [*steps, end]
    return chips, steps


def draw_tools(run: Run, held: tuple[Branch, ...], here: PlacedTokens, left_out: int) -> None:
    """A field to name the branch on screen, a button to prune it, and how many branches the link does not hold."""
    st.session_state["branch_name"] = next(branch.name for branch in held if branch.tokens == here)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Name of this branch",
            key="branch_name",
            placeholder="name this branch",
            max_chars=branches.LONGEST_NAME,
            label_visibility="collapsed",
            width=190,
            on_change=lambda: branches.name(run, here, str(st.session_state.get("branch_name") or "")),
        )
        st.button(
            "Prune it",
            key="prune",
            type="tertiary",
            on_click=branches.prune,
            args=(run, here),
            help="Takes the branch on screen away. The others stay.",
        )
        if left_out:
            many = "branch is" if left_out == 1 else "branches are"
            st.caption(f"{left_out} {many} not in the link: it holds {MOST_CHOICES} chosen tokens.", width="content")


def other_branches(run: Run) -> list[Branch]:
    """All branches but the one on screen."""
    return [branch for branch in branches.kept(run, run.spec.choices) if branch.tokens != run.spec.choices]


def draw_comparison(run: Run, at: int) -> None:
    """The branch on screen beside another: how far apart their probabilities and their attention are."""
    others = other_branches(run)
    if not others:
        st.info(
            "There is one future so far. Click another candidate, or type a token: both futures stay, to be compared here."
        )
        return
    other = run_of(run, pick_other(run, others))
    try:
        draw_two(run, other, at)
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


def draw_two(run: Run, other: Run, at: int) -> None:
    """Both texts, and the distance between them step by step."""
    found = diverged(run, other)
    labels = pair_labels(*([step.token.label for step in one.steps] for one in (run, other)))
    divergence, apart = array(found.divergence), array(found.attention)
    rows = [Strip(name, around(one, at)) for name, one in (("this", run), ("the other", other))]
    token_strip(rows, key="two_branches", label="Two branches", clickable=False)
    draw_divergence(divergence, apart, labels, at, "step")


def draw_divergence(divergence: Matrix, apart: Matrix, labels: list[str], at: int, what: str) -> None:
    """How far apart two branches are, place by place; `what` is the name of a place: a step or a mask."""
    fig = divergence_lines(divergence, apart.mean(axis=(0, 1)), labels, theme=theme.current(), step=at, width=560)
    figures.place(
        fig,
        key="parting",
        heading="Where the branches differ",
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
    begin, end = max(0, at + 1 - page.WINDOW_TOKENS), min(len(one.steps), at + 1 + page.WINDOW_TOKENS)
    chips = [page.chip(one, n, current=n == at) for n in range(begin, end)]
    before = [page.more(begin, "before")] if begin else []
    return [*before, *chips, *([page.more(len(one.steps) - end, "more")] if end < len(one.steps) else [])]


def draw_below(run: Run, at: int, limbs: list[branch_tree.Limb]) -> None:
    """All branches as a tree, and the comparison of two head by head."""
    if limbs:
        branch_tree.draw_tree(run, at, limbs, [title(run, limb.branch) for limb in limbs])
    draw_every_head(run)


def draw_every_head(run: Run) -> None:
    """The comparison head by head."""
    others = {branches.write([branch]): branch for branch in other_branches(run)}
    picked = st.session_state.get("compare_with")
    if not isinstance(picked, str) or picked not in others:
        return
    other = run_of(run, others[picked])
    found = diverged(run, other)
    labels = pair_labels(*([step.token.label for step in one.steps] for one in (run, other)))
    draw_heads_apart(array(found.attention), labels)


def draw_heads_apart(apart: Matrix, labels: list[str]) -> None:
    """How far apart two branches are, head by head: `apart` is (layers, heads, places)."""
    names = [f"L{layer} H{head}" for layer in range(apart.shape[0]) for head in range(apart.shape[1])]
    values = apart.reshape(len(names), -1)
    order = np.sort(np.argsort(-values.max(axis=1), kind="stable")[:MOST_HEADS])
    if len(order) < len(names):
        st.caption(f"The {len(order)} heads of {len(names)} that differ most.")
    shown, kept = values[order], [names[i] for i in order]
    figures.place(
        heads_apart(shown, kept, labels, theme=theme.current()),
        key="apart",
        heading="Heads that differ",
        explained="For each head and place, the share of its attention that lies on other tokens than in the other branch.",
        filename="attention-parting",
        csv=lambda: matrix_csv(shown, kept, labels),
    )
