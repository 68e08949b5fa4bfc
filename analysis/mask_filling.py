"""Writing for an encoder: its masks are filled one at a time, each fill read by the next (Wang and Cho 2019;
Ghazvininejad et al. 2019, "Mask-Predict", with one token an iteration)."""

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
    """One mask filled, with the run it was filled from."""

    at: int
    token: Token
    probability: float
    left: tuple[int, ...]  # where masks stood before it, this one included
    trace: Trace  # of the text as it stood before

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
    """Fills every mask with its most probable token that is no mask, one pass for each.

    `read` makes such a pass of `ids` with (position, id) filled in, where runs are kept; without it the model runs here.

    `chosen` are positions filled first, in that order; the others follow by `order`: the one whose token is most probable,
    or the leftmost. `said` gives masks, by position, the id of a token instead of the model's own, each in its turn. Raises
    InputError where the model has no mask token or no output head, a chosen position no mask, or what is said is no token
    that could stand there.
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
    """(masks, vocab): the full softmax at each mask; the mask token itself is no answer."""
    logits = trace.language_model().logits(trace.final[list(left)])
    shares = logits.softmax(dim=-1)
    return shares.index_fill(-1, torch.tensor([mask], device=shares.device), -1.0)
