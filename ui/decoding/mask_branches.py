"""The branches of a text with masks, side by side: one for each set of tokens that a person put there."""

from collections.abc import Callable

from analysis.divergence import Divergence, mask_divergence
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding.branches import draw_divergence, draw_heads_apart, draw_tools, pick_other, title
from ui.decoding.filled_masks import Filled, MaskTokens, run_after
from ui.figures import array, tokens
from ui.runs.on_demand import kept
from ui.runs.store import Run
from ui.state import branches
from ui.state.branches import Branch
from viz.divergence import pair_labels
from viz.percent import format_percent

Fill = Callable[[MaskTokens], list[Filled]]  # all masks filled, with some tokens given
TOKENS_BESIDE = 1  # shown on either side of a mask


def draw_rows(run: Run, chosen: MaskTokens, fill: Fill, at: int) -> tuple[Branch, ...]:
    """A row for each branch, nothing where there is only one. A click shows that branch. Returns all branches."""
    held = branches.kept(run, chosen)
    left_out = branches.link(run, chosen)
    if len(held) < 2:
        return held
    strips, places = [], list[list[int | None]]()
    for branch in held:
        mine = branch.tokens == chosen
        every = fill(branch.tokens)
        chips, leads_to = row(run, every, every[at].at if mine else None)
        name = title(run, branch)
        strips.append(Strip(f"▸ {name}" if mine else name, chips))
        places.append(leads_to)

    def switched(event: ChipEvent) -> None:
        branches.switch(held[event.row], places[event.row][event.index] or 0)

    token_strip(strips, key="fill_branches", label="Futures", on_token=switched)
    draw_tools(run, held, chosen, left_out)
    return held


def chip(fill: Filled, *, current: bool) -> Chip:
    """A mask filled: its token, how probable it was, and whether a person chose it."""
    note = format_percent(fill.probability) + (" ✎" if fill.by_person else "")
    return tokens.chip(fill.token, note=note, current=current, following=current)


def row(run: Run, every: list[Filled], current: int | None) -> tuple[list[Chip], list[int | None]]:
    """The filled tokens of a branch with the tokens beside them; and for each chip the turn in which it was filled, or None."""
    turns = {fill.at: turn for turn, fill in enumerate(every)}
    near = sorted(
        {at + by for at in turns for by in range(-TOKENS_BESIDE, TOKENS_BESIDE + 1) if 0 <= at + by < len(run.source)},
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


def draw_comparison(run: Run, chosen: MaskTokens, held: tuple[Branch, ...], fill: Fill, at: int) -> None:
    """The branch on screen beside another: how far apart their probabilities and their attention are at each mask."""
    others = [branch for branch in held if branch.tokens != chosen]
    if not others:
        return
    other = pick_other(run, others)
    mine, theirs = fill(chosen), fill(other.tokens)
    by_place = [{one.at: one for one in every} for every in (mine, theirs)]
    places = sorted(by_place[0])

    def make() -> Divergence:
        return mask_divergence(
            *({place: run_after(run, one[place].before).trace for place in places} for one in by_place)
        )

    key = ("parted", *(tuple((one.at, one.token.id) for one in every) for every in (mine, theirs)))
    found = kept(run, key, Divergence, make)
    labels = pair_labels(*([one[place].token.label for place in places] for one in by_place))
    apart = array(found.attention)
    draw_divergence(array(found.divergence), apart, labels, places.index(mine[at].at), "mask")
    draw_heads_apart(apart, labels)
