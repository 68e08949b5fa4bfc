"""The result of a run, read by name. Attention weights and logits are computed when asked for."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal, cast

import torch
from torch import Tensor

from model import trace_file
from model.attention_trace import AttentionTrace
from model.config import TransformerConfig
from model.edits import check_head, check_layer, check_place
from model.errors import InputError
from model.positions import Bias, OffsetBias
from model.pretrained import Pretrained
from model.recording import Recording
from model.tap import SITES, Place, Site, StackName
from model.tokenizers.tokens import Token

AttentionPart = Literal["self", "cross"]
STACKS: tuple[StackName, ...] = ("encoder", "decoder")
NOT_WRITTEN = "…"  # in place of a token where nothing was written


class Maker:
    """The model that made a trace, held weakly once it has been asked for.

    Until then it is held, so that `load(where).run(text).logits` works in one line; and so it stays where the trace turns out
    to be its only holder.
    """

    def __init__(self, lm: Pretrained) -> None:
        self._held: Pretrained | None = lm
        self._weak, self._asked, self._lock = weakref.ref(lm), False, Lock()

    def get(self) -> Pretrained | None:
        """The model; None where it is no longer in memory."""
        with self._lock:
            if self._asked or self._held is None:
                return self._held or self._weak()
            self._asked, rebuild = True, self._held.rebuilder()
            self._held = None
            held = self._weak()
            if held is None:
                held = self._held = rebuild()
            return held


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """All that one run has read, or a decode up to one of its steps. Tensors are float32, on the model's device."""

    config: TransformerConfig
    read: Mapping[StackName, tuple[Token, ...]]
    recording: Recording
    last: int  # the step of the recording this trace ends with
    biases: Mapping[StackName, Bias]
    maker: Maker | None
    fingerprint: str
    row: int = 0
    stored_logits: Tensor | None = None

    def __repr__(self) -> str:
        read = ", ".join(f"{stack}: {len(tokens)} tokens" for stack, tokens in self.read.items())
        return f"Trace({read}, {self.config.encoder_layers + self.config.decoder_layers} layers, step {self.last})"

    @property
    def predicts(self) -> StackName:
        """The stack whose stream becomes logits."""
        return "decoder" if self.config.decoder_layers else "encoder"

    def tokens(self, stack: StackName) -> tuple[Token, ...]:
        """The tokens a stack has read. Raises InputError where the model has no such stack."""
        if stack not in self.read:
            raise InputError(f"this run has no {stack}")
        return self.read[stack]

    def written(self, stack: StackName, last: str | None = None) -> tuple[str, ...]:
        """The label of what each row of attention is there for: in a decoder the token written there, which is the one after the
        token read; in an encoder the token itself.

        `last` is the label of what was written after the last token read. Without it, that is the most probable token, or "…"
        where the model has no output head or is no longer in memory.
        """
        labels = tuple(token.label for token in self.tokens(stack))
        if stack == "encoder":
            return labels
        return (*labels[1:], self._most_probable() if last is None else last)

    def row_labels(self, stack: StackName, last: str | None = None) -> tuple[str, ...]:
        """Labels for the rows of attention: as in `written`, and in a decoder the token read in brackets, such as "love (I)"."""
        written = self.written(stack, last)
        if stack == "encoder":
            return written
        return tuple(f"{label} ({token.label})" for label, token in zip(written, self.tokens(stack), strict=True))

    def kept(self, place: Place, site: Site) -> Tensor | None:
        """A kept tensor by place and site; None where this run did not keep it. Raises InputError for a site or layer that
        does not exist."""
        if site not in SITES:
            raise InputError(f'there is no site "{site}"; sites are {", ".join(SITES)}')
        if place.stack is not None and place.layer is not None:
            check_layer(self.config, place.stack, place.layer)
        return self.recording.rows(place, site, self.last, self.row)

    def stream(self, stack: StackName) -> Tensor:
        """(layers + 1, time, d_model): what enters each block, and what leaves the last."""
        self.tokens(stack)
        entering = [self._must(Place(stack, i), "stream") for i in range(self.config.layers(stack))]
        return torch.stack([*entering, self._must(Place(stack), "leaving")])

    def embedding(self, stack: StackName) -> Tensor:
        """(time, d_model): each token's embedding, after scaling."""
        self.tokens(stack)
        return self._must(Place(stack), "embedding")

    def position(self, stack: StackName) -> Tensor | None:
        """(time, d_model): what was added for each position; None where the scheme adds nothing to the embeddings."""
        self.tokens(stack)
        return self.kept(Place(stack), "position")

    def segment(self, stack: StackName) -> Tensor | None:
        """(time, d_model): what was added for the sentence each token belongs to; None where the model has none."""
        self.tokens(stack)
        return self.kept(Place(stack), "segment")

    def attention(self, stack: StackName, layer: int, part: AttentionPart = "self") -> AttentionTrace:
        """One attention sublayer. Raises InputError for a stack, layer or part that is not there."""
        check_place(self.config, stack, layer, part)
        if part not in ("self", "cross"):
            raise InputError(f'attention is "self" or "cross", not {part!r}')
        place = Place(stack, layer, part)
        held = {site: self.kept(place, site) for site in ("scores", "weights")}
        return AttentionTrace(
            q=self._must(place, "q"),
            k=self._must(place, "k"),
            v=self._must(place, "v"),
            mixed=self._must(place, "mixed"),
            out=self._must(place, "out"),
            scale=self.config.scale,
            causal=stack == "decoder" and part == "self",
            window=self.config.layer_window(layer) if part == "self" else None,
            position_bias=self.biases.get(stack) if part == "self" else None,
            edited=cast("Mapping[Site, Tensor]", {site: x for site, x in held.items() if x is not None}),
        )

    def added(self, stack: StackName, layer: int, part: Literal["self", "cross", "feed_forward"]) -> Tensor:
        """(time, d_model): what a sublayer added to the stream."""
        check_place(self.config, stack, layer, part)
        return self._must(Place(stack, layer, part), "out")

    @property
    def final(self) -> Tensor:
        """(time, d_model): the stream the output head reads."""
        return self._must(Place(self.predicts), "final")

    @property
    def logits(self) -> Tensor:
        """(time, vocab), of the stack that predicts; the output head is applied when asked."""
        if self.stored_logits is not None:
            return self.stored_logits
        return self.language_model().logits(self.final)

    def probabilities(self, at: int = -1) -> Tensor:
        """(vocab,): the full softmax at one position."""
        time = len(self.tokens(self.predicts))
        if not -time <= at < time:
            raise InputError(f"position {at} is out of range: {time} tokens were read")
        stored = self.stored_logits
        logits = stored[at] if stored is not None else self.language_model().logits(self.final[at])
        return logits.softmax(dim=-1)

    @property
    def relation(self) -> Tensor | None:
        """(2,): how probable it is that the second sentence follows the first (0) or not (1); None without that head."""
        return self.language_model().relation(self.final)

    def language_model(self) -> Pretrained:
        """The model of this run. Raises InputError where it is no longer in memory."""
        lm = None if self.maker is None else self.maker.get()
        if lm is None:
            raise InputError(
                "logits need the model that made this trace, and it is not in memory: load it again "
                "(for a saved trace, pass it as lm)"
            )
        return lm

    def save(self, path: str | Path, logits: bool = False) -> None:
        """Writes one safetensors file: everything kept, the tokens, the position biases and the model's fingerprint.

        `logits` adds the logits. Raises InputError where the file cannot be written, or where logits are asked for and the
        model is no longer in memory.
        """
        trace_file.save(self._parts(logits), path)

    @staticmethod
    def load(path: str | Path, lm: Pretrained | None = None) -> "Trace":
        """Reads a saved trace onto the device of `lm`, or the CPU. Logits need `lm`, unless they were saved.

        Raises InputError where the file is missing, is not a trace, is damaged, or was made by another model than `lm`.
        """
        parts = trace_file.load(path)
        if lm is not None and parts.fingerprint != lm.fingerprint:
            raise InputError(
                f"{Path(path).name} was not made by {lm.name}: its fingerprint is another. Load it with the model that made "
                "it, or without one"
            )
        return _from_parts(parts, lm)

    def _most_probable(self) -> str:
        """The label of the token that the model would write next; "…" where that is not known."""
        lm = None if self.maker is None else self.maker.get()
        if lm is None or lm.net.head is None:
            return NOT_WRITTEN
        return lm.token(int(self.probabilities().argmax())).label

    def _must(self, place: Place, site: Site) -> Tensor:
        x = self.kept(place, site)
        if x is None:
            where = " ".join(str(part) for part in place if part is not None)
            raise InputError(f'this trace does not hold "{site}" of {where}')
        return x

    def _parts(self, logits: bool) -> trace_file.TraceParts:
        kept: dict[tuple[Place, Site], Tensor] = {}
        for place, site in self.recording.chunks:
            x = self.recording.rows(place, site, self.last, self.row)
            if x is not None:
                kept[place, site] = x
        return trace_file.TraceParts(
            config=self.config,
            fingerprint=self.fingerprint,
            read=self.read,
            kept=kept,
            biases={
                stack: _by_offset(bias, len(self.read[stack]), self.final.device)
                for stack, bias in self.biases.items()
                if stack in self.read
            },
            logits=self.logits if logits else None,
        )


def trace_of(
    lm: Pretrained, read: Mapping[StackName, tuple[Token, ...]], recording: Recording, last: int = 0, row: int = 0
) -> Trace:
    """The trace of a recording up to step `last`; `read` are the tokens each stack had then read, `row` the entry of the batch."""
    stacks = {"encoder": lm.net.encoder, "decoder": lm.net.decoder}
    biases: dict[StackName, Bias] = {}
    for name in STACKS:
        stack = stacks[name]
        bias = None if stack is None else stack.positions.bias()
        if bias is not None:
            biases[name] = bias
    return Trace(lm.config, dict(read), recording, last, biases, Maker(lm), lm.fingerprint, row)


def check_attention(config: TransformerConfig, stack: str, layer: int, part: str, head: int) -> None:
    """Raises InputError unless the model has that head there."""
    check_place(config, stack, layer, part)
    check_head(config, head)


def _from_parts(parts: trace_file.TraceParts, lm: Pretrained | None) -> Trace:
    device = torch.device("cpu") if lm is None else lm.device
    recording = Recording()
    for (place, site), x in parts.kept.items():
        recording.keep(place, site, x[None].to(device))
    biases: dict[StackName, Bias] = {
        stack: OffsetBias(by_offset.to(device), 1 - len(parts.read[stack])) for stack, by_offset in parts.biases.items()
    }
    return Trace(
        config=parts.config,
        read=parts.read,
        recording=recording,
        last=0,
        biases=biases,
        maker=None if lm is None else Maker(lm),
        fingerprint=parts.fingerprint,
        stored_logits=None if parts.logits is None else parts.logits.to(device),
    )


def _by_offset(bias: Bias, time: int, device: torch.device) -> Tensor:
    """(heads, 2 time - 1): what a position scheme adds for each key - query from 1 - time to time - 1."""
    key_at = torch.arange(2 * time - 1, device=device)
    return bias(key_at[time - 1 : time], key_at)[:, 0].float()
