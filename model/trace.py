"""What one run left behind, read by name. Patterns and logits are worked out when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast
from weakref import ReferenceType

import torch
from torch import Tensor

from model.attention import mix, scores, weigh
from model.config import TransformerConfig
from model.edits import check_head, check_place
from model.errors import InputError
from model.positions import Bias
from model.recording import Recording
from model.tap import Place, Site, StackName
from model.tokenizers.tokens import Token

if TYPE_CHECKING:
    from pathlib import Path

    from model.language_model import LanguageModel

AttentionPart = Literal["self", "cross"]


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """One attention sublayer: what was kept, and what is worked out from it by the functions the model itself uses."""

    q: Tensor  # (heads, query, d_head), after any rotation
    k: Tensor  # (kv_heads, key, d_head), after any rotation
    v: Tensor  # (kv_heads, key, d_head)
    mixed: Tensor  # (heads, query, d_head), from the forward itself
    out: Tensor  # (query, d_model), after any edit
    scale: float
    causal: bool
    window: int | None
    position_bias: Bias | None
    edited: Mapping[Site, Tensor]  # scores or weights the forward held explicitly

    @property
    def visible(self) -> Tensor:
        """(query, key) bool: which keys each query may look at."""
        return self._seen(*self._positions())

    def _seen(self, query: Tensor, key: Tensor) -> Tensor:
        """(query, key) bool, for some positions."""
        ahead = key - query[:, None]
        seen = ahead <= 0 if self.causal else torch.ones_like(ahead, dtype=torch.bool)
        return seen if self.window is None else seen & (ahead.abs() < self.window)

    def bias(self, head: int | None = None) -> Tensor | None:
        """What the position scheme added to the scores, (heads, query, key) or one head's; None where it adds nothing."""
        if self.position_bias is None:
            return None
        bias = self.position_bias(*self._positions())
        return bias if head is None else bias[head]

    def scores(self, head: int | None = None) -> Tensor:
        """Before the softmax, minus infinity where a key is hidden: (heads, query, key), or (query, key) of one head."""
        self._check(head)
        if "scores" in self.edited:
            return self.edited["scores"] if head is None else self.edited["scores"][head]
        if head is None:
            return scores(self.q, self.k, self.scale, self.bias(), self.visible)
        bias = self.bias()
        one = None if bias is None else bias[head, None]
        shared = self.q.shape[0] // self.k.shape[0]
        return scores(self.q[head, None], self.k[head // shared, None], self.scale, one, self.visible)[0]

    def weights(self, head: int | None = None) -> Tensor:
        """Shares of one per query: (heads, query, key), or (query, key) of one head."""
        self._check(head)
        if "weights" in self.edited:
            return self.edited["weights"] if head is None else self.edited["weights"][head]
        return weigh(self.scores(head))

    def weights_from(self, first: int) -> Tensor:
        """(heads, query, key): the shares of the queries from `first` on alone, counted from the end where negative. What
        a long text's newest token read takes its row and not the square of the text."""
        query, key = self._positions()
        query = query[first:]
        if self.edited:
            return self.weights()[:, first:]
        bias = None if self.position_bias is None else self.position_bias(query, key)
        return weigh(scores(self.q[:, first:], self.k, self.scale, bias, self._seen(query, key)))

    def difference(self) -> float:
        """The largest |difference| between what the forward mixed and the same worked out from the pattern.

        Heads silenced by an edit are left out: their answer was set, not mixed.
        """
        again = mix(self.weights(), self.v)
        silenced = (self.mixed == 0).all(dim=-1).all(dim=-1)
        return float((again - self.mixed).abs()[~silenced].max()) if not bool(silenced.all()) else 0.0

    def _positions(self) -> tuple[Tensor, Tensor]:
        key = torch.arange(self.k.shape[1], device=self.k.device)
        return torch.arange(self.q.shape[1], device=self.k.device), key

    def _check(self, head: int | None) -> None:
        if head is not None and not 0 <= head < self.q.shape[0]:
            raise InputError(f"head {head} is out of range: this layer has heads 0 to {self.q.shape[0] - 1}")


@dataclass(frozen=True, eq=False)
class Trace:
    """One run of one text, or all that a decode has read up to a step. Tensors are float32, on the model's device."""

    config: TransformerConfig
    read: Mapping[StackName, tuple[Token, ...]]
    recording: Recording
    last: int  # the step of the recording this trace ends with
    biases: Mapping[StackName, Bias]
    model: "ReferenceType[LanguageModel] | None"
    fingerprint: str
    row: int = 0
    stored_logits: Tensor | None = None

    @property
    def predicts(self) -> StackName:
        """The stack whose stream becomes logits."""
        return "decoder" if self.config.decoder_layers else "encoder"

    def tokens(self, stack: StackName) -> tuple[Token, ...]:
        """What a stack has read."""
        if stack not in self.read:
            raise InputError(f"this run has no {stack}")
        return self.read[stack]

    def kept(self, place: Place, site: Site) -> Tensor | None:
        """A kept tensor by place and site, None where this run did not keep it."""
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
        table = self.recording.rows(Place(stack), "position", self.last)  # one row of the batch serves all
        return table

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

    def language_model(self) -> "LanguageModel":
        """The model that ran this; InputError where it is no longer in memory."""
        lm = None if self.model is None else self.model()
        if lm is None:
            raise InputError(
                "logits need the model that made this trace, and it is not in memory: load it again "
                "(for a saved trace, pass it as lm)"
            )
        return lm

    def save(self, path: "str | Path", logits: bool = False) -> None:
        """Writes one safetensors file with everything kept, the position biases and the model's fingerprint."""
        from model.trace_file import save

        save(self, path, logits=logits)

    @staticmethod
    def load(path: "str | Path", lm: "LanguageModel | None" = None) -> "Trace":
        """Reads a saved trace. Without `lm`, attention and stream work and logits raise a sentence."""
        from model.trace_file import load

        return load(path, lm)

    def _must(self, place: Place, site: Site) -> Tensor:
        x = self.kept(place, site)
        if x is None:
            where = " ".join(str(part) for part in place if part is not None)
            raise InputError(f'this trace does not hold "{site}" of {where}')
        return x


def check_attention(config: TransformerConfig, stack: str, layer: int, part: str, head: int) -> None:
    """Raises InputError unless the model has that head there."""
    check_place(config, stack, layer, part)
    check_head(config, head)


def _kept(trace: Trace) -> tuple[dict[str, Tensor], dict[str, list[str | int | None]]]:
    """Every kept tensor by a name of its own, and where in the model each name stands: [stack, layer, part, site]."""
    tensors: dict[str, Tensor] = {}
    places: dict[str, list[str | int | None]] = {}
    for place, site in trace.recording.chunks:
        row = 0 if site == "position" else trace.row  # one row of positions serves the whole batch
        x = trace.recording.rows(place, site, trace.last, row)
        if x is not None:
            name = "/".join(str(step) for step in (*place, site) if step is not None)
            tensors[name], places[name] = x, [*place, site]
    return tensors, places
