"""Reading ahead in a decode: tokens that will probably be written are read in one pass, and wait until they are.

A draft proposes, the strategy decides (Leviathan et al. 2023, "Fast Inference from Transformers via Speculative
Decoding"; here the draft is a text, as in prompt lookup decoding, Saxena 2023). What is written does not depend on it.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from model.network import Past, advance
from model.recording import Recording, row_axis
from model.tap import SITES, Edit, Place, Site, Tap

if TYPE_CHECKING:
    from model.language_model import LanguageModel


MOST_AHEAD = 16
"""Ids read ahead in one pass: beside a large model's single row more of them would cost as much as they save."""


class Row(NamedTuple):
    """One token read: the stream the head reads after it, its answer, and the cache as it then stands."""

    final: Tensor  # (d_model,)
    logits: Tensor  # (vocab,)
    cache: Past


class Waiting(NamedTuple):
    """A token read ahead: its id, its row, and what was recorded of it."""

    id: int
    row: Row
    recorded: Recording


@dataclass
class Draft:
    """What a decode is expected to write. Where it writes something else the draft goes on from the next place that
    has the token written."""

    ids: Sequence[int]
    at: int = 0

    def follow(self, written: int) -> bool:
        """Moves behind `written`; False where the rest of the draft does not have it."""
        try:
            self.at = self.ids.index(written, self.at) + 1
        except ValueError:
            return False
        return True

    def ahead(self, most: int, ends: Collection[int]) -> list[int]:
        """What is expected next: at most `most` ids, none of them an end, after which nothing is read."""
        rest = list(self.ids[self.at : self.at + max(most, 0)])
        return rest[: next((i for i, id in enumerate(rest) if id in ends), len(rest))]


class Reader:
    """Reads what a decode writes, and ahead of it where a draft says what will come. Owned by one decode."""

    def __init__(
        self, lm: "LanguageModel", recording: Recording, edits: tuple[Edit, ...], ends: Collection[int], draft: Draft
    ) -> None:
        self.lm, self.recording, self.edits, self.ends, self.draft = lm, recording, edits, ends, draft
        self.tap = Tap(recording, edits)
        self.waiting: deque[Waiting] = deque()

    def read(self, fresh: Sequence[int], cache: Past, memory: Tensor | None, most: int) -> Row:
        """The row of the last of `fresh`; `most` tokens may still be written.

        Call it in inference mode, with the recording at the step that reads.
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
            return Row(stream[0, -1], self.lm.logits(stream[0, -1]), longer)
        self.waiting.extend(self._rows(fresh, guess, cache, memory))
        return self._taken(self.waiting.popleft())

    def _pass(self, ids: Sequence[int], cache: Past, memory: Tensor | None, tap: Tap) -> tuple[Tensor, Past]:
        batch = torch.tensor([list(ids)], dtype=torch.long, device=self.lm.device)
        return advance(self.lm.net, batch, cache, memory, tap=tap)

    def _rows(self, fresh: Sequence[int], guess: list[int], cache: Past, memory: Tensor | None) -> Iterator[Waiting]:
        """One pass over both: a row for the last of `fresh`, and one for each id guessed."""
        whole = Recording()
        stream, longer = self._pass([*fresh, *guess], cache, memory, Tap(whole, self.edits))
        finals = stream[0, len(fresh) - 1 :]
        logits = self.lm.logits(finals)
        sizes = [len(fresh), *[1] * len(guess)]
        parts = [Recording() for _ in sizes]
        for (place, site), [chunk] in whole.chunks.items():
            for part, rows in zip(parts, _apart(place, site, chunk.x, sizes, cache.length), strict=False):
                part.keep(place, site, rows)
        for i, (id, part) in enumerate(zip([fresh[-1], *guess], parts, strict=True)):
            yield Waiting(id, Row(finals[i], logits[i], longer.first(cache.length + len(fresh) + i)), part)

    def _taken(self, waiting: Waiting) -> Row:
        """A row whose turn has come: what was recorded of it becomes part of the decode."""
        for (place, site), [chunk] in waiting.recorded.chunks.items():
            self.recording.keep(place, site, chunk.x.clone())  # rows that are never written shall not stay in memory
        final, logits, cache = waiting.row
        return Row(final.clone(), logits, cache)


def _apart(place: Place, site: Site, x: Tensor, sizes: list[int], before: int) -> Sequence[Tensor]:
    """A tensor recorded in one pass as the passes would have recorded it that read `sizes` tokens each.

    Keys and values of the encoder's answer belong to the first pass. A pattern of the stack itself has as many keys as
    had then been read; `before` were read before all of these.
    """
    axes = SITES[site].axes
    if place.part == "cross" and "query" not in axes and "time" not in axes:
        return [x]
    rows = x.split(sizes, dim=row_axis(site))
    if place.part != "self" or "key" not in axes or "query" not in axes:
        return rows
    return [part[..., : before + seen] for part, seen in zip(rows, accumulate(sizes), strict=True)]
