"""Beam search: several unfinished texts kept side by side, and the tree of those that were dropped on the way.

The rules of `transformers`' vectorised search with `early_stopping=False`: the best candidates of a step are looked
over; those that end are scored by length and compete for the few places among the finished, the best of the others are
read on; the search stops where no unfinished text, at its present length, scores above the worst finished one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from model.decoding.loop import begin, ended_by
from model.decoding.step import Ended
from model.decoding.strategies import constrained
from model.errors import InputError
from model.network import advance, beginning

if TYPE_CHECKING:
    from model.language_model import LanguageModel
    from model.pretrained import Ids

Fate = Literal["kept", "finished", "dropped"]


@dataclass(frozen=True)
class Hypothesis:
    """One text the search ended with."""

    ids: tuple[int, ...]  # new tokens, the end token included
    text: str
    score: float  # summed log-probability / len(ids) ** length_penalty
    ended: Ended
    log_probabilities: tuple[float, ...]  # natural, one per new token, after constraints


@dataclass(frozen=True)
class Candidate:
    """One continuation that a step looked at."""

    ids: tuple[int, ...]  # all new tokens, this one last
    beam: int  # the row it continues: its place among the candidates the step before kept, from 0
    log_probability: float  # of its last token
    total: float  # summed over ids
    fate: Fate  # kept: read on; finished: scored and, at that step, among the best; dropped: gone


@dataclass(frozen=True)
class BeamHistory:
    """A search from beginning to end."""

    hypotheses: tuple[Hypothesis, ...]  # best first, at most `beams`
    steps: tuple[tuple[Candidate, ...], ...]  # what each step looked at, best first


@dataclass(frozen=True)
class _Beam:
    """An unfinished text, or a continuation of one."""

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    total: float
    parent: int


def beam_search(
    lm: "LanguageModel",
    x: "str | Ids",
    *,
    target: "str | Ids | None" = None,
    beams: int = 4,
    length_penalty: float = 1.0,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
) -> list[Hypothesis]:
    """The texts found, best first, at most `beams`. x, target and stop as in `decode`; one beam is greedy decoding.

    A score is the summed log-probability over the number of new tokens (the end token is one) to the power
    `length_penalty` (Wu et al. 2016 with a plain power): above 0 longer texts gain. Raises InputError as `decode` does.
    """
    found = beam_history(
        lm,
        x,
        target=target,
        beams=beams,
        length_penalty=length_penalty,
        max_new_tokens=max_new_tokens,
        stop=stop,
    )
    return list(found.hypotheses)


def beam_history(
    lm: "LanguageModel",
    x: "str | Ids",
    *,
    target: "str | Ids | None" = None,
    beams: int = 4,
    length_penalty: float = 1.0,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
) -> BeamHistory:
    """The same search with every candidate each step looked at, and what became of it."""
    if beams < 1:
        raise InputError("beam search needs at least one beam")
    start = begin(lm, x, target, max_new_tokens)
    ends = lm.special.end if stop is None else tuple(stop)
    # Each beam has at most one continuation per end token that ends, so this many leave enough to read on.
    look_at = 1 if beams == 1 else beams * max(2, 1 + len(ends))
    read = [token.id for token in start.written]
    fresh, cache, memory = torch.tensor([read], device=lm.device), beginning(lm.net), None
    running, finished = [_Beam((), (), 0.0, 0)], list[Hypothesis]()
    steps: list[tuple[Candidate, ...]] = []
    for index in range(max_new_tokens):
        with torch.inference_mode():
            if start.source is not None and memory is None:
                memory = lm.net.encode(torch.tensor([[token.id for token in start.source]], device=lm.device))
            stream, cache = advance(lm.net, fresh, cache, memory)
            log_shares = _log_probabilities(lm, stream[:, -1], running, read, index)
        looked = _continuations(running, log_shares, look_at)
        reasons = [ended_by(lm, b.ids[-1], ends, len(read) + index, index, max_new_tokens) for b in looked]
        new = [_hypothesis(lm, b, why, length_penalty) for b, why in zip(looked[:beams], reasons, strict=False) if why]
        finished = sorted([*finished, *new], key=lambda h: -h.score)[:beams]
        running = [b for b, reason in zip(looked, reasons, strict=True) if reason is None][:beams]
        steps.append(tuple(_candidate(b, running, finished) for b in looked))
        if not running or not _can_improve(running[0], finished, beams, length_penalty):
            break
        cache = cache.select([b.parent for b in running])
        fresh = torch.tensor([[b.ids[-1]] for b in running], device=lm.device)
    return BeamHistory(tuple(finished), tuple(steps))


def _log_probabilities(
    lm: "LanguageModel", finals: Tensor, running: Sequence[_Beam], read: Sequence[int], index: int
) -> Tensor:
    """(beams, vocab): the softmax first and the constraints after it, so that what is forced costs nothing."""
    log_shares = lm.logits(finals).log_softmax(dim=-1)
    rows = zip(log_shares, running, strict=True)
    return torch.stack([constrained(row, lm.constraints, [*read, *beam.ids], index) for row, beam in rows])


def _continuations(running: Sequence[_Beam], log_shares: Tensor, most: int) -> list[_Beam]:
    """The best continuations of all beams together, best first; none that is ruled out."""
    totals = log_shares + torch.tensor([[beam.total] for beam in running], device=log_shares.device)
    best = totals.flatten().topk(min(most, totals.numel()))
    found = []
    for total, at in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        row, token = divmod(at, log_shares.shape[-1])
        if total > float("-inf"):
            here = (*running[row].log_probabilities, float(log_shares[row, token]))
            found.append(_Beam((*running[row].ids, token), here, total, row))
    return found


def _hypothesis(lm: "LanguageModel", beam: _Beam, ended: Ended, length_penalty: float) -> Hypothesis:
    score = beam.total / len(beam.ids) ** length_penalty
    return Hypothesis(beam.ids, lm.text(beam.ids), score, ended, beam.log_probabilities)


def _candidate(beam: _Beam, running: Sequence[_Beam], finished: Sequence[Hypothesis]) -> Candidate:
    fate: Fate = "dropped"
    if beam in running:
        fate = "kept"
    elif any(h.ids == beam.ids for h in finished):
        fate = "finished"
    return Candidate(beam.ids, beam.parent, beam.log_probabilities[-1], beam.total, fate)


def _can_improve(best: _Beam, finished: Sequence[Hypothesis], beams: int, length_penalty: float) -> bool:
    """Whether the best unfinished text, were it to end at its present length, would enter a full list."""
    return len(finished) < beams or best.total / len(best.ids) ** length_penalty > finished[-1].score
