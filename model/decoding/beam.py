"""Beam search: several unfinished texts are kept side by side; the history also has the candidates that were dropped.

The rules are those of `transformers` with `early_stopping=False`. Each step takes the best candidates. Those that end get a score
that depends on their length, and the best `beams` of these are kept as finished. The best of the others are continued. The
search stops when no unfinished text would, at its present length, score above the worst finished one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.decoding.finite import check_finite
from model.decoding.rules import constrained
from model.decoding.start import DecodeStart, Ended, decode_start, limits_of
from model.errors import InputError
from model.network import advance, empty_past
from model.pretrained import Ids, Pretrained, precision_advice
from model.recording import Recording
from model.tap import Tap

Fate = Literal["kept", "finished", "dropped"]


@dataclass(frozen=True)
class Hypothesis:
    """One finished text."""

    ids: tuple[int, ...]  # new tokens, the end token included
    text: str
    score: float  # summed log-probability / len(ids) ** length_penalty
    ended: Ended
    log_probabilities: tuple[float, ...]  # natural, one per new token, after constraints


@dataclass(frozen=True)
class Candidate:
    """One continuation that a step considered."""

    ids: tuple[int, ...]  # all new tokens, this one last
    beam: int  # which it continues: its place among the candidates kept by the step before, from 0
    log_probability: float  # of its last token
    total: float  # summed over ids
    fate: Fate  # kept: continued; finished: among the best finished texts at that step; dropped: neither


@dataclass(frozen=True)
class BeamHistory:
    """A whole search."""

    hypotheses: tuple[Hypothesis, ...]  # best first, at most `beams`
    steps: tuple[tuple[Candidate, ...], ...]  # what each step considered, best first


@dataclass(frozen=True)
class _Beam:
    """An unfinished text, or a continuation of one."""

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    total: float
    parent: int


def beam_search(
    lm: Pretrained,
    x: str | Ids,
    *,
    target: str | Ids | None = None,
    beams: int = 4,
    length_penalty: float = 1.0,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
    rules_off: Sequence[str] = (),
) -> list[Hypothesis]:
    """The finished texts, best first, `beams` at most. One beam is greedy decoding; x, target, stop and
    rules_off are as in `decode`.

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
        rules_off=rules_off,
    )
    return list(found.hypotheses)


def beam_history(
    lm: Pretrained,
    x: str | Ids,
    *,
    target: str | Ids | None = None,
    beams: int = 4,
    length_penalty: float = 1.0,
    max_new_tokens: int = 64,
    stop: Sequence[int] | None = None,
    rules_off: Sequence[str] = (),
    after_step: Callable[[int], object] = lambda steps: None,
) -> BeamHistory:
    """The same search, with every candidate that each step considered and what became of it.

    `after_step` is called with the number of steps done; an error it raises ends the search.
    """
    if beams < 1:
        raise InputError("beam search needs at least one beam")
    start, limits = decode_start(lm, x, target, rules_off=rules_off), limits_of(lm, max_new_tokens, stop)
    # A beam has at most one ending continuation per end token, so this many leave enough that do not end.
    look_at = 1 if beams == 1 else beams * max(2, 1 + len(limits.end_ids))
    read = [token.id for token in start.decoder_tokens]
    fresh, cache, memory = torch.tensor([read], device=lm.device), empty_past(lm.net), None
    running, finished = [_Beam((), (), 0.0, 0)], list[Hypothesis]()
    steps: list[tuple[Candidate, ...]] = []
    for index in range(max_new_tokens):
        with torch.inference_mode():
            if start.source is not None and memory is None:
                memory = lm.net.encode(torch.tensor([[token.id for token in start.source]], device=lm.device))
            stream, cache = advance(lm.net, fresh, cache, memory)
            if not bool(stream.isfinite().all()):
                _refuse_overflow(lm, start, running)
            log_shares = _log_probabilities(lm, start, stream[:, -1], running, index)
        looked = _continuations(running, log_shares, look_at)
        reasons = [limits.ended(b.ids[-1], len(read) + index, index) for b in looked]
        new = [_hypothesis(lm, b, why, length_penalty) for b, why in zip(looked[:beams], reasons, strict=False) if why]
        finished = sorted([*finished, *new], key=lambda h: -h.score)[:beams]
        running = [b for b, reason in zip(looked, reasons, strict=True) if reason is None][:beams]
        steps.append(tuple(_candidate(b, running, finished) for b in looked))
        after_step(len(steps))
        if not running or not _can_improve(running[0], finished, beams, length_penalty):
            break
        cache = cache.select([b.parent for b in running])
        fresh = torch.tensor([[b.ids[-1]] for b in running], device=lm.device)
    return BeamHistory(tuple(finished), tuple(steps))


def _refuse_overflow(lm: Pretrained, start: DecodeStart, running: Sequence[_Beam]) -> None:
    """Raises InputError that names the layer in which the numbers of a search stopped being finite: reads its texts once more."""
    for beam in running:
        recording = Recording()
        read = torch.tensor([[*(token.id for token in start.decoder_tokens), *beam.ids]], device=lm.device)
        source = None if start.source is None else torch.tensor([start.source_ids], device=lm.device)
        final = lm.net(read, source, tap=Tap(recording))
        check_finite(lm, final, recording)
    raise InputError(f"the numbers of this search are not finite: {precision_advice(lm.dtype)}")


def _log_probabilities(
    lm: Pretrained, start: DecodeStart, finals: Tensor, running: Sequence[_Beam], index: int
) -> Tensor:
    """(beams, vocab): rules come after the softmax, as in the reference, so that a forced token has log-probability 0."""
    read, source = [token.id for token in start.decoder_tokens], start.source_ids
    log_shares = lm.logits(finals).log_softmax(dim=-1)
    rows = zip(log_shares, running, strict=True)
    return torch.stack([constrained(row, start.rules, [*read, *beam.ids], index, source) for row, beam in rows])


def _continuations(running: Sequence[_Beam], log_shares: Tensor, most: int) -> list[_Beam]:
    """The best continuations of all beams together, best first, without those that a constraint rules out."""
    totals = log_shares + torch.tensor([[beam.total] for beam in running], device=log_shares.device)
    best = totals.flatten().topk(min(most, totals.numel()))
    found = []
    for total, at in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        row, token = divmod(at, log_shares.shape[-1])
        if total > float("-inf"):
            here = (*running[row].log_probabilities, float(log_shares[row, token]))
            found.append(_Beam((*running[row].ids, token), here, total, row))
    return found


def _hypothesis(lm: Pretrained, beam: _Beam, ended: Ended, length_penalty: float) -> Hypothesis:
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
    """Whether the best unfinished text, if it ended at its present length, would be among the best `beams` finished ones."""
    return len(finished) < beams or best.total / len(best.ids) ** length_penalty > finished[-1].score
