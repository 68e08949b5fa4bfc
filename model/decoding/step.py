"""One step of a decode: the token, its probabilities, and the trace of all tokens read before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from model.decoding.start import DecodeStart, DecodeState, Ended
from model.decoding.strategies import Strategy, entropy
from model.pretrained import Pretrained
from model.recording import Recording
from model.tap import StackName
from model.tokenizers.tokens import Token
from model.trace import Trace, trace_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One generated token, the probabilities it was chosen from, and the trace of all tokens read before it."""

    index: int
    token: Token
    ended: Ended | None
    read_count: int  # how many of `decoder_tokens` had been read when this token was chosen
    decoder_tokens: Sequence[Token] = field(repr=False)  # one growing list, shared by all steps of the decode
    final: Tensor = field(repr=False)  # (d_model,), what the output head reads
    strategy: Strategy = field(repr=False)  # what chose the token
    lm: Pretrained = field(repr=False)
    start: DecodeStart = field(repr=False)
    state: DecodeState = field(repr=False)  # after reading, before the chosen token is read
    recording: Recording = field(repr=False)  # shared by all steps of the decode

    @property
    def read(self) -> Mapping[StackName, tuple[Token, ...]]:
        """The tokens each stack had read when this token was chosen."""
        tokens, source = tuple(self.decoder_tokens[: self.read_count]), self.start.source
        return {"decoder": tokens} if source is None else {"decoder": tokens, "encoder": source}

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
        """Entropy of the full softmax, in bits."""
        return entropy(self.logits)

    def top(self, n: int) -> list[tuple[Token, float]]:
        """The n most probable tokens with their probabilities in the full softmax."""
        probabilities, ids = self.probabilities.topk(min(n, self.lm.config.vocab_size))
        return [(self.lm.token(int(i)), float(p)) for i, p in zip(ids, probabilities, strict=True)]

    @cached_property
    def trace(self) -> Trace:
        """The trace of all tokens read when this token was chosen, from the rows that each step recorded."""
        return trace_of(self.lm, self.read, self.recording, last=self.index)
