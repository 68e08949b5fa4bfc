"""A loaded checkpoint: weights, config, tokenizer and special ids, and what turns a text into input. Nothing about any run."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from model.config import Kind, TransformerConfig
from model.errors import InputError
from model.network import Network
from model.tokenizers.token_ids import ids_of
from model.tokenizers.tokens import Token, Tokenizer, check_ids

Ids = Sequence[int] | Tensor


@dataclass(frozen=True)
class SpecialIds:
    """The token ids with a role in this checkpoint. Ids outside the vocabulary are ignored."""

    start: int | None = None  # what a decoder reads first
    end: tuple[int, ...] = ()
    pad: int | None = None
    mask: int | None = None


@dataclass(frozen=True)
class Constraints:
    """The rules of generation_config.json, by the names of their keys; `model/decoding/rules.py` applies them."""

    forced_first: int | None = None  # forced_bos_token_id
    never: tuple[int, ...] = ()  # suppress_tokens
    never_sequences: tuple[tuple[int, ...], ...] = ()  # bad_words_ids
    never_first: tuple[int, ...] = ()  # begin_suppress_tokens
    sequence_bias: tuple[tuple[tuple[int, ...], float], ...] = ()
    encoder_repetition_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    encoder_no_repeat_ngram_size: int = 0
    min_length: int = 0  # in ids the decoder has read
    min_new_tokens: int = 0
    exponential_decay_length_penalty: tuple[int, float] | None = None
    ends: tuple[int, ...] = ()  # the checkpoint's end tokens, which three of the rules are about

    def without(self, fields: Sequence[str]) -> "Constraints":
        """The same without the rules of these fields."""
        plain = Constraints()
        return replace(self, **{name: getattr(plain, name) for name in fields})


@dataclass(frozen=True)
class Source:
    """Where a checkpoint came from, and which parts of it are not used."""

    name: str
    family: str
    path: str
    unused_keys: Mapping[str, object] = field(default_factory=dict, repr=False)
    unused_tensors: tuple[str, ...] = field(default=(), repr=False)
    config_json: Mapping[str, object] = field(default_factory=dict, repr=False)
    card: str = field(default="", repr=False)
    rules_not_applied: Mapping[str, object] = field(default_factory=dict, repr=False)  # keys of generation_config.json
    tokenizer_fault: str = field(default="", repr=False)  # why a tokenizer that is there could not be read


@dataclass(frozen=True, eq=False)
class Reading:
    """The tokens of a text, checked and ready for one stack to read."""

    tokens: tuple[Token, ...]
    segments: tuple[int, ...] | None = None

    @property
    def ids(self) -> list[int]:
        return [token.id for token in self.tokens]


def precision_advice(dtype: torch.dtype) -> str:
    """Why numbers of this precision can stop being finite, and what to do."""
    kind = str(dtype).removeprefix("torch.")
    if dtype == torch.float32:
        return f"they are larger than even {kind} can hold. Take back the edits, or check the checkpoint's weights"
    others = "float32 or bfloat16" if dtype == torch.float16 else "float32"
    return f"they are larger than {kind} can hold. Load the model in {others}"


class Pretrained:
    """A checkpoint in memory, without running or decoding it: `LanguageModel` adds those two.

    Traces and decoding use this class, so that they need not import `LanguageModel`. Safe to share between threads.
    """

    def __init__(
        self,
        net: Network,
        tokenizer: Tokenizer | None,
        source: Source,
        special: SpecialIds = SpecialIds(),
        constraints: Constraints = Constraints(),
    ) -> None:
        self.net, self.tokenizer, self.source = net.eval(), tokenizer, source
        self.special, self.constraints = special, constraints
        self.config: TransformerConfig = net.config

    def __repr__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"{type(self).__name__}({self.name!r}, {self.kind}, {self.parameters:,} parameters, {kind} on {self.device})"

    def rebuilder(self) -> Callable[[], "Pretrained"]:
        """Makes another object of the same checkpoint, sharing its weights, without holding this one."""
        made, parts = type(self), (self.net, self.tokenizer, self.source, self.special, self.constraints)
        return lambda: made(*parts)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def family(self) -> str:
        return self.source.family

    @property
    def kind(self) -> Kind:
        """ "encoder" | "decoder" | "encoder-decoder" | "recurrent"."""
        return self.config.kind

    @property
    def device(self) -> torch.device:
        return self.net.tokens.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.net.tokens.weight.dtype

    @cached_property
    def parameters(self) -> int:
        """The number of learned values; a tied table counts once."""
        return sum(p.numel() for p in self.net.parameters())

    @cached_property
    def fingerprint(self) -> str:
        """Identifies this checkpoint: a hash over the config and about 64 evenly spaced values of each parameter."""
        digest = hashlib.sha256(repr(self.config).encode())
        for name, parameter in self.net.named_parameters():
            at = torch.arange(0, parameter.numel(), max(1, parameter.numel() // 64), device=parameter.device)
            sample = parameter.detach()[torch.unravel_index(at, parameter.shape)].float().cpu()
            digest.update(name.encode() + sample.numpy().tobytes())
        return digest.hexdigest()[:32]

    def logits(self, stream: Tensor) -> Tensor:
        """(..., vocab) float32 for final streams (..., d_model). Raises InputError where the checkpoint has no output head."""
        if self.net.head is None:
            raise InputError("this checkpoint holds no output head, so it predicts no tokens")
        with torch.inference_mode():
            logits = self.net.head(stream.to(self.dtype)).float()
        if self.dtype == torch.float16 and not bool(logits.isfinite().all()):
            raise InputError(f"the logits of this run are not finite: {precision_advice(self.dtype)}")
        return logits

    def relation(self, stream: Tensor) -> Tensor | None:
        """(2,) probabilities that the second sentence follows the first, and that it does not, from a final stream
        (time, d_model); None where the checkpoint has no such head."""
        if self.net.relation is None:
            return None
        with torch.inference_mode():
            return self.net.relation(stream[None].to(self.dtype))[0].float().softmax(dim=-1)

    def reading(
        self,
        x: str | Ids,
        pair: str | Ids | None = None,
        segments: Sequence[int] | None = None,
        *,
        special: bool = True,
    ) -> Reading:
        """The tokens of a text, or of ids used as they are.

        `special` adds the special tokens the checkpoint asks for (text only); `pair` is a second sentence; `segments` gives
        the sentence of each token. Raises InputError for an empty text, ids out of range or too many tokens.
        """
        if isinstance(x, str):
            tokens, types = self._from_text(x, pair, special=special)
        else:
            tokens, types = self._from_ids(x), []
            if pair is not None:
                second = (
                    self._from_ids(pair) if not isinstance(pair, str) else self._from_text(pair, None, special=False)[0]
                )
                types = [0] * len(tokens) + [1] * len(second)
                tokens = tokens + second
        self.check_length(len(tokens))
        if segments is not None:
            types = self._check_segments(segments, len(tokens))
        has_segments = bool(types) and max(types) < self.config.n_segments
        return Reading(tuple(tokens), tuple(types) if has_segments else None)

    def target_reading(self, target: str | Ids | None) -> Reading:
        """The tokens an encoder-decoder's decoder reads for a target.

        A text gets the start token first and no end token; None or an empty text is the start token alone; ids are used as
        they are. Raises InputError as `reading` does, and for a text where the checkpoint names no start token.
        """
        if target is None or isinstance(target, str):
            start = self.special.start
            if start is None:
                raise InputError("this checkpoint names no start token for its decoder: give the target as ids")
            tokens = [self.token(start)]
            if target is not None and target.strip():
                tokens += self._from_text(target, None, special=False)[0]
        else:
            tokens = self._from_ids(target)
        self.check_length(len(tokens), "the target")
        return Reading(tuple(tokens))

    def token(self, id: int) -> Token:
        """The token of an id; without a tokenizer its label is the id."""
        if self.tokenizer is None:
            return Token(id, "", f"#{id}", id in self.special.end)
        return self.tokenizer.token(id)

    def text(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids; the ids themselves where the checkpoint has no tokenizer."""
        if self.tokenizer is None:
            return " ".join(str(i) for i in ids)
        return self.tokenizer.decode(ids, skip_special_tokens)

    def check_length(self, time: int, what: str = "the text") -> None:
        """Raises InputError where `time` tokens are more than the model has positions; `what` is the subject of the sentence."""
        most = self.config.max_positions
        if most is not None and time > most:
            raise InputError(
                f"{what} is {time:,} tokens long, and this model has {most:,} positions: shorten it by {time - most:,} tokens"
            )

    def batch(self, reading: Reading) -> Tensor:
        """(1, time) ids on the model's device."""
        return torch.tensor([reading.ids], dtype=torch.long, device=self.device)

    def segment_batch(self, reading: Reading) -> Tensor | None:
        """(1, time) the sentence number of each token; None where the reading has none."""
        if reading.segments is None:
            return None
        return torch.tensor([reading.segments], dtype=torch.long, device=self.device)

    def _from_text(self, text: str, pair: str | Ids | None, *, special: bool) -> tuple[list[Token], list[int]]:
        if self.tokenizer is None:
            fault = self.source.tokenizer_fault
            why = (
                f"this checkpoint's tokenizer could not be read ({fault})"
                if fault
                else "this checkpoint has no tokenizer"
            )
            raise InputError(f"{why}: give token ids instead of text")
        if not text.strip():
            raise InputError("there is no text to read: type a sentence")
        if pair is not None and not isinstance(pair, str):
            raise InputError("give both sentences as text, or both as ids")
        tokens, types = self.tokenizer.tokens(text, pair, special=special)
        check_ids(
            [token.id for token in tokens], self.config.vocab_size, "this text comes to no tokens: type a sentence"
        )
        return tokens, types

    def _from_ids(self, x: Ids) -> list[Token]:
        ids = ids_of(x)
        check_ids(ids, self.config.vocab_size, "there are no token ids to read")
        return [self.token(i) for i in ids]

    def _check_segments(self, segments: Sequence[int], time: int) -> list[int]:
        types = ids_of(segments, "segments")
        if not self.config.n_segments:
            raise InputError("this model does not tell sentences apart, so it takes no segments")
        if len(types) != time:
            raise InputError(f"there are {len(types)} segments for {time} tokens")
        if any(not 0 <= s < self.config.n_segments for s in types):
            raise InputError(f"a segment is a number from 0 to {self.config.n_segments - 1}")
        return types
