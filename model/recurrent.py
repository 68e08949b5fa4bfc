"""What the Transformer replaced: a recurrent language model, beside `Transformer` and read through the same interface.

Each layer is an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), stacked as Zaremba et
al. (2014) did; the embedding serves as the output table too (Press and Wolf 2017). What was read is carried in two
vectors a layer, whatever its length: there are no heads, and nothing is looked back at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from model.block import Dropout
from model.config import TransformerConfig
from model.errors import InputError
from model.tap import SILENT, Tap
from model.transformer import Head


@dataclass(frozen=True, slots=True)
class LayerState:
    """What one layer carries on: its answer and its cell, (batch, d_model) each."""

    hidden: Tensor
    cell: Tensor


@dataclass(frozen=True, slots=True)
class State:
    """All that a recurrent model knows of what it has read: a value the decode loop owns, as a KV cache is."""

    rewinds: ClassVar[bool] = False
    layers: tuple[LayerState, ...] = ()  # none before the first token: zeros
    length: int = 0  # tokens read so far

    @property
    def bytes(self) -> int:
        """What the state takes: the same after ten tokens and after a thousand."""
        return sum(x.numel() * x.element_size() for layer in self.layers for x in (layer.hidden, layer.cell))

    def first(self, length: int) -> "State":
        """As it stood when `length` tokens had been read: only the state after all of them is kept."""
        if length != self.length:
            raise ValueError(f"a state after {self.length} tokens does not hold the one after {length}")
        return self

    def select(self, rows: Tensor | Sequence[int]) -> "State":
        """The chosen entries of the batch, (chosen,)."""
        if not self.layers:
            return self
        index = torch.as_tensor(rows, device=self.layers[0].hidden.device)
        return State(tuple(LayerState(layer.hidden[index], layer.cell[index]) for layer in self.layers), self.length)


class Recurrent(nn.Module):
    """Weights, and nothing about any run, as `Transformer` is. Its layers stand where a decoder's blocks stand."""

    encoder = decoder = relation = None  # no stack of blocks, and no judgement of two sentences

    def __init__(self, config: TransformerConfig, dropout: Dropout = Dropout()) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.ModuleList(
            nn.LSTM(config.d_model, config.d_model, batch_first=True) for _ in range(config.decoder_layers)
        )
        self.embedding_dropout, self.layer_dropout = nn.Dropout(dropout.embedding), nn.Dropout(dropout.sublayer)
        self.head = None if config.head == "none" else Head(config)
        self.tie()

    def tie(self) -> None:
        """One table for embedding and output, where the config says so; moving off the meta device splits them."""
        if self.config.tied and self.head is not None:
            self.head.out.weight = self.tokens.weight

    def encode(
        self, source: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None, tap: Tap = SILENT
    ) -> Tensor:
        """Part of what a network offers; a recurrent language model reads no source."""
        raise InputError("a recurrent language model has no encoder")

    def advance(self, target: Tensor, past: State, *, tap: Tap = SILENT) -> tuple[Tensor, State]:
        """Reads ids (batch, new) that follow what `past` has read: their final stream and the state after them."""
        return self.from_embeddings(self.tokens(target), past, tap=tap)

    def from_embeddings(self, x: Tensor, past: State, *, tap: Tap = SILENT) -> tuple[Tensor, State]:
        """The same from token embeddings, (batch, new, d_model)."""
        tap = tap.at("decoder")
        x = tap("embedding", x)
        x = tap("entering", self.embedding_dropout(x))
        states: list[LayerState] = []
        for i, layer in enumerate(self.layers):
            x = tap.at(i)("stream", x)
            before = (past.layers[i].hidden[None], past.layers[i].cell[None]) if past.layers else None
            x, (hidden, cell) = layer(x, before)  # (batch, new, d_model), (1, batch, d_model) twice
            x = self.layer_dropout(x)
            states.append(LayerState(hidden[0], cell[0]))
        x = tap("final", tap("leaving", x))
        return x, State(tuple(states), past.length + x.shape[1])

    def forward(
        self,
        tokens: Tensor,
        source: Tensor | None = None,
        *,
        real: Tensor | None = None,
        source_real: Tensor | None = None,
        segments: Tensor | None = None,
        tap: Tap = SILENT,
    ) -> Tensor:
        """The final stream, (batch, time, d_model), of ids read from their start. Padding stands on the right."""
        x, _ = self.advance(tokens, State(), tap=tap)
        return x
