"""What a decode starts from, what it carries from step to step, and what ends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from model.decoding.rules import constrained, without
from model.decoding.strategies import Strategy, own_penalty
from model.errors import InputError
from model.network import Past
from model.pretrained import Constraints, Ids, Pretrained
from model.tap import Edit
from model.tokenizers.token_ids import ids_of
from model.tokenizers.tokens import Token, check_ids

Ended = Literal["end", "limit", "positions"]


@dataclass(frozen=True, eq=False)
class DecodeStart:
    """The tokens read before the first step, and the edits that hold for the whole decode."""

    source: tuple[Token, ...] | None  # what the encoder reads; None for a model without one
    decoder_tokens: tuple[Token, ...]  # what the decoder reads first
    generated_before: int  # how many of these an earlier decode generated: strategies count their steps on from here
    edits: tuple[Edit, ...] = ()
    rules: Constraints = Constraints()

    @property
    def source_ids(self) -> list[int] | None:
        """The ids the encoder reads; None without one."""
        return None if self.source is None else [token.id for token in self.source]

    def allowed(self, logits: Tensor, read: Sequence[int], index: int, strategy: Strategy) -> Tensor:
        """(vocab,) logits under the rules, for a step that has generated `index` tokens and read the ids `read`."""
        rules = self.rules.without(["repetition_penalty"]) if own_penalty(strategy) != 1.0 else self.rules
        return constrained(logits, rules, read, index, self.source_ids)


@dataclass(frozen=True, eq=False)
class DecodeState:
    """What a decode needs to continue after a step. Values, so any number of continuations may share them."""

    cache: Past  # keys and values of all that has been read, or a recurrent model's state after it
    memory: Tensor | None  # the encoder's output, (1, key, d_model); None before the first step and without an encoder


@dataclass(frozen=True)
class Limits:
    """What ends a decode."""

    end_ids: tuple[int, ...]
    max_new_tokens: int
    max_positions: int | None

    def ended(self, chosen: int, read_count: int, index: int) -> Ended | None:
        """Why step `index` is the last, if it chose this id after `read_count` tokens were read; None if it is not."""
        if chosen in self.end_ids:
            return "end"
        if self.max_positions is not None and read_count >= self.max_positions:
            return "positions"
        return "limit" if index + 1 >= self.max_new_tokens else None


def limits_of(lm: Pretrained, max_new_tokens: int, stop: Sequence[int] | None) -> Limits:
    """The limits of a decode; `stop` None: the checkpoint's own end tokens. Raises InputError unless one token is allowed."""
    if max_new_tokens < 1:
        raise InputError("max_new_tokens must be at least 1")
    ends = lm.special.end if stop is None else tuple(ids_of(stop, "ids that end a text"))
    if ends:
        check_ids(ends, lm.config.vocab_size, "")
    return Limits(ends, max_new_tokens, lm.config.max_positions)


def decode_start(
    lm: Pretrained,
    x: str | Ids,
    target: str | Ids | None = None,
    edits: tuple[Edit, ...] = (),
    rules_off: Sequence[str] = (),
) -> DecodeStart:
    """The start of a decode of `x` after `target`, without the generation rules named in `rules_off`.

    Raises InputError for a model that does not generate, and for a text or target that cannot be read.
    """
    if lm.kind == "encoder":
        raise InputError("an encoder-only model fills masks; it does not write token by token")
    rules = without(lm.constraints, rules_off)
    if lm.kind == "encoder-decoder":
        tokens = lm.target_reading(target).tokens
        return DecodeStart(lm.reading(x).tokens, tokens, len(tokens) - 1, edits, rules)
    empty = target is None or (not target.strip() if isinstance(target, str) else len(target) == 0)
    more = [] if target is None or empty else lm.reading(target, special=False).ids
    return DecodeStart(None, lm.reading(lm.reading(x).ids + more).tokens, len(more), edits, rules)
