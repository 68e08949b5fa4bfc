"""The futures of a text with masks: one for each set of tokens that a person put there, side by side."""

from collections.abc import Callable
from dataclasses import replace

from analysis.divergence import Divergence, mask_divergence
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import branches as decoding_branches
from ui.decoding.filled_masks import Done, Filled, run_after
from ui.figures import array, tokens
from ui.runs.on_demand import kept
from ui.runs.runner import Run
from ui.state import branches
from ui.state.branches import Branch
from viz.divergence import pair_labels
from viz.percent import format_percent

Fill = Callable[[Done], list[Filled]]  # all masks filled, with some tokens given
BESIDE = 1  # tokens shown on either side of a mask


def as_branch(run: Run, told: Done) -> Run:
    """A run as the branches know it: by what was chosen."""
    return replace(run, spec=replace(run.spec, choices=told))


def rows(run: Run, told: Done, fill: Fill, at: int) -> tuple[Branch, ...]:
    """A row for each future, nothing where there is one; a click shows that one. Returns all of them."""
    here = as_branch(run, told)
    held = branches.kept(here)
    left_out = branches.link(here)
    if len(held) < 2:
        return held
    strips, places = [], list[list[int | None]]()
    for branch in held:
        mine = branch.choices == told
        every = fill(branch.choices)
        chips, leads_to = row(run, every, every[at].at if mine else None)
        name = decoding_branches.title(here, branch)
        strips.append(Strip(f"▸ {name}" if mine else name, chips))
        places.append(leads_to)

    def switched(event: ChipEvent) -> None:
        branches.switch(held[event.row], places[event.row][event.index] or 0)

    token_strip(strips, key="fill_branches", label="Futures", on_token=switched)
    decoding_branches.tend(here, held, left_out)
    return held


def chip(fill: Filled, *, current: bool) -> Chip:
    """A mask filled: its token, how probable it was, and whether a person chose it."""
    note = format_percent(fill.probability) + (" ✎" if fill.said else "")
    return tokens.chip(fill.token, note=note, current=current, following=current)


def row(run: Run, every: list[Filled], current: int | None) -> tuple[list[Chip], list[int | None]]:
    """The filled tokens of a future and what stands beside them; and for each chip the turn in which it was filled."""
    turns = {fill.at: turn for turn, fill in enumerate(every)}
    near = sorted(
        {at + by for at in turns for by in range(-BESIDE, BESIDE + 1) if 0 <= at + by < len(run.source)},
    )
    chips, leads_to, last = list[Chip](), list[int | None](), -1
    for at in near:
        if at > last + 1:
            chips.append(Chip("⋯", special=True))
            leads_to.append(None)
        turn = turns.get(at)
        chips.append(tokens.chip(run.source[at]) if turn is None else chip(every[turn], current=at == current))
        leads_to.append(turn)
        last = at
    return chips, leads_to


def compare(run: Run, told: Done, held: tuple[Branch, ...], fill: Fill, at: int) -> None:
    """The future on screen beside another: where what they expected and what they looked at part, mask by mask."""
    others = [branch for branch in held if branch.choices != told]
    if not others:
        return
    other = decoding_branches.pick_other(as_branch(run, told), others)
    mine, theirs = fill(told), fill(other.choices)
    by_place = [{one.at: one for one in every} for every in (mine, theirs)]
    places = sorted(by_place[0])

    def make() -> Divergence:
        return mask_divergence(
            *({place: run_after(run, one[place].done).trace for place in places} for one in by_place)
        )

    key = ("parted", *(tuple((one.at, one.token.id) for one in every) for every in (mine, theirs)))
    found = kept(run, key, Divergence, make)
    labels = pair_labels(*([one[place].token.label for place in places] for one in by_place))
    apart = array(found.attention)
    decoding_branches.parting_figure(array(found.divergence), apart, labels, places.index(mine[at].at), "mask")
    decoding_branches.apart_figure(apart, labels)
