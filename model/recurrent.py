"""A recurrent language model, the kind that the Transformer replaced, with the same interface as `Transformer`.

Each layer is an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), stacked as Zaremba et
al. (2014) did; the embedding table is also the output table (Press and Wolf 2017). All that was read is carried in two
vectors per layer, however long it is: there are no heads, and no earlier position is read again.
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
    """What one layer carries to the next token: its output and its cell, (batch, d_model) each."""

    hidden: Tensor
    cell: Tensor


@dataclass(frozen=True, slots=True)
class State:
    """All that a recurrent model keeps of what it has read. Like a KV cache it belongs to the decode loop."""

    rewinds: ClassVar[bool] = False
    layers: tuple[LayerState, ...] = ()  # none before the first token: zeros
    length: int = 0  # tokens read so far

    @property
    def bytes(self) -> int:
        """Memory of the state: the same after ten tokens and after a thousand."""
        return sum(x.numel() * x.element_size() for layer in self.layers for x in (layer.hidden, layer.cell))

    def first(self, length: int) -> "State":
        """The state after `length` tokens. Only the newest state is kept: raises ValueError for any other length."""
        if length != self.length:
            raise ValueError(f"a state after {self.length} tokens does not hold the one after {length}")
        return self

    def select(self, rows: Tensor | Sequence[int]) -> "State":
        """The chosen entries of the batch; `rows` is (chosen,)."""
        if not self.layers:
            return self
        index = torch.as_tensor(rows, device=self.layers[0].hidden.device)
        return State(tuple(LayerState(layer.hidden[index], layer.cell[index]) for layer in self.layers), self.length)


class Recurrent(nn.Module):
    """The weights, and nothing about any run, as in `Transformer`. Its layers take the place of a decoder's blocks."""

    encoder = decoder = relation = None  # no stack of blocks, and no next-sentence head

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
        """Makes embedding and output one table where the config says so. Call it again after moving off the meta device."""
        if self.config.tied and self.head is not None:
            self.head.out.weight = self.tokens.weight

    def encode(
        self, source: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None, tap: Tap = SILENT
    ) -> Tensor:
        """Raises InputError: a recurrent language model reads no source."""
        raise InputError("a recurrent language model has no encoder")

    def advance(self, target: Tensor, past: State, *, tap: Tap = SILENT) -> tuple[Tensor, State]:
        """Reads ids (batch, new) after those of `past`: their final stream, (batch, new, d_model), and the state after them."""
        return self.from_embeddings(self.tokens(target), past, tap=tap)

    def from_embeddings(self, x: Tensor, past: State, *, tap: Tap = SILENT) -> tuple[Tensor, State]:
        """The same as `advance`, from token embeddings (batch, new, d_model)."""
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
        """The final stream, (batch, time, d_model), of ids (batch, time). Padding is on the right."""
        x, _ = self.advance(tokens, State(), tap=tap)
        return x
