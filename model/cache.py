"""The KV cache: keys and values of positions already read. It belongs to the decode loop, never to the model."""

import threading
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

LEAST_ROOM = 32


class _Buffer:
    """Memory for rows, shared by all `Rows` that are a prefix of it."""

    def __init__(self, room: Tensor, filled: int) -> None:
        self.room, self.filled, self.lock = room, filled, threading.Lock()


@dataclass(frozen=True, slots=True)
class Rows:
    """(batch, kv_heads, length, d_head) at the start of a shared buffer."""

    buffer: _Buffer | None = None
    length: int = 0

    def append(self, rows: Tensor) -> "Rows":
        """These rows and then `rows`. Uses the shared buffer if this is its longest prefix and there is room, else copies."""
        end = self.length + rows.shape[2]
        if self.buffer is not None:
            with self.buffer.lock:
                if self.buffer.filled == self.length and end <= self.buffer.room.shape[2]:
                    self.buffer.room[:, :, self.length : end] = rows
                    self.buffer.filled = end
                    return Rows(self.buffer, end)
        room = rows.new_empty(*rows.shape[:2], max(LEAST_ROOM, 2 * end), rows.shape[3])
        if self.buffer is not None:
            room[:, :, : self.length] = self.tensor
        room[:, :, self.length : end] = rows
        return Rows(_Buffer(room, end), end)

    @property
    def tensor(self) -> Tensor:
        """The rows themselves, a view."""
        assert self.buffer is not None
        return self.buffer.room[:, :, : self.length]

    def first(self, length: int) -> "Rows":
        """The first `length` rows, in the same buffer."""
        return Rows(self.buffer, min(length, self.length))

    def select(self, rows: Tensor) -> "Rows":
        """The chosen entries of the batch; `rows` is (chosen,) long. Beam search needs this after each step."""
        if self.buffer is None:
            return self
        return Rows(_Buffer(self.buffer.room.index_select(0, rows), self.length), self.length)


@dataclass(frozen=True, slots=True)
class LayerCache:
    """One block's keys and values: self-attention's, which grow, and cross-attention's, which do not."""

    k: Rows = field(default_factory=Rows)
    v: Rows = field(default_factory=Rows)
    cross_k: Tensor | None = None  # (batch, kv_heads, key, d_head)
    cross_v: Tensor | None = None

    def first(self, length: int) -> "LayerCache":
        return LayerCache(self.k.first(length), self.v.first(length), self.cross_k, self.cross_v)

    def select(self, rows: Tensor) -> "LayerCache":
        cross_k = None if self.cross_k is None else self.cross_k.index_select(0, rows)
        cross_v = None if self.cross_v is None else self.cross_v.index_select(0, rows)
        return LayerCache(self.k.select(rows), self.v.select(rows), cross_k, cross_v)


@dataclass(frozen=True, slots=True)
class Cache:
    """The caches of all blocks of a decoder."""

    rewinds: ClassVar[bool] = True  # `first` goes back to any length
    layers: tuple[LayerCache, ...]

    @classmethod
    def empty(cls, layers: int) -> "Cache":
        return cls(tuple(LayerCache() for _ in range(layers)))

    @property
    def length(self) -> int:
        """Positions read so far."""
        return self.layers[0].k.length

    @property
    def bytes(self) -> int:
        """Memory of the keys and values of all positions read, without spare room."""
        total = 0
        for layer in self.layers:
            held = [rows.tensor for rows in (layer.k, layer.v) if rows.buffer is not None]
            held += [x for x in (layer.cross_k, layer.cross_v) if x is not None]
            total += sum(x.numel() * x.element_size() for x in held)
        return total

    def first(self, length: int) -> "Cache":
        """The cache after the first `length` positions; nothing is copied."""
        return Cache(tuple(layer.first(length) for layer in self.layers))

    def select(self, rows: Tensor | list[int]) -> "Cache":
        """The chosen entries of the batch; `rows` is (chosen,)."""
        held = self.layers[0].k.buffer
        index = torch.as_tensor(rows, device=None if held is None else held.room.device)
        return Cache(tuple(layer.select(index) for layer in self.layers))
