"""Token ids as a caller gives them: one text's whole numbers, from a list or a tensor."""

from collections.abc import Sequence
from operator import index
from typing import SupportsIndex

import torch
from torch import Tensor

from model.errors import InputError


def ids_of(x: Sequence[int] | Tensor, what: str = "token ids") -> list[int]:
    """The ids of one text: of a list of whole numbers, or of a tensor (time,) or (1, time); `what` they are, in the plural.

    Raises InputError for several texts at once, and for numbers that are not whole, which would have to be rounded.
    """
    if isinstance(x, Tensor):
        return _of_tensor(x, what)
    if isinstance(x, str | bytes):
        raise InputError(f"{what} are a list of whole numbers, not a text")
    try:
        return [_whole(i, what) for i in x]
    except TypeError as error:
        raise InputError(f"{what} are a list of whole numbers, not {type(x).__name__}") from error


def _of_tensor(x: Tensor, what: str) -> list[int]:
    if x.is_floating_point() or x.is_complex() or x.dtype == torch.bool:
        kind = str(x.dtype).removeprefix("torch.")
        raise InputError(f"{what} are whole numbers, and this tensor holds {kind}")
    if x.ndim > 1 and x.shape[:-1].numel() != 1:
        raise InputError(
            f"this tensor holds the {what} of several texts, its shape is {tuple(x.shape)}: give one row at a time"
        )
    return [int(i) for i in x.flatten().tolist()]


def _whole(i: object, what: str) -> int:
    if isinstance(i, Sequence) and not isinstance(i, str | bytes):
        raise InputError(f"these are lists of {what}: give the list of one text at a time")
    if isinstance(i, bool) or not isinstance(i, SupportsIndex):
        raise InputError(f"{what} are whole numbers, not {repr(i)[:40]}")
    try:
        return index(i)
    except TypeError as error:  # a row of an array
        raise InputError(f"{what} are whole numbers, not {repr(i)[:40]}") from error
