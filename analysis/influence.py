"""The influence of each input token on a prediction: the norm of the gradient of the log-probability by its embedding.

The norm of d(log p)/d(embedding) says how fast the log-probability changes with a token's vector (Simonyan et al. 2014; for text
Li et al. 2016). It is defined for any differentiable model, so a recurrent model, which has no attention, can be compared with a
Transformer. Khandelwal et al. (2018) measured how influence falls with distance by removing words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.gradients import gradient_bytes
from model.errors import InputError
from model.language_model import LanguageModel
from model.network import from_embeddings

ROOM = 512 * 1024**2  # bytes for the inner tensors of one batch, unless a single row takes more
MOST_ROWS = 16  # predictions in one pass, a row of the batch each


@dataclass(frozen=True, eq=False)
class Influence:
    """The influence of each input token on each of some predictions."""

    at: tuple[int, ...]  # the position of each prediction; an encoder predicts the token masked there
    tokens: tuple[int, ...]  # the id that is predicted
    norms: Tensor  # (predictions, time) float32, nats per unit of length; 0 for tokens that the prediction cannot see

    @property
    def shares(self) -> Tensor:
        """(predictions, time): norms divided by their sum, so that models of any scale can be compared."""
        return self.norms / self.norms.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(self.norms.dtype).tiny)


@dataclass(frozen=True, eq=False)
class ByDistance:
    """A quantity at each distance back from the prediction, averaged over predictions."""

    mean: Tensor  # (distances,), from 0, the last token read
    predictions: int  # the number of predictions in each mean


def influence(
    lm: LanguageModel,
    ids: Sequence[int],
    *,
    at: Sequence[int] | None = None,
    source: Sequence[int] | None = None,
    seen: Callable[[float], object] = lambda share: None,
) -> Influence:
    """The influence of every token of `ids` on the predictions at some positions (None: at all of them).

    The predicted id is the next one in `ids`, or at the end the most probable one. An encoder predicts the token at the
    position itself, behind a mask, or the most probable token where `ids` has a mask. `source` is the encoder's input of an
    encoder-decoder. `seen` is called after each pass with the share that is done; an error it raises ends the work.
    Raises InputError for a model without an output head, ids or positions out of range, an encoder without a mask token.
    """
    read = lm.reading(list(ids)).ids
    places = tuple(range(len(read)) if at is None else at)
    if lm.net.head is None:
        raise InputError("this checkpoint holds no output head, so there is no prediction to be influenced")
    if lm.kind == "encoder" and lm.special.mask is None:
        raise InputError("this encoder names no mask token, so no token can be hidden and predicted")
    if (lm.kind == "encoder-decoder") != (source is not None):
        raise InputError("an encoder-decoder needs a source beside its target, and other models take none")
    if not places or min(places) < 0 or max(places) >= len(read):
        raise InputError(f"predictions are made at positions 0 to {len(read) - 1}")
    about: list[int] = []
    rows: list[Tensor] = []
    most = rows_at_once(lm, len(read), len(source or ()))
    for first in range(0, len(places), most):
        tokens, norms = _rows(lm, read, places[first : first + most], source)
        about += tokens
        rows.append(norms)
        seen(min((first + most) / len(places), 1.0))
    return Influence(places, tuple(about), torch.cat(rows))


def rows_at_once(lm: LanguageModel, time: int, source: int = 0) -> int:
    """The number of predictions in one pass, so that its tensors take at most about ROOM bytes; at least one."""
    row = gradient_bytes(lm.config, time, source) + 12 * lm.config.vocab_size
    return max(1, min(MOST_ROWS, ROOM // row))


def _rows(
    lm: LanguageModel, read: list[int], places: Sequence[int], source: Sequence[int] | None
) -> tuple[list[int], Tensor]:
    """(ids predicted, norms (rows, time)) of one batch, with a row for each prediction."""
    with torch.inference_mode(False), torch.enable_grad():
        batch = torch.tensor([read] * len(places), device=lm.device)
        rows, at = torch.arange(len(places), device=lm.device), torch.tensor(places, device=lm.device)
        if lm.kind == "encoder":
            assert lm.special.mask is not None
            batch[rows, at] = lm.special.mask
        x = lm.net.tokens(batch).detach().requires_grad_()  # (rows, time, d_model)
        memory = None
        if source is not None:
            memory = lm.net.encode(torch.tensor([list(source)] * len(places), device=lm.device))
        final = from_embeddings(lm.net, x, memory=memory)
        assert lm.net.head is not None
        logs = lm.net.head(final[rows, at]).float().log_softmax(dim=-1)  # (rows, vocab)
        about = [_predicted(lm, read, place, logs[row]) for row, place in enumerate(places)]
        total = logs[
            rows, torch.tensor(about, device=lm.device)
        ].sum()  # rows are independent, so their gradients do not mix
        (gradient,) = torch.autograd.grad(total, x)
    return about, gradient.detach().float().norm(dim=-1)


def _predicted(lm: LanguageModel, read: list[int], place: int, logs: Tensor) -> int:
    """The id that is predicted at a position."""
    if lm.kind == "encoder":
        return int(logs.argmax()) if read[place] == lm.special.mask else read[place]
    return read[place + 1] if place + 1 < len(read) else int(logs.argmax())


def by_distance(values: Tensor, at: Sequence[int], *, reach: int | None = None) -> ByDistance:
    """The mean of values (predictions, time) over the predictions at `at`, for distances 0, 1, ... `reach` - 1.

    Only predictions with a token at every one of these distances count, so that every mean is over the same predictions.
    `reach` None is half of the tokens that the last prediction sees. Raises InputError where no prediction sees `reach` tokens.
    """
    reach = (max(at) + 2) // 2 if reach is None else reach
    kept = [row for row, place in enumerate(at) if place + 1 >= reach]
    if reach < 1 or not kept:
        raise InputError(f"no prediction has {reach} tokens behind it")
    back = torch.tensor([[at[row] - distance for distance in range(reach)] for row in kept], device=values.device)
    taken = values[torch.tensor(kept, device=values.device)[:, None], back]  # (predictions, distances)
    return ByDistance(taken.mean(dim=0), len(kept))
