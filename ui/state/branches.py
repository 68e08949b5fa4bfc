"""The branches of one text, which are the continuations a person has tried: kept side by side, named, pruned, and linked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ui.runs.store import Run, RunSpec
from ui.state import choices
from ui.state.choices import MOST_CHOICES, PlacedTokens, read_choices, write_choices
from ui.state.linked import Linked, Owned
from ui.state.shown_step import show_step

MOST_BRANCHES = 12
LONGEST_NAME = 24
BETWEEN, AFTER_NAME = ";", "~"


@dataclass(frozen=True)
class Branch:
    """One continuation: the tokens a person chose in it. Without any it is the model's own."""

    tokens: PlacedTokens = ()
    name: str = ""


def write(branches: Sequence[Branch]) -> str:
    """Branches as they stand in an address: "name~2:345,5:17;3:12"."""
    return BETWEEN.join(f"{b.name}{AFTER_NAME if b.name else ''}{write_choices(b.tokens) or '-'}" for b in branches)


def read(text: str) -> tuple[Branch, ...]:
    """Branches from an address; parts that are none are left out."""
    found: dict[PlacedTokens, Branch] = {}
    for part in text.split(BETWEEN)[:MOST_BRANCHES] if text else []:
        called, mark, rest = part.rpartition(AFTER_NAME)
        tokens = read_choices(rest)
        if tokens or rest == "-":
            found.setdefault(tokens, Branch(tokens, called[:LONGEST_NAME] if mark else ""))
    return tuple(found.values())


BRANCHES = Owned(Linked[tuple[Branch, ...]]("branches", (), read, write))


def kept(run: Run, here: PlacedTokens) -> tuple[Branch, ...]:
    """The branches of this text, in the order in which they were first seen; `here` are the tokens of the one on screen."""
    size = run.lm.config.vocab_size
    held = tuple(branch for branch in BRANCHES.get(_owner(run.spec)) if all(token < size for _, token in branch.tokens))
    if all(branch.tokens != here for branch in held):
        held = (*held, Branch(here))
        if len(held) > MOST_BRANCHES:  # the oldest without a name is dropped, else the oldest
            others = [branch for branch in held if branch.tokens not in ((), here)]
            gone = next((branch for branch in others if not branch.name), others[0])
            held = tuple(branch for branch in held if branch is not gone)
        BRANCHES.set(_owner(run.spec), held)
    return held


def name(run: Run, here: PlacedTokens, text: str) -> None:
    """Names the branch on screen; characters that separate branches in a link are left out of the name."""
    clean = " ".join(text.replace(BETWEEN, " ").replace(AFTER_NAME, " ").split())[:LONGEST_NAME]
    named = (replace(branch, name=clean) if branch.tokens == here else branch for branch in kept(run, here))
    BRANCHES.set(_owner(run.spec), tuple(named))


def prune(run: Run, here: PlacedTokens) -> None:
    """Removes the branch on screen and shows the one before it."""
    held = kept(run, here)
    at = next(n for n, branch in enumerate(held) if branch.tokens == here)
    rest = (*held[:at], *held[at + 1 :])
    if rest:
        BRANCHES.set(_owner(run.spec), rest)
        choices.choose(rest[max(0, at - 1)].tokens)


def switch(branch: Branch, step: int) -> None:
    """Shows another branch, at a step of it."""
    choices.choose(branch.tokens)
    show_step(step)


def link(run: Run, here: PlacedTokens) -> int:
    """Writes the branches into the address, as many as its bound on choices allows. Returns how many are left out."""
    room = MOST_CHOICES - len(here)
    taken = list[Branch]()
    branches = kept(run, here)
    for branch in sorted(branches, key=lambda branch: (not branch.name, len(branch.tokens))):
        cost = 0 if branch.tokens == here else len(branch.tokens)
        if cost <= room:
            room -= cost
            taken.append(branch)
    alone = len(branches) == 1 and not branches[0].name
    BRANCHES.link(() if alone else tuple(branch for branch in branches if branch in taken))
    return sum(branch not in taken for branch in branches)


def _owner(spec: RunSpec) -> tuple[str, str, str | None, tuple[int, ...]]:
    return spec.model, spec.text, spec.pair, spec.masks
