"""Writing token by token: strategies, the loop, and what each step left behind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

import torch
from torch import Tensor

from model.drafting import Draft, Reader
from model.errors import InputError
from model.network import Past, beginning
from model.recording import Recording
from model.tap import Edit, StackName, Tap
from model.tokens import Token

if TYPE_CHECKING:
    from model.language_model import Constraints, Ids, LanguageModel
    from model.trace import Trace

Ended = Literal["end", "limit", "positions"]


class Strategy(Protocol):
    """Chooses the next token from constrained logits."""

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        """The id to write, from logits (vocab,) and the ids read so far; `index` counts what was written before it."""
        ...


@dataclass(frozen=True)
class Greedy:
    """Always the most probable token."""

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        return int(logits.argmax())


@dataclass(frozen=True)
class Forced:
    """Writes given tokens at given steps, and follows another strategy everywhere else."""

    choices: tuple[tuple[int, int], ...]  # (step index, token id)
    otherwise: Strategy = Greedy()

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        for at, token in self.choices:
            if at == index:
                return token
        return self.otherwise.choose(logits, read, index)


@dataclass(frozen=True)
class Sample:
    """Draws a token, after narrowing the choice in the order `transformers` does.

    Repetition penalty (Keskar et al. 2019), temperature, top-k (Fan et al. 2018), top-p (Holtzman et al. 2020), min-p
    (Nguyen et al. 2024). Step k draws from a generator seeded by (seed, k), so rewinding repeats itself.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise InputError(
                f"temperature must be above 0, not {self.temperature}; use Greedy for the most probable token"
            )
        if not 0 < self.top_p <= 1 or not 0 <= self.min_p <= 1:
            raise InputError("top_p lies in (0, 1] and min_p in [0, 1]")
        if self.top_k < 0 or self.repetition_penalty <= 0:
            raise InputError("top_k is 0 (off) or more, and repetition_penalty is above 0")

    def choose(self, logits: Tensor, read: Sequence[int], index: int) -> int:
        shares = self.narrowed(logits, read).softmax(dim=-1).cpu()
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + index)
        return int(torch.multinomial(shares, 1, generator=generator))

    def narrowed(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """(vocab,) logits after every stage, minus infinity where a token is ruled out."""
        for stage in (self.penalised, self.tempered, self.top_k_only, self.top_p_only, self.min_p_only):
            logits = stage(logits, read)
        return logits

    def penalised(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Tokens already read become less likely."""
        if self.repetition_penalty == 1.0:
            return logits
        seen = torch.tensor(sorted(set(read)), dtype=torch.long, device=logits.device)
        old = logits[seen]
        new = torch.where(old < 0, old * self.repetition_penalty, old / self.repetition_penalty)
        return logits.scatter(0, seen, new)

    def tempered(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Sharper below 1, flatter above."""
        return logits / self.temperature

    def top_k_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Only the k most probable."""
        if not self.top_k:
            return logits
        least = logits.topk(min(self.top_k, logits.shape[-1])).values[-1]
        return logits.masked_fill(logits < least, float("-inf"))

    def top_p_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Only the fewest tokens whose shares reach p together."""
        if self.top_p >= 1.0:
            return logits
        rising, order = logits.sort()
        ruled_out = rising.softmax(dim=-1).cumsum(dim=-1) <= 1 - self.top_p
        ruled_out[-1] = False
        return logits.masked_fill(torch.zeros_like(ruled_out).scatter(0, order, ruled_out), float("-inf"))

    def min_p_only(self, logits: Tensor, read: Sequence[int]) -> Tensor:
        """Only tokens at least min_p times as probable as the first."""
        if not self.min_p:
            return logits
        shares = logits.softmax(dim=-1)
        ruled_out = shares < self.min_p * shares.max()
        return logits.masked_fill(ruled_out, float("-inf"))


def constrained(logits: Tensor, rules: "Constraints", written: Sequence[int], index: int) -> Tensor:
    """(vocab,) logits with what generation_config.json forbids at minus infinity and what it forces alone left.

    `written` are the ids the decoder has read, `index` counts the tokens written by this decode.
    """
    banned = [*rules.never, *(rules.never_first if index == 0 else ())]
    banned += [s[-1] for s in rules.never_sequences if len(s) > 1 and tuple(written[-len(s) + 1 :]) == s[:-1]]
    if banned:
        logits = logits.clone()
        logits[banned] = float("-inf")
    if rules.forced_first is not None and len(written) == 1:
        forced = torch.full_like(logits, float("-inf"))
        forced[rules.forced_first] = 0.0
        return forced
    return logits


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


def entropy(logits: Tensor) -> float:
    """Bits of the softmax over (vocab,) logits."""
    log_shares = logits.double().log_softmax(dim=-1)
    held = log_shares.isfinite()
    return float(-(log_shares[held].exp() * log_shares[held]).sum() / torch.log(torch.tensor(2.0, dtype=torch.float64)))


@dataclass(frozen=True, eq=False)
class Reached:
    """What a decode needs to go on from a step: values, which any number of futures may share."""

    cache: Past  # keys and values of all that has been read, or a recurrent model's state after it
    memory: Tensor | None  # the encoder's answer
    done: int  # tokens written before the decode's first step
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a decode starts from."""

    source: tuple[Token, ...] | None  # what the encoder reads; None for a model without one
    written: tuple[Token, ...]  # what the decoder reads first
    done: int  # how many of these were written by an earlier decode: its steps are counted on from here


def decode(
    lm: "LanguageModel",
    x: "str | Ids",
    target: "str | Ids | None",
    strategy: Strategy,
    edits: tuple[Edit, ...],
    max_new_tokens: int,
    stop: Sequence[int] | None,
    draft: Sequence[int] = (),
) -> Iterator[Step]:
    """Checks everything at once, then answers the loop."""
    start = begin(lm, x, target, max_new_tokens)
    ends = lm.special.end if stop is None else tuple(stop)
    reached = Reached(beginning(lm.net), None, start.done, edits)
    return go_on(lm, start.source, start.written, reached, Recording(), strategy, range(max_new_tokens), ends, draft)


def begin(lm: "LanguageModel", x: "str | Ids", target: "str | Ids | None", max_new_tokens: int) -> Beginning:
    """What a decode of `x` after `target` starts from; InputError where it cannot start."""
    if lm.kind == "encoder":
        raise InputError("an encoder-only model fills masks; it does not write token by token")
    if max_new_tokens < 1:
        raise InputError("max_new_tokens must be at least 1")
    if lm.kind == "encoder-decoder":
        written = lm.written(target).tokens
        return Beginning(lm.reading(x).tokens, written, len(written) - 1)
    nothing = target is None or (not target.strip() if isinstance(target, str) else len(target) == 0)
    more = [] if target is None or nothing else lm.reading(target, special=False).ids
    return Beginning(None, lm.reading(lm.reading(x).ids + more).tokens, len(more))


def go_on(
    lm: "LanguageModel",
    source: tuple[Token, ...] | None,
    written: tuple[Token, ...],
    reached: Reached,
    recording: Recording,
    strategy: Strategy,
    indices: range,
    ends: tuple[int, ...],
    draft: Sequence[int] = (),
) -> Iterator[Step]:
    """The loop: from what has been reached, one step for each of `indices`, until one ends the text."""
    cache, memory, done, edits = reached.cache, reached.memory, reached.done, reached.edits
    reader = Reader(lm, recording, edits, ends, Draft(draft if beginning(lm.net).rewinds else ()))
    text = list(written)  # grows; each step knows how much of it had been read
    ids = [token.id for token in text]
    fresh = ids[cache.length :]
    for index in indices:
        recording.step = index
        with torch.inference_mode():  # inside the step: a generator must not hold a mode across its yields
            if source is not None and memory is None:
                memory = lm.net.encode(_row(lm, [token.id for token in source]), tap=Tap(recording, edits))
            final, logits, cache = reader.read(fresh, cache, memory, indices.stop - index - 1)
            chosen = strategy.choose(constrained(logits, lm.constraints, ids, index), ids, done + index)
        ended = ended_by(lm, chosen, ends, len(ids), index, indices.stop)
        token = lm.token(chosen)
        came = Reached(cache, memory, done, edits)
        yield Step(index, token, ended, lm, final, source, text, len(ids), recording, came, strategy)
        if ended:
            return
        text.append(token)
        ids.append(chosen)
        fresh = [chosen]


def _row(lm: "LanguageModel", ids: list[int]) -> Tensor:
    return torch.tensor([ids], dtype=torch.long, device=lm.device)


def ended_by(
    lm: "LanguageModel", chosen: int, ends: tuple[int, ...], read: int, index: int, max_new_tokens: int
) -> Ended | None:
    """Why step `index`, which chose an id after `read` tokens, is the last; None where it is not."""
    if chosen in ends:
        return "end"
    if lm.config.max_positions is not None and read >= lm.config.max_positions:
        return "positions"
    return "limit" if index + 1 >= max_new_tokens else None
