"""Text generation with an encoder: masks are filled one at a time, and each pass reads the tokens filled before (Wang and Cho
2019; Ghazvininejad et al. 2019, "Mask-Predict", with one token per iteration)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from model.errors import InputError
from model.language_model import LanguageModel
from model.tokenizers.tokens import Token
from model.trace import Trace

Order = Literal["certain", "left"]


@dataclass(frozen=True, eq=False)
class FilledMask:
    """One filled mask, with the run that predicted its token."""

    at: int
    token: Token
    probability: float
    left: tuple[int, ...]  # positions of all masks before it was filled, this one included
    trace: Trace  # the run of the text before it was filled

    @property
    def logits(self) -> Tensor:
        """(vocab,) at the mask."""
        return self.trace.language_model().logits(self.trace.final[self.at])


def filled_masks(
    lm: LanguageModel,
    ids: Sequence[int],
    *,
    segments: Sequence[int] | None = None,
    order: Order = "certain",
    chosen: Sequence[int] = (),
    said: Mapping[int, int] | None = None,
    read: Callable[[tuple[tuple[int, int], ...]], Trace] | None = None,
) -> list[FilledMask]:
    """Fills every mask with its most probable token other than the mask token, one pass for each mask.

    `chosen` positions are filled first, in that order. The others follow by `order`: the mask with the most probable token
    first ("certain"), or the leftmost first ("left"). `said` {position: id} gives some masks a token other than the model's own.
    `read` runs the model on `ids` with some (position, id) filled in, for a caller that keeps runs; without it the model runs here.
    Raises InputError where the model has no mask token or no output head, a chosen position has no mask, or an id in `said` is
    the mask token or not in the vocabulary.
    """
    if lm.kind != "encoder" or lm.special.mask is None or lm.net.head is None:
        raise InputError("only an encoder with a mask token and an output head fills masks")
    mask, now = lm.special.mask, list(ids)
    first, told = list(chosen), dict(said or {})
    for at, token in told.items():
        if token == mask or not 0 <= token < lm.config.vocab_size:
            raise InputError(f"token {token} cannot stand at position {at}")
    found = list[FilledMask]()
    while left := tuple(i for i, token in enumerate(now) if token == mask):
        done = tuple(sorted((fill.at, fill.token.id) for fill in found))
        trace = lm.run(now, segments=segments) if read is None else read(done)
        shares = _shares(trace, left, mask)
        at = first.pop(0) if first else left[int(shares.max(dim=-1).values.argmax())] if order == "certain" else left[0]
        if at not in left:
            raise InputError(f"there is no mask at position {at}")
        row = shares[left.index(at)]
        token = told.get(at, int(row.argmax()))
        found.append(FilledMask(at, lm.token(token), float(row[token]), left, trace))
        now[at] = token
    return found


def _shares(trace: Trace, left: Sequence[int], mask: int) -> Tensor:
    """(masks, vocab): the full softmax at each mask, with -1 for the mask token, so that it is never the best."""
    logits = trace.language_model().logits(trace.final[list(left)])
    shares = logits.softmax(dim=-1)
    return shares.index_fill(-1, torch.tensor([mask], device=shares.device), -1.0)
