"""A loaded checkpoint: weights, tokenizer, and what it says about its special tokens. Nothing about any run."""

import hashlib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from model.config import Kind, TransformerConfig
from model.decoding.loop import decode as _decode
from model.decoding.step import Step
from model.decoding.strategies import Greedy, Strategy
from model.edits import check_edits
from model.errors import InputError
from model.network import Network
from model.positions import Bias
from model.pretrained import Constraints, Ids, Reading, Source, SpecialIds
from model.recording import Recording
from model.tap import Edit, Keep, StackName, Tap
from model.tokenizers.tokens import Token, Tokenizer, check_ids
from model.trace import Trace


class LanguageModel:
    """Runs and decodes. Safe to share between threads: every run's tensors belong to the run."""

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
        """How many numbers were learned; tied ones count once."""
        return sum(p.numel() for p in self.net.parameters())

    @cached_property
    def fingerprint(self) -> str:
        """Tells this checkpoint from others: a hash over the config and 64 evenly spaced values of each parameter."""
        digest = hashlib.sha256(repr(self.config).encode())
        for name, parameter in self.net.named_parameters():
            at = torch.arange(0, parameter.numel(), max(1, parameter.numel() // 64), device=parameter.device)
            sample = parameter.detach()[torch.unravel_index(at, parameter.shape)].float().cpu()
            digest.update(name.encode() + sample.numpy().tobytes())
        return digest.hexdigest()[:32]

    def run(
        self,
        x: str | Ids,
        *,
        target: str | Ids | None = None,
        pair: str | Ids | None = None,
        segments: Sequence[int] | None = None,
        edits: Sequence[Edit] = (),
        keep: Keep = "default",
    ) -> Trace:
        """Reads a text, or ids exactly as given, and keeps what happened.

        Text gets the special tokens the checkpoint asks for. `target` (encoder-decoder) is what the decoder has read:
        as text it gets its start token first and no end token; None is the start token alone. `pair` is a second
        sentence, `segments` the sentence of each token. Raises InputError for empty text, ids or an edit out of range, or
        more tokens than the model has positions.
        """
        check_edits(self.config, tuple(edits))
        reading = self.reading(x, pair, segments)
        recording = Recording()
        tap = Tap(recording, edits, keep)
        if self.kind != "encoder-decoder" and target is not None:
            raise InputError("only an encoder-decoder reads a target beside its source")
        with torch.inference_mode():
            if self.kind == "encoder-decoder":
                written = self.written(target)
                self.net(self.batch(written), self.batch(reading), tap=tap)
                read: dict[StackName, tuple[Token, ...]] = {"encoder": reading.tokens, "decoder": written.tokens}
            else:
                self.net(self.batch(reading), segments=self.segment_batch(reading), tap=tap)
                read = {"encoder" if self.kind == "encoder" else "decoder": reading.tokens}
        return self.trace(read, recording)

    def decode(
        self,
        x: str | Ids,
        *,
        target: str | Ids | None = None,
        strategy: Strategy = Greedy(),
        edits: Sequence[Edit] = (),
        max_new_tokens: int = 64,
        stop: Sequence[int] | None = None,
        draft: Sequence[int] = (),
    ) -> Iterator[Step]:
        """Writes token by token; each step carries the probabilities and the trace of all read so far.

        x is a decoder's prompt or an encoder-decoder's source, `target` the tokens already written. `stop` are the ids
        that end it (None: the checkpoint's own). `draft` are ids that it will probably write: they are read in one
        pass and stand as long as the strategy chooses them, so that it is sooner done and writes the same
        (`model/decoding/draft.py`). Raises InputError as `run` does, before the first step.
        """
        check_edits(self.config, tuple(edits))
        return _decode(self, x, target, strategy, tuple(edits), max_new_tokens, stop, draft)

    def logits(self, stream: Tensor) -> Tensor:
        """(..., vocab) float32 of final streams (..., d_model)."""
        if self.net.head is None:
            raise InputError("this checkpoint holds no output head, so it predicts no tokens")
        with torch.inference_mode():
            return self.net.head(stream.to(self.dtype)).float()

    def relation(self, stream: Tensor) -> Tensor | None:
        """(2,) probabilities: the second sentence follows the first, or does not; None without that head."""
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
        """What a text or ids come to, checked."""
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
        apart = bool(types) and max(types) < self.config.n_segments  # a model with one segment tells no two apart
        return Reading(tuple(tokens), tuple(types) if apart else None)

    def written(self, target: str | Ids | None) -> Reading:
        """What the decoder of an encoder-decoder has read."""
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
        """One id as a token; without a tokenizer it is shown by its number."""
        if self.tokenizer is None:
            return Token(id, "", f"#{id}", id in self.special.end)
        return self.tokenizer.token(id)

    def text(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids; their numbers where the checkpoint has no tokenizer."""
        if self.tokenizer is None:
            return " ".join(str(i) for i in ids)
        return self.tokenizer.decode(ids, skip_special_tokens)

    def check_length(self, time: int, what: str = "the text") -> None:
        """Raises InputError where there are more tokens than positions."""
        most = self.config.max_positions
        if most is not None and time > most:
            raise InputError(
                f"{what} is {time:,} tokens long, and this model has {most:,} positions: shorten it by {time - most:,} tokens"
            )

    def batch(self, reading: Reading) -> Tensor:
        """(1, time) ids on the model's device."""
        return torch.tensor([reading.ids], dtype=torch.long, device=self.device)

    def segment_batch(self, reading: Reading) -> Tensor | None:
        """(1, time) sentence of each token, None where the model does not tell sentences apart."""
        if reading.segments is None:
            return None
        return torch.tensor([reading.segments], dtype=torch.long, device=self.device)

    def trace(
        self, read: Mapping[StackName, tuple[Token, ...]], recording: Recording, last: int = 0, row: int = 0
    ) -> Trace:
        """A trace of what was recorded up to a step."""
        biases: dict[StackName, Bias] = {}
        names: tuple[StackName, ...] = ("encoder", "decoder")
        for name in names:
            stack = self.net.encoder if name == "encoder" else self.net.decoder
            bias = None if stack is None else stack.positions.bias()
            if bias is not None:
                biases[name] = bias
        return Trace(self.config, dict(read), recording, last, biases, weakref.ref(self), self.fingerprint, row)

    def _from_text(self, text: str, pair: str | Ids | None, *, special: bool) -> tuple[list[Token], list[int]]:
        if self.tokenizer is None:
            raise InputError("this checkpoint has no tokenizer: give token ids instead of text")
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
        ids = [int(i) for i in (x.flatten().tolist() if isinstance(x, Tensor) else x)]
        check_ids(ids, self.config.vocab_size, "there are no token ids to read")
        return [self.token(i) for i in ids]

    def _check_segments(self, segments: Sequence[int], time: int) -> list[int]:
        types = [int(s) for s in segments]
        if not self.config.n_segments:
            raise InputError("this model does not tell sentences apart, so it takes no segments")
        if len(types) != time:
            raise InputError(f"there are {len(types)} segments for {time} tokens")
        if any(not 0 <= s < self.config.n_segments for s in types):
            raise InputError(f"a segment is a number from 0 to {self.config.n_segments - 1}")
        return types
