"""One step of a decode: the token, its probabilities, and the trace of all read before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from model.decoding.strategies import Strategy, entropy
from model.network import Past
from model.recording import Recording
from model.tap import Edit, StackName
from model.tokenizers.tokens import Token

if TYPE_CHECKING:
    from model.language_model import LanguageModel
    from model.trace import Trace


Ended = Literal["end", "limit", "positions"]


@dataclass(frozen=True, eq=False)
class Step:
    """One token written, with the probabilities it was chosen from and the trace of all read before it."""

    index: int
    token: Token
    ended: Ended | None
    lm: "LanguageModel" = field(repr=False)
    final: Tensor = field(repr=False)  # (d_model,), what the output head reads
    source: tuple[Token, ...] | None = field(repr=False)  # what the encoder read; None where there is none
    written: Sequence[Token] = field(repr=False)  # what the decoder read and will have read, shared by all steps
    read_count: int  # of these, how many it had read when this token was chosen
    recording: Recording = field(repr=False)
    reached: "Reached" = field(repr=False)  # where the decode stood when this token was chosen
    by: Strategy = field(repr=False)  # what chose it

    @property
    def read(self) -> Mapping[StackName, tuple[Token, ...]]:
        """What each stack had read when this token was chosen."""
        written = tuple(self.written[: self.read_count])
        return {"decoder": written} if self.source is None else {"decoder": written, "encoder": self.source}

    @property
    def logits(self) -> Tensor:
        """(vocab,) float32, before any constraint or strategy."""
        return self.lm.logits(self.final)

    @property
    def probabilities(self) -> Tensor:
        """(vocab,): the full softmax."""
        return self.logits.softmax(dim=-1)

    @cached_property
    def entropy(self) -> float:
        """Bits: how undecided the full softmax is."""
        return entropy(self.logits)

    def top(self, n: int) -> list[tuple[Token, float]]:
        """The n most probable tokens with their shares of the full softmax."""
        shares, ids = self.probabilities.topk(min(n, self.lm.config.vocab_size))
        return [(self.lm.token(int(i)), float(p)) for i, p in zip(ids, shares, strict=True)]

    @cached_property
    def trace(self) -> "Trace":
        """All that had been read when this token was chosen, put together from the rows each step recorded."""
        return self.lm.trace(self.read, self.recording, last=self.index)


@dataclass(frozen=True, eq=False)
class Reached:
    """What a decode needs to go on from a step: values, which any number of futures may share."""

    cache: Past  # keys and values of all that has been read, or a recurrent model's state after it
    memory: Tensor | None  # the encoder's answer
    done: int  # tokens written before the decode's first step
    edits: tuple[Edit, ...] = ()
