"""Speculative decoding with a text as the draft: tokens that are likely to come are read ahead, in one pass.

The draft proposes and the strategy decides, so the generated text does not depend on it (Leviathan et al. 2023, "Fast Inference
from Transformers via Speculative Decoding"; a text as the draft: prompt lookup decoding, Saxena 2023).
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

from model.decoding.finite import check_finite
from model.network import Past, advance
from model.pretrained import Pretrained
from model.recording import Recording, row_axis
from model.tap import SITES, Edit, Place, Site, Tap

MOST_AHEAD = 16
"""Tokens read ahead in one pass. In a large model, more would cost as much as they save."""


class Row(NamedTuple):
    """The result of reading one token."""

    final: Tensor  # (d_model,), what the output head reads
    logits: Tensor  # (vocab,)
    cache: Past  # after this token


class ReadAhead(NamedTuple):
    """A token read ahead: its id, its row, and the rows recorded for it."""

    id: int
    row: Row
    recorded: Recording


@dataclass
class Draft:
    """The ids a decode is expected to generate. After an unexpected token, the draft continues behind its next occurrence."""

    ids: Sequence[int]
    at: int = 0  # the index of the id expected next

    def follow(self, generated: int) -> bool:
        """Moves behind the next occurrence of the id `generated`; False where the rest of the draft has none."""
        try:
            self.at = self.ids.index(generated, self.at) + 1
        except ValueError:
            return False
        return True

    def ahead(self, most: int, ends: Collection[int]) -> list[int]:
        """The ids expected next: at most `most`, up to the first end token, which is never read."""
        rest = list(self.ids[self.at : self.at + max(most, 0)])
        return rest[: next((i for i, id in enumerate(rest) if id in ends), len(rest))]


class Reader:
    """Reads the tokens of a decode, and reads ahead where a draft says what is likely to come. Owned by one decode."""

    def __init__(
        self, lm: Pretrained, recording: Recording, edits: tuple[Edit, ...], ends: Collection[int], draft: Draft
    ) -> None:
        self.lm, self.recording, self.edits, self.ends, self.draft = lm, recording, edits, ends, draft
        self.tap = Tap(recording, edits)
        self.waiting: deque[ReadAhead] = deque()

    def read(self, fresh: Sequence[int], cache: Past, memory: Tensor | None, most: int) -> Row:
        """The row of the last id of `fresh`; `most` tokens may still be generated after the next one.

        To be called in inference mode, with `recording.step` at the current step.
        """
        if self.waiting and [self.waiting[0].id] == list(fresh):
            self.draft.at += 1
            return self._taken(self.waiting.popleft())
        self.waiting.clear()
        positions = self.lm.config.max_positions
        room = most if positions is None else min(most, positions - cache.length - len(fresh))
        follows = not cache.length or self.draft.follow(fresh[-1])
        guess = self.draft.ahead(min(room, MOST_AHEAD), self.ends) if follows else []
        if not guess:
            stream, longer = self._pass(fresh, cache, memory, self.tap)
            check_finite(self.lm, stream[0, -1], self.recording)
            return Row(stream[0, -1], self.lm.logits(stream[0, -1]), longer)
        self.waiting.extend(self._rows(fresh, guess, cache, memory))
        return self._taken(self.waiting.popleft())

    def _pass(self, ids: Sequence[int], cache: Past, memory: Tensor | None, tap: Tap) -> tuple[Tensor, Past]:
        batch = torch.tensor([list(ids)], dtype=torch.long, device=self.lm.device)
        return advance(self.lm.net, batch, cache, memory, tap=tap)

    def _rows(self, fresh: Sequence[int], guess: list[int], cache: Past, memory: Tensor | None) -> Iterator[ReadAhead]:
        """The rows of one pass over both: one for the last id of `fresh`, and one for each id of `guess`."""
        whole = Recording()
        stream, longer = self._pass([*fresh, *guess], cache, memory, Tap(whole, self.edits))
        finals = stream[0, len(fresh) - 1 :]
        check_finite(self.lm, finals[0], self.recording, whole)
        logits = self.lm.logits(finals)
        sizes = [len(fresh), *[1] * len(guess)]
        parts = [Recording() for _ in sizes]
        for (place, site), [chunk] in whole.chunks.items():
            for part, rows in zip(parts, _apart(place, site, chunk.x, sizes, cache.length), strict=False):
                part.keep(place, site, rows)
        for i, (id, part) in enumerate(zip([fresh[-1], *guess], parts, strict=True)):
            yield ReadAhead(id, Row(finals[i], logits[i], longer.first(cache.length + len(fresh) + i)), part)

    def _taken(self, waiting: ReadAhead) -> Row:
        """The row of a token that was now generated; the rows recorded for it become part of the decode's recording."""
        for (place, site), [chunk] in waiting.recorded.chunks.items():
            self.recording.keep(
                place, site, chunk.x.clone()
            )  # a copy: it does not hold the rows of other tokens in memory
        final, logits, cache = waiting.row
        return Row(final.clone(), logits, cache)


def _apart(place: Place, site: Site, x: Tensor, sizes: list[int], before: int) -> Sequence[Tensor]:
    """A tensor recorded in one pass, cut into what separate passes over `sizes` tokens each would have recorded.

    Cross-attention's keys and values belong to the first pass. Scores and weights of self-attention have a column for each
    token read by then; `before` tokens were read earlier.
    """
    axes = SITES[site].axes
    if place.part == "cross" and "query" not in axes and "time" not in axes:
        return [x]
    rows = x.split(sizes, dim=row_axis(site))
    if place.part != "self" or "key" not in axes or "query" not in axes:
        return rows
    return [part[..., : before + seen] for part, seen in zip(rows, accumulate(sizes), strict=True)]
